"""JSON patches that are meant to use up memory or time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import pytest

from mockserver.engine.behaviours.records import are_equal
from mockserver.syntax.json_patch import PatchConflict, apply_patch, check_patch
from tests.attack.growth import assert_grows_linearly

DOUBLING = [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(60)]
NESTING = [
    operation
    for _ in range(400)
    for operation in (
        {"op": "add", "path": "/b", "value": {}},
        {"op": "move", "from": "/a", "path": "/b/x"},
        {"op": "move", "from": "/b", "path": "/a"},
    )
]
# Each moves all of a large array.
SHIFTING = [{"op": "add", "path": "/a/0", "value": 1}] * 10_000
NESTED: Any = functools.reduce(lambda value, _: {"a": value}, range(198), cast("Any", 1))
COMPARING = [{"op": "test", "path": "", "value": {"a": {}}}] * 20_000
POINTING = [{"op": "test", "path": "/a" * 199, "value": 1}] * 1_000


@pytest.mark.parametrize(
    "patch",
    [DOUBLING, NESTING, pytest.param(COMPARING, marks=pytest.mark.full), POINTING],
    ids=["doubling", "nesting", "comparing", "pointing"],
)
def test_a_patch_that_grows_without_limit_is_refused(patch: list[Any]) -> None:
    check_patch(patch)
    with pytest.raises(PatchConflict, match=r"more than 200,000 steps|nested deeper than 200 levels"):
        apply_patch({"a": NESTED if patch is POINTING else {}}, patch, are_equal)


def test_a_patch_that_moves_large_arrays_again_and_again_is_refused() -> None:
    with pytest.raises(PatchConflict, match="before too many others"):
        apply_patch({"a": [0] * 200_000}, SHIFTING, are_equal)


def test_what_a_patch_leaves_as_it_is_is_not_copied() -> None:
    record: dict[str, Any] = {"items": [{"n": 1}], "a": {}}
    changed = apply_patch(record, [{"op": "add", "path": "/a/b", "value": 1}], are_equal)
    assert changed["items"] is record["items"]


def test_an_index_of_too_many_digits_leads_nowhere() -> None:
    with pytest.raises(PatchConflict, match=r"^there is nothing at /a/1{97}…$"):
        apply_patch({"a": []}, [{"op": "remove", "path": f"/a/{'1' * 5_000}"}], are_equal)


def test_the_time_for_a_patch_grows_with_its_length() -> None:
    def prepare(size: int) -> Callable[[], object]:
        patch = [{"op": "add", "path": "/a/-", "value": number} for number in range(size)]
        return lambda: apply_patch({"a": []}, patch, are_equal)

    assert_grows_linearly(prepare, 2_000)
