"""Streams as the body of a WSGI response: a generator, which occupies a worker of the server as long as it is read."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from mockserver.engine.clock import monotonic
from mockserver.http.streaming.messages import COMMENT
from mockserver.http.streaming.streams import COMMENT_SECONDS, SHARED_SECONDS, Stream


def read_stream(opening: bytes, stream: Stream, *, is_buffered: bool) -> Iterator[bytes]:
    """What a stream sends, as it comes; only the beginning where the server `is_buffered`: it sends whole bodies."""
    yield opening
    if is_buffered:
        return
    woken = threading.Event()
    stream.start(woken.set)
    try:
        silent_since = monotonic()
        while True:
            woken.clear()
            if messages := stream.read():
                yield b"".join(messages)
                silent_since = monotonic()
            if stream.has_ended:
                return
            if stream.has_more:
                continue
            if monotonic() - silent_since >= COMMENT_SECONDS:
                yield COMMENT
                stream.keep_in_use()
                silent_since = monotonic()
            woken.wait(_seconds_to_wait(stream, silent_since))
    finally:
        stream.close()


def _seconds_to_wait(stream: Stream, silent_since: float) -> float:
    """Until something is due, until a comment is, or until other processes may have changed the run."""
    seconds = max(0.0, silent_since + COMMENT_SECONDS - monotonic())
    due = stream.seconds_until_due()
    if due is not None:
        # What is due already could not be fired: the store does not respond.
        seconds = min(seconds, due or SHARED_SECONDS)
    return min(seconds, SHARED_SECONDS) if stream.is_shared else seconds
