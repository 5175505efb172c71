"""Responses that stay open, as values that a front end reads from; and how many of them there are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mockserver.engine.journal import Entry, Journal
from mockserver.errors import Violation
from mockserver.refusals import StreamLimit

if TYPE_CHECKING:
    from mockserver.engine.run import Run
    from mockserver.http.streaming.channels import ClientMessages

STREAM_LIMIT = 2_000
# Bytes that a client has not read yet: beyond that, its stream is cut off, and it continues by the id of an event.
UNREAD_LIMIT = 1024 * 1024
# How often a comment is sent, so that nothing in between takes the connection for dead.
COMMENT_SECONDS = 15.0
# What is read at once before others have their turn: events, and about how many bytes.
PORTION_EVENTS, PORTION_BYTES = 20, 64 * 1024
# How often a run is looked at that other processes change, too.
SHARED_SECONDS = 0.1


class OpenStreams:
    """The streams that are open in this process, at most `limit` of them."""

    def __init__(self, limit: int = STREAM_LIMIT) -> None:
        self.limit = limit
        self._streams: dict[Stream, None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._streams)

    def require_room(self) -> None:
        """Raise StreamLimit if no further stream may be opened."""
        if len(self._streams) >= self.limit:
            raise StreamLimit(self.limit)

    def add(self, stream: Stream) -> None:
        """Count a stream that was opened."""
        with self._lock:
            self._streams[stream] = None

    def remove(self, stream: Stream) -> None:
        """Count a stream no longer."""
        with self._lock:
            self._streams.pop(stream, None)

    def wake_all(self) -> None:
        """Have every stream be read."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.wake()


class Stream:
    """A response that stays open after its body. This one sends nothing more; subclasses do.

    A front end calls `start` with a function that may be called by any thread whenever there may be something to read.
    It reads as long as the stream `has_more`, ends the response where it `has_ended`, and calls `close` in any case.
    """

    run: Run | None = None
    is_shared = False
    # Why the stream has ended, where its history did not continue.
    reason = ""
    # Of a channel: how it responds to messages of its client.
    client_messages: ClientMessages | None = None

    def __init__(self, streams: OpenStreams) -> None:
        self.has_ended, self.has_more = False, False
        self.messages = 0
        # What is sent first.
        self.opening = b""
        self._streams = streams
        self._wake: Callable[[], None] = _nothing
        self._journal: Journal | None = None
        self._entry: Entry | None = None

    def is_logged_as(self, journal: Journal, entry: Entry) -> None:
        """Note the entry of the request that has opened the stream."""
        self._journal, self._entry = journal, entry

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to be read."""
        self._wake = wake
        self._streams.add(self)

    def wake(self) -> None:
        """There may be something to read. Called by any thread."""
        self._wake()

    def read(self) -> Sequence[bytes]:
        """Some messages that are to be sent now, in order; afterwards, `has_more` says whether there may be more."""
        return ()

    def unread(self) -> int:
        """About how many events there are that were not read yet; `has_more` says whether there may be more."""
        return 0

    def seconds_until_due(self) -> float | None:
        """In how many seconds something happens by itself; None where nothing does."""
        return None

    def keep_in_use(self) -> None:
        """Have what the stream reads from last; called as often as a comment is sent."""

    def close(self) -> None:
        """Let go of everything, and enter the number of messages into the journal. May be called again."""
        self.has_ended, self._wake = True, _nothing
        self._streams.remove(self)
        if self._journal is not None and self._entry is not None:
            self._journal.replace(self._entry, replace(self._entry, messages=self.messages))
            self._journal = None

    def add_violations(self, violations: Sequence[Violation]) -> None:
        """Enter a message that violates the contract, and that is not sent, into the journal."""
        if self._journal is None or self._entry is None:
            return
        entry = self._entry
        violating = replace_violations(entry, violations)
        self._journal.replace(entry, violating)
        self._entry = violating


def replace_violations(entry: Entry, violations: Sequence[Violation]) -> Entry:
    """The entry of a response with further violations."""
    return replace(entry, invalid_status=entry.status, violations=(*entry.violations, *violations))


def _nothing() -> None:
    """Nobody reads the stream, or no longer."""
