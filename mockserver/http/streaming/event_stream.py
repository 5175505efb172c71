"""The events of a run as a stream: a place in the feed of the run, and what is sent from there on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from mockserver.engine.behaviours.streaming import EventSelection
from mockserver.engine.events.feed import Event, start_id
from mockserver.engine.run import Run
from mockserver.engine.sandbox import Sandbox
from mockserver.errors import CannotGenerate, ContractError, Refusal, Violation
from mockserver.http.exchange import Exchange
from mockserver.http.streaming.messages import MessageFormat
from mockserver.http.streaming.streams import PORTION_BYTES, PORTION_EVENTS, Stream
from mockserver.refusals import UnknownScenario

UNKNOWN_ID = "the id is not in the history of this run, or not among its latest events"
REMOVED, RELOADED = "the sandbox was removed", "the contract was reloaded"
RESET, RESTORED = "the run was reset", "the clock was rewound, or changes were undone"


class EventStream(Stream):
    """The events of a run that a selection has, from `last_id` on, or from now on.

    `opening` is sent first. `cut_after` is the number of events after which the stream ends.
    """

    keeps_sandbox = True

    def __init__(
        self,
        exchange: Exchange,
        selection: EventSelection,
        form: MessageFormat,
        last_id: str | None,
        cut_after: int | None = None,
    ) -> None:
        service, selected = exchange.service, exchange.selection
        super().__init__(service.streams)
        self.run: Run = selected.run
        self.is_shared = service.sandboxes.store_status is not None
        self._service, self._selection, self._form = service, selection, form
        self._sandbox, self._scenario = selected.sandbox, selected.scenario
        self._identity, self._origin = selected.sandbox.identity, self.run.origin
        self._cut_after = cut_after
        # By what the text of an event is kept with it, for all streams that send the same.
        self._key = (exchange.operation.id if exchange.operation is not None else "", type(form))
        feed = self.run.read_feed() if _has_changed_something(exchange) else self.run.read_feed_in_turns()
        self._generation = feed.generation
        number = feed.number_of(last_id) if last_id else None
        self.cursor = feed.number if number is None else number
        # The number of the latest event that was there when the unread ones were counted.
        self._known = 0
        # The id of the event at the cursor.
        self._last_id = last_id if last_id and number is not None else feed.id
        if not last_id:
            self.opening = b"".join(form.opening(feed.id))
        else:
            self.opening = b"".join(form.opening(None))
            if number is None:
                self.opening += form.reset(feed.id, UNKNOWN_ID)

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to listen."""
        super().start(wake)
        self.run.listeners[self] = None
        # Something may have changed while the response was held back.
        self.wake()

    def close(self) -> None:
        """Listen no longer."""
        self.run.listeners.pop(self, None)
        super().close()

    def read(self) -> Sequence[bytes]:
        """Some messages that are to be sent now."""
        self.has_more = False
        return () if self.has_ended else self._service.sandboxes.transact(self._read)

    def keep_in_use(self) -> None:
        """Note in the store that the sandbox is not idle."""
        if self.is_shared and not self.has_ended:
            with suppress(Refusal):
                self._service.sandboxes.transact(lambda _: self._service.sandboxes.get(self._sandbox.name))

    def unread(self) -> int:
        """How many events there are after the cursor, as far as they are known; none after the run was restored."""
        if self.run.generation != self._generation:
            return 0
        feed = self.run.read_feed(max(self.cursor, self._known) + PORTION_EVENTS)
        self._known, self.has_more = feed.number, feed.is_behind
        return feed.number - self.cursor

    def seconds_until_due(self) -> float | None:
        """In how many seconds the next transition is due, by a clock that runs by itself."""
        return self.run.clock.seconds_until(self.run.next_due, self.run.now)

    def _read(self, refusal: Refusal | None) -> list[bytes]:
        if refusal is not None:
            return []  # the store does not respond; later it does
        sandbox = self._service.sandboxes.find(self._sandbox.name)
        if sandbox is None or sandbox.identity != self._identity:
            return self._end(self._reason(sandbox), self._present_id(sandbox))
        try:
            run = sandbox.run(self._scenario)
            with run.exclusive:
                is_restored = run.generation != self._generation
                feed = run.read_more_of_feed() if is_restored else run.read_feed(self.cursor + PORTION_EVENTS)
                if is_restored or feed.id_of(self.cursor) != self._last_id:
                    self.has_more = feed.is_behind
                    return [] if feed.is_behind else self._end(self._reason(sandbox, run), feed.id)
                self._follow(sandbox, run)
                events = feed.after(self.cursor, PORTION_EVENTS)
        except (UnknownScenario, CannotGenerate, ContractError):
            return self._end(RELOADED, None)
        except Refusal as refused:
            return self._end(refused.detail, None)
        messages = self._messages(events)
        self.has_more = not self.has_ended and (feed.is_behind or self.cursor < feed.number)
        return messages

    def _follow(self, sandbox: Sandbox, run: Run) -> None:
        """Listen to another replica of the run, where processes share it."""
        if run is not self.run:
            self.run.listeners.pop(self, None)
            self._sandbox, self.run = sandbox, run
            run.listeners[self] = None

    def _messages(self, events: list[Event]) -> list[bytes]:
        messages: list[bytes] = []
        size = 0
        for event in events:
            self.cursor, self._last_id = event.number, event.id
            try:
                text = self._text(event) if self._selection.selects(event) else None
            except Refusal as refusal:
                text = None
                self._reject([Violation("body", "", refusal.code, refusal.detail)])
            if text is not None:
                messages.append(text)
                self.messages += 1
                size += len(text)
            if self.messages == self._cut_after:
                self.has_ended = True
            if self.has_ended or size >= PORTION_BYTES:
                break
        return messages

    def _text(self, event: Event) -> bytes | None:
        """The text of an event; None where it may not be sent. Raises HandlerFailed and HandlerTimeout."""
        written = event.texts.get(self._key)
        if written is None:
            written = event.texts[self._key] = self._form.event(event, self._selection.shown(event))
        text, violations = written
        if violations:
            self._reject(violations)
            return None
        message: bytes = text
        return message

    def _reject(self, violations: Sequence[Violation]) -> None:
        self.add_violations(violations)
        self.has_ended = self.has_ended or self._service.strict

    def _end(self, reason: str, present: str | None) -> list[bytes]:
        self.has_ended, self.reason = True, reason
        message = self._form.reset(present, reason)
        return [message] if message else []

    def _reason(self, sandbox: Sandbox | None, run: Run | None = None) -> str:
        if sandbox is None:
            return REMOVED
        if run is None:
            return RESET
        if run.origin is not self._origin:
            return RELOADED
        return RESTORED if run is self.run else RESET

    def _present_id(self, sandbox: Sandbox | None) -> str | None:
        """The id that a client continues from; of a sandbox that does not exist, that of a new one."""
        try:
            if sandbox is not None:
                return sandbox.run(self._scenario).read_feed().id
            start = self._service.sandboxes.start(self._scenario)
            return start_id(start)
        except (Refusal, CannotGenerate, ContractError):
            return None


def _has_changed_something(exchange: Exchange) -> bool:
    """Whether the request may have changed the run before it leads to a stream: then it cannot begin again."""
    run, operation = exchange.selection.run, exchange.operation
    return bool(run.state.overrides.active) or (operation is not None and run.clock.counts(operation.id))
