"""Bounds what the bodies of requests take that are not complete yet, all connections together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.server.request_reader import RequestReader

# Bytes. A request with a small body comes as a whole, and is never held up.
UPLOAD_LIMIT = 256 * 1024 * 1024
# What a connection reads at once.
READ_BYTES = 256 * 1024


class Uploads:
    """The bytes that connections have received of bodies, in the order in which these began.

    At the limit a connection must wait until others have got their responses; only the first goes on, so that there is
    always one that does.
    """

    def __init__(self, limit: int = UPLOAD_LIMIT) -> None:
        self._limit, self._total = limit, 0
        self._sizes: dict[RequestReader, int] = {}
        self._waiting: set[RequestReader] = set()

    def note(self, uploader: RequestReader, size: int) -> None:
        """Note how much a connection holds now."""
        former = self._sizes.get(uploader, 0)
        self._total += size - former
        if size:
            self._sizes[uploader] = size
        else:
            self._sizes.pop(uploader, None)
            self._waiting.discard(uploader)
        if self.must_wait(uploader):
            self._waiting.add(uploader)
            uploader.regulate_reading()
        elif size < former and self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        """Have as many read again as there is room for."""
        room = self._limit - self._total
        for waiting in [uploader for uploader in self._sizes if uploader in self._waiting]:
            if self.must_wait(waiting):
                continue
            self._waiting.discard(waiting)
            waiting.regulate_reading()
            room -= READ_BYTES
            if room <= 0:
                return

    def must_wait(self, uploader: RequestReader) -> bool:
        """Whether a connection may not receive more now."""
        if self._total <= self._limit or uploader not in self._sizes:
            return False
        return uploader is not next((first for first in self._sizes if not first.is_held_up), None)
