"""Journal entries as bytes for a store: `number at milliseconds rest`, where `rest` is JSON, compressed if repeated."""

from __future__ import annotations

import json
import zlib

from msgspec.structs import asdict

from mockserver.engine.commands import Fired
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.shared.store import EncodedEntry
from mockserver.errors import Violation

CACHE_LIMIT = 2_000
# What JSON that is compressed begins with.
COMPRESSED = b"z"


class JournalCodec:
    """Encodes and decodes entries. The number is left out when encoding: the store puts it in front.

    The JSON of entries that are repeated is compressed once and cached, by the identity of the entry: the store handles
    each repetition, and most of its time goes with the number of bytes.
    """

    def __init__(self) -> None:
        # With the entry, so that it lives as long as its id is a key here.
        self._cache: dict[int, tuple[Entry, bytes]] = {}

    def encode(self, entry: Entry) -> EncodedEntry:
        """Encode an entry."""
        at = "-" if entry.at is None else entry.at
        text = f"{at} {entry.milliseconds:.3f} ".encode() + _encode_rest(entry)
        return EncodedEntry(text, entry.problem_lists, entry.code)

    def encode_repeat(self, entry: Entry, at: int) -> EncodedEntry:
        """Encode a repetition of an entry."""
        cached = self._cache.get(id(entry))
        if cached is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            cached = self._cache[id(entry)] = entry, COMPRESSED + zlib.compress(_encode_rest(entry))
        return EncodedEntry(b"%d 0 %b" % (at, cached[1]))

    def decode(self, text: bytes) -> Entry:
        """Decode the text of an entry, with its number in front."""
        number, at, milliseconds, rest = text.split(b" ", 3)
        if rest.startswith(COMPRESSED):
            rest = zlib.decompress(rest[len(COMPRESSED) :])
        fields = json.loads(rest)
        return Entry(
            **{
                **fields,
                "number": int(number),
                "at": None if at == b"-" else int(at),
                "milliseconds": float(milliseconds),
                "request": _decode_message(*fields["request"]),
                "response": _decode_message(*fields["response"]),
                "violations": [Violation(*violation) for violation in fields["violations"]],
                "drift": tuple(Violation(*violation) for violation in fields.get("drift", ())),
                "fired": tuple(Fired(*fired) for fired in fields["fired"]),
            }
        )


def _encode_rest(entry: Entry) -> bytes:
    fields = asdict(entry)
    for name in ("number", "at", "milliseconds"):
        del fields[name]
    for name in ("request", "response"):
        message: LoggedMessage = fields[name]
        # The other field follows from the headers, and bounds only what is in memory.
        fields[name] = message.headers, message.body.decode("latin-1"), message.size
    for name in ("violations", "drift"):
        fields[name] = [
            (violation.location, violation.pointer, violation.keyword, violation.message, violation.name)
            for violation in fields[name]
        ]
    fields["parameters"] = dict(entry.parameters)
    fields["fired"] = [(fired.resource, fired.key, fired.transition, fired.at) for fired in entry.fired]
    return json.dumps(fields, separators=(",", ":")).encode()


def _decode_message(headers: list[tuple[str, str]], body: str, size: int) -> LoggedMessage:
    return LoggedMessage(tuple((name, value) for name, value in headers), body.encode("latin-1"), size)
