"""Calls the handler of an operation on a draft; what it returned, and the commands that it takes."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Contract
from mockserver.engine.commands import Fire, Put, Remove
from mockserver.engine.handler_calls.draft import Draft
from mockserver.engine.run_snapshots import Basis
from mockserver.engine.state.json_values import DEPTH_LIMIT, copy_json
from mockserver.engine.state.presentation import HandedRecord
from mockserver.handlers.declarations import Reply
from mockserver.handlers.python import PythonFunction
from mockserver.syntax.http.header_names import FRAMING, TEXT, TOKEN
from mockserver.syntax.instants import format_instant

STATUSES = range(200, 600)
RIGHT = "return a JSON body or a Reply"


class WrongResult(Exception):
    """A handler has returned what is not a response; the message says what would be right."""


class HandlerCall(Struct, frozen=True):
    """A request as a handler gets it: decoded parameters, all headers by name in any case, and the body."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    cookies: Mapping[str, Any]
    body: Any


class HandlerClock(Struct, frozen=True):
    """The run's clock as a handler reads it: an instant as text (RFC 3339, UTC, milliseconds)."""

    now: str


class Outcome(Struct, frozen=True):
    """What a handler returned, the changes that it made, and when by the run's clock."""

    reply: Reply | None
    body: Any
    commands: tuple[Fire | Put | Remove, ...]
    at: int


def call_handler(
    contract: Contract,
    handler: PythonFunction,
    operation: str,
    basis: Basis,
    seed: int,
    request: Callable[[], HandlerCall],
) -> Outcome:
    """Call a handler on a draft of the state of `basis`. Raises the Refusal of a change that is refused.

    Raises HandlerFailed and HandlerTimeout.
    """
    python, state = handler.python, basis.state.detached()

    def run() -> Outcome:
        draft = Draft(contract, state, basis.at, seed)
        arguments: dict[str, Any] = {}
        if "call" in handler.takes:
            arguments["call"] = request()
        if "records" in handler.takes:
            arguments["records"] = draft
        if "clock" in handler.takes:
            arguments["clock"] = HandlerClock(format_instant(basis.at))
        if "random" in handler.takes:
            arguments["random"] = random.Random(f"{seed}/{basis.position}/{operation}")
        result = handler.function(**arguments)
        reply = result if isinstance(result, Reply) else None
        body = _body(result if reply is None else reply.body)
        if reply is not None:
            _check_reply(reply)
        return Outcome(reply, body, tuple(draft.commands), basis.at)

    return python.call(handler, run)


def _body(value: Any) -> Any:
    """A body as JSON, text or bytes. Raises WrongResult."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if inspect.iscoroutine(value):
        value.close()
        raise WrongResult(f"it returned a coroutine: write `def` instead of `async def`, and {RIGHT}")
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        raise WrongResult(f"it returned a generator: {RIGHT}, such as a list")
    if isinstance(value, type) or callable(value):
        raise WrongResult(f"it returned {getattr(value, '__name__', 'a function')}, which was not called: {RIGHT}")
    return copy_json(_without_hidden(value), "it returned")


def _without_hidden(value: Any, depth: int = 0) -> Any:
    """The value with the records in it as clients see them. What is nested too deeply stays, and is refused later."""
    if depth > DEPTH_LIMIT:
        return value
    if isinstance(value, Mapping):
        members = {name: _without_hidden(member, depth + 1) for name, member in value.items()}
        return value.resource.shown(members) if isinstance(value, HandedRecord) else members
    if isinstance(value, list | tuple):
        return [_without_hidden(item, depth + 1) for item in value]
    return value


def _check_reply(reply: Reply) -> None:
    """Raise WrongResult where status or headers cannot be sent."""
    status = reply.status
    if not isinstance(status, int) or isinstance(status, bool) or status not in STATUSES:
        raise WrongResult(f"Reply has the status {status!r}: it must be a whole number from 200 to 599")
    if not isinstance(reply.headers, Mapping):
        raise WrongResult("the headers of a Reply must be a dict of names and texts")
    for name, value in reply.headers.items():
        values = [value] if isinstance(value, str) else value
        if not isinstance(name, str) or not isinstance(values, list | tuple) or not values:
            raise WrongResult(f"the header {name!r} of a Reply must be a text, or a list of texts")
        if not TOKEN.fullmatch(name):
            raise WrongResult(f"{name!r} in the headers of a Reply is not a valid name, such as X-Total")
        if name.lower() in FRAMING:
            raise WrongResult(f"a Reply cannot have the header {name!r}, which the server sets itself: leave it out")
        if not all(isinstance(text, str) and TEXT.fullmatch(text) for text in values):
            raise WrongResult(f"the header {name!r} of a Reply must be ASCII text on one line")
