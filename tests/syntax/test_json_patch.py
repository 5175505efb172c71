"""JSON Patch (RFC 6902): the examples of its appendix A, and what is no patch."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mockserver.engine.behaviours.records import are_equal
from mockserver.syntax.json_patch import MalformedPatch, PatchConflict, apply_patch, check_patch


def step(op: str, path: str, **members: Any) -> dict[str, Any]:
    """One operation; `source` is its `from`."""
    return {"op": op, "path": path, **({"from": members.pop("source")} if "source" in members else {}), **members}


@pytest.mark.parametrize(
    ("value", "patch", "changed"),
    [
        ({"foo": "bar"}, [step("add", "/baz", value="qux")], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, [step("add", "/foo/1", value="b")], {"foo": ["a", "b", "c"]}),
        ({"baz": 1, "foo": 2}, [step("remove", "/baz")], {"foo": 2}),
        ({"foo": ["a", "b", "c"]}, [step("remove", "/foo/1")], {"foo": ["a", "c"]}),
        ({"baz": 1, "foo": 2}, [step("replace", "/baz", value=3)], {"baz": 3, "foo": 2}),
        ({"a": {"x": 1}, "b": {}}, [step("move", "/b/y", source="/a/x")], {"a": {}, "b": {"y": 1}}),
        ({"foo": [1, 2, 3, 4]}, [step("move", "/foo/3", source="/foo/1")], {"foo": [1, 3, 4, 2]}),
        ({"foo": [1, 2]}, [step("test", "/foo/1", value=2)], {"foo": [1, 2]}),
        ({"foo": 1}, [step("add", "/child", value={"a": {}})], {"foo": 1, "child": {"a": {}}}),
        ({"foo": [1]}, [step("add", "/foo/-", value=["x"])], {"foo": [1, ["x"]]}),
        ({"/": 9, "~1": 10}, [step("test", "/~01", value=10)], {"/": 9, "~1": 10}),
        ({"foo": 1}, [step("copy", "/bar", source="/foo")], {"foo": 1, "bar": 1}),
        ({"foo": 1}, [step("replace", "", value=[])], []),
        ({"foo": 1}, [step("add", "", value={"a": 1})], {"a": 1}),
        ({"foo": 1}, [step("test", "/foo", value=1.0)], {"foo": 1}),
        ({"foo": 1}, [step("move", "/foo", source="/foo")], {"foo": 1}),
        ({"": 1}, [step("replace", "/", value=2)], {"": 2}),
        ({"foo": 1}, [], {"foo": 1}),
    ],
)
def test_a_patch_is_applied(value: Any, patch: list[Any], changed: Any) -> None:
    check_patch(patch)
    assert apply_patch(value, patch, are_equal) == changed


@pytest.mark.parametrize(
    ("patch", "number", "message"),
    [
        ([step("test", "/foo", value=2)], 0, "the value at /foo is another one than that of the test"),
        ([step("test", "/foo", value=True)], 0, "the value at /foo is another one than that of the test"),
        ([step("test", "/none", value=1)], 0, "there is nothing at /none"),
        ([step("add", "/bar", value=1), step("remove", "/none")], 1, "there is nothing at /none"),
        ([step("replace", "/none", value=1)], 0, "there is nothing at /none"),
        ([step("add", "/foo/x", value=1)], 0, "there is nothing at /foo/x"),
        ([step("add", "/none/x", value=1)], 0, "there is nothing at /none/x"),
        ([step("add", "/list/3", value=1)], 0, "/list/3 is not a place in an array of 1"),
        ([step("add", "/list/01", value=1)], 0, "/list/01 is not a place in an array of 1"),
        ([step("remove", "/list/-")], 0, "there is nothing at /list/-"),
        ([step("move", "/list/0/x", source="/list")], 0, "/list cannot be moved into itself"),
        ([step("remove", "")], 0, "the whole value cannot be removed"),
    ],
)
def test_a_patch_that_cannot_be_applied_changes_nothing(patch: list[Any], number: int, message: str) -> None:
    value = {"foo": 1, "list": [1]}
    with pytest.raises(PatchConflict) as raised:
        apply_patch(value, patch, are_equal)
    assert raised.value.number == number
    assert raised.value.message == message
    assert value == {"foo": 1, "list": [1]}


@pytest.mark.parametrize(
    ("patch", "pointer", "message"),
    [
        ({}, "", "must be an array of operations"),
        ([1], "/0", "must be an object with the members op and path"),
        ([step("put", "/a")], "/0/op", "must be one of add, remove, replace, move, copy, test"),
        ([{"op": [], "path": ""}], "/0/op", "must be one of add, remove, replace, move, copy, test"),
        ([step("remove", "/a"), step("add", "/a")], "/1/value", "is missing, which add needs"),
        ([{"op": "remove"}], "/0/path", "is missing, which remove needs"),
        ([step("remove", "a")], "/0/path", "must be a JSON pointer, such as /name or /lines/0"),
        ([step("remove", "/~2")], "/0/path", "must be a JSON pointer, such as /name or /lines/0"),
        ([step("copy", "/a", source=1)], "/0/from", "must be a JSON pointer, such as /name or /lines/0"),
    ],
)
def test_what_is_no_patch_is_named(patch: Any, pointer: str, message: str) -> None:
    with pytest.raises(MalformedPatch) as raised:
        check_patch(patch)
    assert raised.value.pointer == pointer
    assert raised.value.message == message


def test_what_was_copied_does_not_change_with_its_source() -> None:
    record = {"a": {"b": [1]}}
    patch: list[dict[str, Any]] = [
        {"op": "add", "path": "/a/b/-", "value": 2},
        {"op": "copy", "from": "/a", "path": "/c"},
        {"op": "add", "path": "/a/b/-", "value": 3},
        {"op": "add", "path": "/c/b/0", "value": 0},
        {"op": "move", "from": "/c", "path": "/d"},
        {"op": "remove", "path": "/d/b/1"},
    ]
    assert apply_patch(record, patch, are_equal) == {"a": {"b": [1, 2, 3]}, "d": {"b": [0, 2]}}
    assert record == {"a": {"b": [1]}}


def test_neither_the_value_nor_the_patch_is_changed() -> None:
    value: dict[str, Any] = {"a": [{"b": 1}]}
    patch: list[dict[str, Any]] = [
        {"op": "add", "path": "/c", "value": {"d": []}},
        {"op": "add", "path": "/c/d/-", "value": 1},
        {"op": "copy", "from": "/a", "path": "/e"},
        {"op": "replace", "path": "/e/0/b", "value": 2},
        {"op": "replace", "path": "", "value": {"f": {}}},
        {"op": "add", "path": "/f/g", "value": 1},
    ]
    before = copy.deepcopy((value, patch))
    assert apply_patch(value, patch, are_equal) == {"f": {"g": 1}}
    assert (value, patch) == before
