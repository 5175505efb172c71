"""Texts that match a regular expression.

The libraries for this draw from sets whose order differs from process to process, and support neither length bounds nor
Unicode properties. Whether a text written here really matches is for the validators to say.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct, field

from mockserver.generate.regex.code_points import ASCII, intersection
from mockserver.generate.regex.parser import (
    Alternation,
    Backreference,
    CharClass,
    Concat,
    Group,
    Lookahead,
    Part,
    Repeat,
    UnsupportedPattern,
    parse,
)

LENGTH_LIMIT = 100_000
# How much longer than the shortest match a text may be where no length is required.
SLACK = 8
SURROGATES = range(0xD800, 0xE000)


def write_match(
    pattern: str, rng: random.Random, min_length: int = 0, max_length: int | None = None, attempt: int = 0
) -> str:
    """A text that should match the pattern and the lengths; each attempt tries another way.

    Raises UnsupportedPattern.
    """
    part = parse(pattern)
    shortest = shortest_length(part)
    if shortest > LENGTH_LIMIT:
        raise UnsupportedPattern("it requires more than 100,000 characters")
    longest = max(min_length, shortest + 6) if max_length is None else max_length
    length = rng.randint(
        max(min_length, min(shortest + 2, longest)), max(min_length, min(longest, max(min_length, shortest) + SLACK))
    )
    writer = _Writer(rng, max(0, length - shortest), attempt % 3 == 2)
    text = writer.write(part)
    if attempt % 2 and writer.lookaheads:
        start = "".join(writer.lookaheads)
        text = start + text[len(start) :] if len(text) > len(start) else start
    if len(text) < min_length:
        text += "".join(chr(rng.randint(97, 122)) for _ in range(min_length - len(text)))
    return text


@lru_cache(maxsize=4096)
def shortest_length(part: Part) -> int:
    """The least number of characters that a part matches."""
    if isinstance(part, CharClass):
        return 1
    if isinstance(part, Concat):
        return sum(map(shortest_length, part.parts))
    if isinstance(part, Alternation):
        return min(map(shortest_length, part.branches))
    if isinstance(part, Repeat):
        return part.least * shortest_length(part.part)
    return shortest_length(part.part) if isinstance(part, Group) else 0


class _Writer(Struct):
    """Writes one text: `spare` characters may still go into repetitions, `widely` draws from all of ASCII."""

    rng: random.Random
    spare: int
    widely: bool
    groups: dict[str, str] = field(default_factory=dict)
    lookaheads: list[str] = field(default_factory=list)

    def write(self, part: Part) -> str:
        return _WRITERS[type(part)](self, part)

    def write_sequence(self, sequence: Concat) -> str:
        texts = list(map(self.write, sequence.parts))
        # What must follow the end follows it.
        if sequence.parts and isinstance(sequence.parts[-1], Lookahead):
            texts.append(self.lookaheads.pop())
        return "".join(texts)

    def write_char(self, part: CharClass) -> str:
        ranges = intersection(ASCII, part.ranges) or part.preferred if self.widely else part.preferred
        if not ranges:
            raise UnsupportedPattern("it has a character class that no character matches")
        index = self.rng.randrange(sum(high - low + 1 for low, high in ranges))
        for low, high in ranges:
            if index <= high - low:
                return chr(low + index) if low + index not in SURROGATES else "a"
            index -= high - low + 1
        return ""

    def write_repeat(self, part: Repeat) -> str:
        extra, size = 0, max(1, shortest_length(part.part))
        if part.most > part.least and self.spare >= size:
            share = self.spare if self.rng.random() < 0.4 else self.rng.randint(0, self.spare)
            extra = min(part.most - part.least, share // size)
            self.spare -= extra * size
        return "".join(self.write(part.part) for _ in range(part.least + extra))

    def write_group(self, part: Group) -> str:
        text = self.groups[part.number] = self.groups[part.name] = self.write(part.part)
        return text

    def write_lookahead(self, part: Lookahead) -> str:
        self.lookaheads.append(self.write(part.part))
        return ""


_WRITERS: dict[type, Callable[[_Writer, Part], str]] = {
    CharClass: lambda writer, part: writer.write_char(part),  # type: ignore[arg-type]
    Concat: lambda writer, part: writer.write_sequence(part),  # type: ignore[arg-type]
    Alternation: lambda writer, part: writer.write(writer.rng.choice(part.branches)),  # type: ignore[union-attr]
    Repeat: lambda writer, part: writer.write_repeat(part),  # type: ignore[arg-type]
    Group: lambda writer, part: writer.write_group(part),  # type: ignore[arg-type]
    Backreference: lambda writer, part: writer.groups.get(part.name, ""),  # type: ignore[union-attr]
    Lookahead: lambda writer, part: writer.write_lookahead(part),  # type: ignore[arg-type]
}
