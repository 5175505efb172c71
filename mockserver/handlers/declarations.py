"""What `handlers.py` of a contract directory is written with: `handler`, `derived`, `Reply` and `Upload`.

The decorators return the function as it is. While a contract is loaded, they also note what was declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from msgspec import Struct, field

Function = TypeVar("Function", bound=Callable[..., Any])


class Reply(Struct, frozen=True):
    """The response of a handler: its status, its body and its headers.

    `body` is JSON. It is text or bytes for another media type, which `Content-Type` names where it is not the declared
    one. A header is a text, or a list of texts that are sent on lines of their own.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


class Upload(Struct, frozen=True):
    """An uploaded file, in the body that a handler gets."""

    filename: str
    content_type: str
    data: bytes


class HandlerDeclaration(Struct, frozen=True):
    """A function that responds to an operation."""

    operation: str
    function: Callable[..., Any]


class DerivedDeclaration(Struct, frozen=True):
    """A function that computes a member of a resource's records."""

    resource: str
    member: str
    function: Callable[..., Any]


class Declarations(Struct):
    """What the files of one contract have declared, in their order."""

    handlers: list[HandlerDeclaration] = field(default_factory=list)
    derived: list[DerivedDeclaration] = field(default_factory=list)


# Those of the contract that is being loaded in this thread.
collected: ContextVar[Declarations | None] = ContextVar("collected", default=None)


def handler(operation: str) -> Callable[[Function], Function]:
    """Declare that a function responds to an operation, which is named by its `operationId`.

    The function takes any of `call`, `records`, `clock` and `random`, by name. It returns the body of the response, or
    a Reply.
    """
    if not isinstance(operation, str):
        raise TypeError('@handler needs the operationId of an operation: @handler("payOrder")')

    def declare(function: Function) -> Function:
        declarations = collected.get()
        if declarations is not None:
            declarations.handlers.append(HandlerDeclaration(operation, function))
        return function

    return declare


def derived(resource: str, member: str) -> Callable[[Function], Function]:
    """Declare that a function computes a member of a resource's records whenever they are shown.

    The function takes the record and, if it needs them, `records`. It returns the value.
    """
    if not isinstance(resource, str) or not isinstance(member, str):
        raise TypeError('@derived needs a resource and one of its members: @derived("orders", "total")')

    def declare(function: Function) -> Function:
        declarations = collected.get()
        if declarations is not None:
            declarations.derived.append(DerivedDeclaration(resource, member, function))
        return function

    return declare
