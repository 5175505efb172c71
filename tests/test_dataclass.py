"""`mockserver.dataclass` makes what the standard library's decorator makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from mockserver.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A frozen class: fields with and without defaults, and ones that are not compared, shown or passed."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False)
    note: str = field(default="", repr=False)
    size: int = field(init=False, default=2)
    parts: list[int] = field(init=False, default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Place(Point):
    """A class with another one's fields."""

    name: str = "here"


@dataclass(slots=True)
class Counter:
    """A class that changes, and completes itself."""

    number: int
    doubled: int = field(init=False)

    def __post_init__(self) -> None:
        self.doubled = 2 * self.number

    def __repr__(self) -> str:
        return "its own"


@dataclass(slots=True, eq=False, kw_only=True)
class Living:
    """A class whose instances are each themselves."""

    name: str
    age: int = 0


@dataclass(frozen=True, slots=True)
class Nothing:
    """A class without fields."""


CLASSES: list[Any] = [Point, Place, Counter, Living, Nothing]
CALLS: list[Callable[[Any], object]] = [
    lambda make: make(1),
    lambda make: make(1, 2, ["a"], note="n"),
    lambda make: make(1, name="x"),
    lambda make: make(name="x"),
    lambda make: make(),
    lambda make: make(1, other=2),
]


def standard(created: Any) -> Any:
    """The same class, created by the standard library."""
    bases = tuple(standard(base) if dataclasses.is_dataclass(base) else base for base in created.__bases__)
    own = [each for each in dataclasses.fields(created) if each.name in created.__annotations__]
    namespace: dict[str, Any] = {"__annotations__": created.__annotations__, "__module__": created.__module__}
    for each in own:
        arguments = {name: getattr(each, name) for name in ("init", "repr", "compare", "default", "default_factory")}
        namespace[each.name] = field(**arguments)
    for name in {"__post_init__"} & created.__dict__.keys():
        namespace[name] = getattr(created, name)
    if created is Counter:
        namespace["__repr__"] = created.__repr__
    is_frozen = hasattr(created, "__getstate__") and created.__setattr__ is not object.__setattr__
    return dataclasses.dataclass(frozen=is_frozen, slots=True, eq=created is not Living, kw_only=created is Living)(
        type(created.__name__, bases, namespace)
    )


def outcome(make: Any, call: Callable[[Any], object]) -> object:
    """The representation of what a call makes, or the error that it raises."""
    try:
        return repr(call(make)).rpartition(" at 0x")[0] or repr(call(make))
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("created", CLASSES)
@pytest.mark.parametrize("call", CALLS)
def test_a_constructor_takes_the_same_arguments(created: Any, call: Callable[[Any], object]) -> None:
    assert outcome(created, call) == outcome(standard(created), call)


@pytest.mark.parametrize("created", CLASSES)
def test_a_class_has_the_same_slots_fields_and_order_in_patterns(created: Any) -> None:
    facts = [
        (each.__slots__, each.__match_args__, [entry.name for entry in dataclasses.fields(each)])
        for each in (created, standard(created))
    ]
    assert facts[0] == facts[1]


def test_values_are_equal_by_the_fields_that_are_compared() -> None:
    assert Point(1, 2, ["a"]) == Point(1, 2, ["b"])
    assert Point(1, 2) != Point(1, 3)
    assert Point(1) != Place(1)
    assert Nothing() == Nothing()
    assert Counter(1) == Counter(1)


def test_only_frozen_values_and_those_without_equality_have_a_hash() -> None:
    assert hash(Point(1, 2, ["a"])) == hash(Point(1, 2, ["b"]))
    assert len({Living(name="a"), Living(name="a")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Counter(1))


def test_a_frozen_value_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x


def test_a_default_factory_makes_a_new_value_each_time() -> None:
    assert Point(1).tags is not Point(1).tags


def test_a_value_can_be_replaced() -> None:
    assert dataclasses.replace(Place(1, name="there"), x=3) == Place(3, name="there")


def test_a_value_that_holds_itself_can_be_shown() -> None:
    living = Living(name="a")
    living.name = living  # type: ignore[assignment]
    assert repr(living) == "Living(name=..., age=0)"


@pytest.mark.parametrize("value", [Point(1, 2, ["a"]), Counter(3)])
def test_a_value_can_be_copied_and_pickled(value: object) -> None:
    assert [copy.copy(value), pickle.loads(pickle.dumps(value))] == [value, value]
