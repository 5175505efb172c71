"""A client of server-sent events over a plain socket, as the WHATWG's HTML standard (section 9.2) reads them."""

from __future__ import annotations

import json
import socket
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

SECONDS = 10.0


class Message(NamedTuple):
    """One event; `data` is its JSON."""

    id: str
    event: str
    data: Any


class Reader:
    """An open stream. `head` is the head of the response."""

    def __init__(self, url: str, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> None:
        place = urlsplit(url)
        self.socket = socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS)
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.head: dict[str, str] = {}
        while line := self._file.readline().strip().decode():
            name, _, value = line.partition(": ")
            self.head[name.lower()] = value
        self._text = ""
        self.has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self.socket.close()

    def block(self) -> str:
        """The next lines up to an empty one; nothing at the end of the stream."""
        while "\n\n" not in self._text and not self.has_ended:
            size = int(self._file.readline() or b"0", 16)
            self._text += self._file.read(size).decode()
            self._file.readline()
            self.has_ended = size == 0
        block, _, self._text = self._text.partition("\n\n")
        return block

    def next(self) -> Message | None:
        """The next event; None at the end of the stream."""
        while block := self.block():
            fields: dict[str, str] = {}
            for line in block.split("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            if "data" in fields:
                return Message(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
        return None

    def take(self, count: int) -> list[Message]:
        """So many events."""
        return [message for _ in range(count) if (message := self.next()) is not None]

    def rest(self) -> list[Message]:
        """The events up to the end of the stream."""
        messages: list[Message] = []
        while (message := self.next()) is not None:
            messages.append(message)
        return messages
