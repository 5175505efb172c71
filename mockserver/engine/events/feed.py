"""The events of a run, in order: what its commands and due transitions have changed, numbered and chained by a hash.

A feed is a view of the log: it folds the commands that it has not seen yet when it is read. Nothing is computed while
nobody reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from mockserver.contract.model import Record
from mockserver.engine.commands import Command
from mockserver.engine.events.changes import RecordChange, changes_by, changes_by_transition
from mockserver.engine.history import History
from mockserver.engine.reducer import PORTION, apply, fire_next
from mockserver.engine.start import Start
from mockserver.engine.state.state import State, fingerprint
from mockserver.syntax import strict_json
from mockserver.syntax.instants import format_instant

# The latest events: a client that was away can continue after one of these.
EVENTS_KEPT = 1_000
ID = re.compile(r"([0-9]{1,15})-([0-9a-f]{8})", re.ASCII)


class Event(Struct, frozen=True, eq=False):
    """A change of a record, with its number since the start of the run, and the digest of all events up to it.

    `state` is the state after it, where the resource has derived fields. `texts` keeps what the event looks like to
    clients, by whatever distinguishes that.
    """

    number: int
    digest: bytes
    change: RecordChange
    state: State | None
    texts: dict[Any, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The number and the first eight hex digits of the digest."""
        return event_id(self.number, self.digest)


class Listener(Protocol):
    """Who reads the events of a run. `cursor` is the number of the last one that it has read.

    As long as one listens that `keeps_sandbox`, the sandbox is in use.
    """

    cursor: int
    keeps_sandbox: bool

    def wake(self) -> None:
        """The run may have changed. Called under its lock, by any thread: read the events later."""


class Present(Struct, frozen=True):
    """A run as it is now: `state` is what its history folds to at `now`, in milliseconds since 1970."""

    start: Start
    history: History
    generation: int
    state: State
    now: int


class Feed:
    """The events of a run since its start; the latest are kept, and those that a listener has not read yet.

    Where the log has dropped commands, the first link of the chain is the state that the log begins with. `is_behind`
    says that it was not followed to the present.
    """

    __slots__ = ("_before", "_digest", "_events", "_number", "_position", "_state", "_until", "generation", "is_behind")

    def __init__(self, start: Start, history: History, generation: int) -> None:
        self.generation, base = generation, history.base
        self._state, self._until, self._position = base.state, base.at, base.number
        self._number = base.number
        self._digest = bytes.fromhex(start.fingerprint if not base.number else fingerprint(base.state))
        self._events: deque[Event] = deque()
        # The id of the event before those that are kept.
        self._before = self.id
        self.is_behind = False

    @property
    def id(self) -> str:
        """The id of the latest event; at the start, with the number 0 and the digest of the start."""
        return event_id(self._number, self._digest)

    @property
    def number(self) -> int:
        """The number of the latest event."""
        return self._number

    def follow(self, present: Present, listeners: Iterable[Listener], until: int | None = None) -> bool:
        """Fold what is new in the history; False where it no longer continues this.

        With `until`, about as many steps as there are events missing up to the one with that number.

        Events that are old, and that none of the `listeners` has to read, are dropped.
        """
        commands, folded = present.history.commands_after(self._position), self._until
        if self.generation != present.generation or present.now < folded or commands is None:
            return False
        if commands and commands[0].at < folded:
            return False
        limit = None if until is None else until - self._number
        self.is_behind = present.state is not self._state and not self._fold(commands, present.now, limit)
        if not self.is_behind:
            # The same by value; this one the run goes on with.
            self._state = present.state
            self._position, self._until = self._position + len(commands), present.now
        self._trim(listeners)
        return True

    def is_ahead_of(self, history: History) -> bool:
        """Whether commands were folded that the history no longer has; others may come in their place."""
        return history.commands_after(self._position) is None

    def number_of(self, text: str) -> int | None:
        """The number of the event with that id, if the run has it and it is among the latest ones."""
        match = ID.fullmatch(text)
        if match is None:
            return None
        number = int(match[1])
        oldest = self._number - len(self._events)
        if number == oldest:
            return number if self._before == text else None
        if not oldest < number <= self._number or self._number - number >= EVENTS_KEPT:
            return None
        return number if self._events[number - oldest - 1].id == text else None

    def id_of(self, number: int) -> str | None:
        """The id of the event with that number; None where it is not kept."""
        index = number - (self._number - len(self._events)) - 1
        return self._before if index == -1 else self._events[index].id if 0 <= index < len(self._events) else None

    def after(self, number: int, limit: int) -> list[Event]:
        """At most `limit` of the events after the one with that number, oldest first."""
        first = max(0, len(self._events) - (self._number - number))
        return [self._events[index] for index in range(first, min(len(self._events), first + limit))]

    def _fold(self, commands: Sequence[Command], now: int, limit: int | None) -> bool:
        """Apply commands, and what falls due before each and by now; False where the limit is reached before."""
        for number, command in enumerate((*commands, None)):
            until = now if command is None else command.at
            while (due := self._state.agenda.first) is not None and due.at <= until:
                if limit is not None and limit <= 0:
                    self._position += number
                    return False
                limit = None if limit is None else limit - 1
                before, self._until = self._state, due.at
                self._state, fired = fire_next(before)
                if fired is not None:
                    self._add(changes_by_transition(before, fired, self._state), self._state)
            if command is not None:
                before, self._state = self._state, apply(self._state, command)
                self._add(changes_by(before, command, self._state), self._state)
        return True

    def _add(self, changes: Iterable[RecordChange], state: State) -> None:
        for change in changes:
            self._number += 1
            self._digest = hashlib.sha256(self._digest + _canonical(change)).digest()
            resource = state.tables[change.resource].layout.resource
            shown = state if resource.derived_fields else None
            self._events.append(Event(self._number, self._digest, change, shown))

    def _trim(self, listeners: Iterable[Listener]) -> None:
        if len(self._events) <= EVENTS_KEPT:
            return
        unread = self._number - min((listener.cursor for listener in listeners), default=self._number)
        for _ in range(len(self._events) - max(EVENTS_KEPT, unread)):
            self._before = self._events.popleft().id


def up_to_date(feed: Feed | None, present: Present, listeners: Iterable[Listener], until: int | None) -> Feed:
    """The feed, up to now or about `until` an event; a new one where the history no longer continues it.

    With `until`, a new one has a PORTION of the events.
    """
    if feed is None or not feed.follow(present, listeners, until):
        feed = Feed(present.start, present.history, present.generation)
        feed.follow(present, listeners, None if until is None else feed.number + PORTION)
    return feed


def event_id(number: int, digest: bytes) -> str:
    """The id of an event: its number, and the first eight hex digits of its digest."""
    return f"{number}-{digest[:4].hex()}"


def start_id(start: Start) -> str:
    """The id with which a run begins that has no events yet."""
    return event_id(0, bytes.fromhex(start.fingerprint))


def as_json(event: Event, record: Record) -> dict[str, Any]:
    """An event as clients see it, where `record` is what they see of the record."""
    change = event.change
    return {
        "id": event.id,
        "event": change.name,
        "resource": change.resource,
        "key": change.key,
        "at": format_instant(change.at),
        "record": record,
    }


def _canonical(change: RecordChange) -> bytes:
    return strict_json.dump_sorted(
        {
            "resource": change.resource,
            "key": change.key,
            "event": change.name,
            "at": format_instant(change.at),
            "record": change.record,
        }
    )
