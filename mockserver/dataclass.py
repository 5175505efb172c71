"""Dataclasses with slots that are quick to create.

`dataclasses.dataclass` compiles up to six functions for each class, which for more than a hundred classes takes a fifth
of the time to start. Here only the constructor is compiled, and the other functions are shared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_ABSENT = object()


def _quick_dataclass(
    *, frozen: bool = False, slots: bool = True, eq: bool = True, kw_only: bool = False
) -> Callable[[type], type]:
    """As `dataclasses.dataclass` with these arguments; there are always slots."""
    assert slots

    def create(written: type) -> type:
        # Where there is none, the standard library would write one, and parse a signature for that.
        written.__doc__ = written.__doc__ or f"{written.__name__}."
        create_slots = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)
        created: type = create_slots(written)
        methods: dict[str, Any] = {"__init__": _constructor(created, is_frozen=frozen), "__repr__": _repr}
        if eq:
            methods |= _comparison(created, is_hashable=frozen)
        if frozen:
            methods |= _FROZEN
        for name, method in methods.items():
            if name not in written.__dict__:
                setattr(created, name, method)
        return created

    return create


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _quick_dataclass


def _constructor(created: type, *, is_frozen: bool) -> Callable[..., None]:
    """`__init__`; that of a frozen class, which refuses assignments, sets the slots by their descriptors."""
    names: dict[str, Any] = {"_ABSENT": _ABSENT}
    positional, keywords, statements = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(created):
        name, value = field.name, field.name
        parameter = name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
            value = name if field.init else f"_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_create_{name}"] = field.default_factory
            parameter = f"{name}=_ABSENT"
            value = f"_create_{name}() if {name} is _ABSENT else {name}" if field.init else f"_create_{name}()"
        elif not field.init:
            continue
        if field.init:
            (keywords if field.kw_only else positional).append(parameter)
        if is_frozen:
            names[f"_set_{name}"] = getattr(created, name).__set__
        statements.append(f" _set_{name}(self, {value})\n" if is_frozen else f" self.{name} = {value}\n")
    if hasattr(created, "__post_init__"):
        statements.append(" self.__post_init__()\n")
    parameters = ", ".join([*positional, "*", *keywords] if keywords else positional)
    exec(f"def __init__({parameters}):\n{''.join(statements) or ' pass'}", names)  # noqa: S102 - no foreign text
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{created.__qualname__}.__init__"
    return constructor


def _comparison(created: type, *, is_hashable: bool) -> dict[str, Any]:
    """Equality by the values of the fields that are compared, and a hash if there may be one."""
    names = [field.name for field in dataclasses.fields(created) if field.compare]
    values: Callable[[object], Any] = attrgetter(*names) if names else lambda _: ()

    def equals(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equals, "__hash__": (lambda self: hash(values(self))) if is_hashable else None}


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_assignment(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _refuse_assignment,
    "__delattr__": _refuse_deletion,
    # For pickle and copy, which would otherwise assign.
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}
