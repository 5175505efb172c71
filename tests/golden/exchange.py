"""Raw requests over a socket, and raw answers: every byte that came, and how the connection ended."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SECONDS = 30.0
# A longer body is recorded by its digest and its beginning.
BODY_RECORDED = 256 * 1024
BEGINNING = 2_000
ALLOWING = 200  # the status of Flask's own answer to OPTIONS; those of the contract's paths are 204
OPEN, CLOSED, RESET, SILENT = "open", "closed", "reset", "silent"
# How an answer goes on after its head.
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)\r?$")
_CLOSE = re.compile(rb"(?im)^connection:[ \t]*close\r?$")
_EVENTS = re.compile(rb"(?im)^content-type:[ \t]*text/event-stream")
_CODED = re.compile(rb"(?im)^transfer-encoding:")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
# Real time, in JSON as it is written, and in headers.
_MILLISECONDS = re.compile(rb'"milliseconds":[0-9.e+-]+')
_INSTANT = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z")
_TAG_OF_FILE = re.compile(rb'"\d+\.\d+-\d+-\d+"')
_ASSETS = re.compile(rb"(/__mock/assets/)[0-9a-f]{16}/")
_FINGERPRINT = re.compile(rb'("?fingerprint"?:\s*"?)[0-9a-f]{64}')


@dataclass
class Answer:
    """What came for one request: interim heads, the head, the body, and what became of the connection.

    `after` are bytes that came later without having been asked for.
    """

    head: bytes = b""
    body: bytes = b""
    ending: str = OPEN
    interim: list[bytes] = field(default_factory=list)
    after: bytes = b""

    @property
    def status(self) -> int:
        """The status; 0 where what came is no answer."""
        status = _STATUS.match(self.head)
        return int(status[1]) if status else 0

    def normal(self, *, real_time: bool = False) -> Answer:
        """The same without what differs from one time to the next.

        That is the date; the order of methods in `Allow` where Flask itself answers OPTIONS, which is one of a set; in the journal, how long an answer took to make; of a file that is sent as it is, what follows from its time; in a page, the digest of its assets; and with `real_time`,
        every instant. Where the body is changed by it, so are the headers
        that follow from the body: a length is only replaced where it is right.
        """
        body = _ASSETS.sub(rb"\1current/", _MILLISECONDS.sub(b'"milliseconds":0', self.body))
        if real_time:
            body = _FINGERPRINT.sub(rb"\1of an instant", _INSTANT.sub(b"an instant", body))
        lines = self.head.split(b"\r\n")
        for number, line in enumerate(lines):
            name, _, value = line.partition(b": ")
            lower = name.lower()
            if lower in (b"date", b"last-modified"):
                lines[number] = name + b": a date"
            elif lower == b"server" and value.startswith(b"Werkzeug/"):
                lines[number] = name + b": Werkzeug"
            elif lower == b"etag" and (body != self.body or real_time or _TAG_OF_FILE.fullmatch(value)):
                lines[number] = name + b": a tag"
            elif lower == b"allow" and self.status == ALLOWING:
                lines[number] = name + b": " + b", ".join(sorted(value.split(b", ")))
            elif lower == b"content-length" and body != self.body and value == b"%d" % len(self.body):
                lines[number] = name + b": %d" % len(body)
        return Answer(b"\r\n".join(lines), body, self.ending, self.interim, self.after)

    def as_dict(self) -> dict[str, Any]:
        """The answer for a file of recorded answers."""
        reported: dict[str, Any] = {"head": self.head.decode("latin-1").split("\r\n"), **_body(self.body)}
        reported["ending"] = self.ending
        if self.interim:
            reported["interim"] = [head.decode("latin-1") for head in self.interim]
        if self.after:
            reported["after"] = self.after.decode("latin-1")
        return reported


def _body(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_RECORDED:
        beginning = body[:BEGINNING].decode("latin-1")
        return {"digest": hashlib.sha256(body).hexdigest(), "size": len(body), "beginning": beginning}
    try:
        return {"body": body.decode()} if body else {}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


class Connection:
    """A client's side of one connection."""

    def __init__(self, address: tuple[str, int], *, once: bool = False) -> None:
        """`once`: one request is sent, and the end of it is told."""
        self._socket = socket.create_connection(address, timeout=SECONDS)
        self._once = once
        self._buffer = b""
        self._ending = OPEN

    def send(self, raw: bytes) -> None:
        """Send bytes as they are; a server may have closed before it has read them all."""
        with contextlib.suppress(OSError):
            self._socket.sendall(raw)
            if self._once:
                self._socket.shutdown(socket.SHUT_WR)

    def read(self, to_head: bool) -> Answer:
        """The next answer. One that closes, or has no length, is read until the connection ends."""
        response = Answer()
        while True:
            while b"\r\n\r\n" not in self._buffer and self._more():
                pass
            head, gap, rest = self._buffer.partition(b"\r\n\r\n")
            if not gap or not _STATUS.match(head):
                self._read_rest()
                response.body, self._buffer = self._buffer, b""
                break
            self._buffer = rest
            if re.match(rb"HTTP/1\.1 1\d\d", head):
                response.interim.append(head)
                continue
            response.head = head
            response.body = self._read_body(head, to_head)
            break
        response.ending = self._ending
        return response

    def _read_body(self, head: bytes, to_head: bool) -> bytes:
        length = _LENGTH.search(head)
        if _EVENTS.search(head) and length is None and not to_head:
            return self._read_events()
        bodiless = to_head or head[9:12] in (b"204", b"304")
        if _CLOSE.search(head) or _CODED.search(head) or (length is None and not bodiless):
            self._read_rest()
            body, self._buffer = self._buffer, b""
            return body
        size = int(length[1]) if length is not None and not bodiless else 0
        while len(self._buffer) < size and self._more():
            pass
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _read_events(self) -> bytes:
        """The first chunk of a stream, which stays open; this side closes then."""
        while b"\n\n" not in self._buffer and self._more():
            pass
        body, self._buffer = self._buffer, b""
        self._socket.close()
        self._ending = CLOSED
        return body

    def pending(self) -> bytes:
        """What has come without having been asked for; notes whether the server has closed meanwhile."""
        while self._ending == OPEN and select.select([self._socket], [], [], 0)[0]:
            self._more()
        rest, self._buffer = self._buffer, b""
        return rest

    def finish(self) -> bytes:
        """Say that nothing more will be sent, and return what comes until the server closes, too."""
        if self._ending == OPEN:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            self._read_rest()
        self._socket.close()
        return self._buffer

    @property
    def is_open(self) -> bool:
        """Whether the server has not been seen to close."""
        return self._ending == OPEN

    def _read_rest(self) -> None:
        while self._more():
            pass

    def _more(self) -> bool:
        if self._ending != OPEN:
            return False
        try:
            part = self._socket.recv(1 << 20)
        except ConnectionResetError:
            self._ending = RESET
        except TimeoutError:
            self._ending = SILENT
        else:
            self._buffer += part
            if not part:
                self._ending = CLOSED
        return self._ending == OPEN


def methods(raw: bytes, count: int) -> Sequence[bytes]:
    """The methods of the requests that are sent together, as far as they can be told."""
    if count == 1:
        return [raw.partition(b" ")[0]]
    return [line.partition(b" ")[0] for line in raw.split(b"\r\n") if line.endswith((b" HTTP/1.1", b" HTTP/1.0"))]
