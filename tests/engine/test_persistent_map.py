from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.state import persistent_map as module
from mockserver.engine.state.persistent_map import TOP_LIMIT, PersistentMap

CHANGES = st.lists(st.tuples(st.integers(0, 4 * TOP_LIMIT), st.integers() | st.none()), max_size=12 * TOP_LIMIT)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers that are soon full."""
    monkeypatch.setattr(module, "MIDDLE_LIMIT", 2 * TOP_LIMIT)


@given(CHANGES)
def test_it_agrees_with_a_plain_dictionary_and_leaves_its_former_self_alone(
    changes: list[tuple[int, int | None]],
) -> None:
    layered, model = PersistentMap.from_items({}), dict[int, int]()
    for key, item in changes:
        former, before = layered, dict(model)
        if item is not None:
            layered = layered.insert(key, item)
            model[key] = item
        elif key in layered:
            layered = layered.remove(key)
            del model[key]
        for one, plain in ((former, before), (layered, model)):
            assert len(one) == len(plain)
            assert sorted(one.values()) == sorted(plain.values())
            assert [one.get(key) for key in range(4 * TOP_LIMIT + 1)] == [
                plain.get(key) for key in range(4 * TOP_LIMIT + 1)
            ]
            assert all(one[key] == plain[key] and key in one for key in plain)
