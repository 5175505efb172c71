from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.state.persistent_map import TOP_LIMIT, PersistentMap

KEYS = range(6 * TOP_LIMIT)
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), st.integers() | st.none()), max_size=12 * TOP_LIMIT)


@given(st.dictionaries(st.sampled_from(KEYS), st.integers()), CHANGES)
def test_it_agrees_with_a_plain_dictionary_and_leaves_its_former_self_alone(
    items: dict[int, int], changes: list[tuple[int, int | None]]
) -> None:
    persistent, model = PersistentMap.from_items(dict(items)), dict(items)
    for key, item in changes:
        former, before = persistent, dict(model)
        if item is not None:
            persistent = persistent.insert(key, item)
            model[key] = item
        elif key in persistent:
            persistent = persistent.remove(key)
            del model[key]
        for element, plain in ((former, before), (persistent, model)):
            assert len(element) == len(plain)
            assert sorted(element.values()) == sorted(plain.values())
            assert [element.get(key) for key in KEYS] == [plain.get(key) for key in KEYS]
            assert [key for key in KEYS if key in element] == [key for key in KEYS if key in plain]


def test_what_is_not_there_cannot_be_taken() -> None:
    persistent = PersistentMap.from_items({1: "a"}).remove(1)
    with pytest.raises(KeyError):
        persistent[1]
    with pytest.raises(KeyError):
        persistent.remove(1)
    assert persistent.get(1, "default") == "default"


def test_layers_stay_few_however_many_changes_there_are() -> None:
    persistent = PersistentMap.from_items({number: number for number in range(1_000)})
    for number in range(20_000):
        persistent = persistent.insert(number * 7 % 10_007, number)
    assert len(persistent._layers) <= 5
