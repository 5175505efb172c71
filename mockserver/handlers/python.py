"""The Python of one contract: its functions, and how they are called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, field

from mockserver.errors import Problem, Refusal, did_you_mean, printable, quote
from mockserver.handlers.declarations import Declarations, collected
from mockserver.handlers.modules import HANDLERS, ContractModules
from mockserver.handlers.threads import CallThreads, CallTimeout, LoopClosed, Turns
from mockserver.refusals import HandlerFailed, HandlerTimeout

# What a handler may take, by name.
PARAMETERS = ("call", "records", "clock", "random")
# How long a function may take, and how long the import of the files may.
CALL_SECONDS, IMPORT_SECONDS = 2.0, 10.0
REASON_LIMIT = 500
REFUSALS = "mockserver.refusals"
_IMPORTS_TIME = re.compile(rb"(?m)^\s*(import|from)\b.*\b(time|datetime)\b|__import__")
KINDS = inspect.Parameter
T = TypeVar("T")


class PythonFunction(Struct, frozen=True, eq=False):
    """A function of a contract: what it is for, its place, and which of the parameters that it may have it takes.

    One that is not a handler computes a member.
    """

    subject: str
    function: Callable[..., Any]
    file: str
    line: int
    takes: frozenset[str]
    python: ContractPython
    is_handler: bool = True

    @property
    def name(self) -> str:
        """Its place and its name, as the journal shows it."""
        return f"{self.file}:{self.line} {getattr(self.function, '__name__', 'handler')}"


class ContractPython(Struct, eq=False):
    """The functions of one contract, and the threads that they run on. `timeout` is in seconds.

    `operations` are those that a function responds to, or whose records have a member that a function computes.
    """

    modules: ContractModules
    handlers: Mapping[str, PythonFunction] = field(default_factory=dict)
    operations: frozenset[str] = frozenset()
    has_computed_members: bool = False
    timeout: float = CALL_SECONDS
    turns: Turns = field(default_factory=Turns)
    _threads: CallThreads = field(default_factory=CallThreads)

    @property
    def files(self) -> list[Path]:
        """The files that were imported."""
        return list(self.modules.files)

    @property
    def may_read_time(self) -> bool:
        """Whether one of the files imports a module that tells the time."""
        return any(_IMPORTS_TIME.search(path.read_bytes()) for path in self.files if path.is_file())

    def call(self, function: PythonFunction, act: Callable[[], T]) -> T:
        """What `act` returns, which calls the function. Raises its refusals, HandlerFailed and HandlerTimeout."""
        try:
            return self._threads.call(act, self.timeout)
        except LoopClosed:
            raise
        except Refusal as refusal:
            if type(refusal).__module__.startswith(REFUSALS):
                raise
            # One of the contract's own, which has no status.
            raise self.failure(function, refusal) from refusal
        except CallTimeout as error:
            raise self._timeout(function, error) from None
        except BaseException as error:
            raise self.failure(function, error) from error

    def failure(self, function: PythonFunction, error: BaseException) -> HandlerFailed:
        """The refusal for an exception in a function."""
        file, line = self.modules.place_of(error) or (function.file, function.line)
        return HandlerFailed(function.subject, f"{file}:{line}", reason_of(error), is_handler=function.is_handler)

    def _timeout(self, function: PythonFunction, error: CallTimeout) -> HandlerTimeout:
        place = self.modules.place_in(error.stack)
        file, line = place or (function.file, function.line)
        where = "interrupted at" if place is not None else "defined at"
        place_text = f"{where} {file}:{line}"
        return HandlerTimeout(function.subject, place_text, str(error), is_handler=function.is_handler)

    def import_files(self) -> Declarations:
        """Import `handlers.py`; what it and the modules beside it declare. Raises what the import raises."""

        def load() -> Declarations:
            declarations = Declarations()
            token = collected.set(declarations)
            try:
                self.modules.load(HANDLERS.removesuffix(".py"))
            finally:
                collected.reset(token)
            return declarations

        return self._threads.call(load, IMPORT_SECONDS)


def reason_of(error: BaseException) -> str:
    """An exception in a line: its type and its message."""
    try:
        text = printable(str(error))[:REASON_LIMIT]
    except Exception:
        text = "its text cannot be read"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def import_problem(modules: ContractModules, error: BaseException) -> Problem:
    """Why the files could not be imported."""
    if isinstance(error, CallTimeout):
        place = modules.place_in(error.stack)
        message = f"did not finish within {IMPORT_SECONDS:g} s of being imported: it must only define functions"
        return Problem(*_located(place, message), code="handlers")
    place = modules.place_of(error)
    if isinstance(error, SyntaxError):
        return Problem(*_located(place, f"is not valid Python: {error.msg}"), code="malformed")
    return Problem(*_located(place, f"cannot be imported: {reason_of(error)}"), code="handlers")


def _located(place: tuple[str, int] | None, message: str) -> tuple[str, str, str, int | None]:
    return place[0] if place is not None else HANDLERS, message, "", place[1] if place is not None else None


def signature_mistake(function: Callable[..., Any], allowed: Collection[str], *, positional: int = 0) -> str | None:
    """What is wrong with the signature of a function that gets `positional` values and others by name."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is `async def`: write `def`, since the server runs it on a thread of its own"
    if inspect.isgeneratorfunction(function):
        return "is a generator: it must return its result, not yield it"
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "is not a function"
    first, named = parameters[:positional], parameters[positional:]
    if len(first) < positional or any(parameter.kind is KINDS.KEYWORD_ONLY for parameter in first):
        return "must take the record as its first parameter"
    for parameter in named:
        if parameter.kind in (KINDS.VAR_POSITIONAL, KINDS.VAR_KEYWORD):
            continue
        if parameter.name not in allowed and parameter.default is KINDS.empty:
            return f"has an unknown parameter {quote(parameter.name)}.{did_you_mean(parameter.name, allowed)}"
        if parameter.kind is KINDS.POSITIONAL_ONLY:
            return f"takes {quote(parameter.name)} by position only: it is passed by name"
    return None


def accepted_parameters(
    function: Callable[..., Any], allowed: Collection[str], *, positional: int = 0
) -> frozenset[str]:
    """Which of the allowed parameters a function takes by name."""
    parameters = list(inspect.signature(function).parameters.values())[positional:]
    if any(parameter.kind is KINDS.VAR_KEYWORD for parameter in parameters):
        return frozenset(allowed)
    return frozenset(parameter.name for parameter in parameters) & frozenset(allowed)
