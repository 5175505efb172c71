"""Texts that match a pattern of ECMA-262.

The libraries for this draw from sets whose order changes from process to process, and know neither the lengths that
are asked for nor Unicode's properties. What is written here is judged by the validators' own engine.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

ENDLESS = 1_000_000
NESTING_LIMIT = 60
LAST = 0x10FFFF
DIGITS, SPACES = ((48, 57),), ((32, 32),)
LOWER, UPPER = ((97, 122),), ((65, 90),)
WORD = (*DIGITS, *UPPER, (95, 95), *LOWER)
ASCII = ((32, 126),)
ESCAPED = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
# What a class that leaves things out is filled from first: plain text rather than any character.
PLAIN = (*LOWER, *DIGITS)
PROPERTIES = {
    "L": (*LOWER, *UPPER), "Letter": (*LOWER, *UPPER), "Alphabetic": (*LOWER, *UPPER), "Ll": LOWER, "Lowercase": LOWER,
    "Lu": UPPER, "Uppercase": UPPER, "N": DIGITS, "Nd": DIGITS, "Number": DIGITS, "Z": SPACES, "Zs": SPACES,
    "Space_Separator": SPACES, "White_Space": SPACES, "ASCII": ASCII, "Any": ASCII, "Latin": (*LOWER, *UPPER),
    "Greek": ((0x3B1, 0x3C9),), "Cyrillic": ((0x430, 0x44F),), "Han": ((0x4E00, 0x4E7F),),
}  # fmt: skip
Ranges = tuple[tuple[int, int], ...]


class Unsupported(ValueError):
    """A pattern, or a part of one, that no text can be made for."""


@dataclass(frozen=True, slots=True)
class CharClass:
    """One character of some; `preferred` are drawn from first."""

    ranges: Ranges
    preferred: Ranges


@dataclass(frozen=True, slots=True)
class Concat:
    """One part after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of several."""

    branches: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times."""

    part: Part
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Group:
    """A part that can be referred back to."""

    name: str
    part: Part


@dataclass(frozen=True, slots=True)
class Backreference:
    """What a group matched, again."""

    name: str


@dataclass(frozen=True, slots=True)
class Lookahead:
    """What must also be so from here; it takes no place itself."""

    part: Part


Part = CharClass | Concat | Alternation | Repeat | Group | Backreference | Lookahead
NOTHING = Concat(())


def complement(ranges: Ranges) -> Ranges:
    """Every character but these."""
    found, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, LAST)) if start <= LAST else tuple(found)


def overlap(first: Ranges, second: Ranges) -> Ranges:
    """The characters in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return tuple(pair for pair in pairs if pair[0] <= pair[1])


def _loose(ranges: Ranges) -> CharClass:
    return CharClass(ranges, overlap(PLAIN, ranges) or overlap(ASCII, ranges) or ranges)


CLASSES: dict[str, Ranges] = {"d": DIGITS, "w": WORD, "s": (*SPACES, (9, 13))}
ANYTHING = _loose(complement(((10, 10), (13, 13))))


@lru_cache(maxsize=256)
def parse(pattern: str) -> Part:
    """Read a pattern. Raises Unsupported."""
    reader = _Reader(pattern)
    part = reader.either(0)
    if reader.at < len(pattern):
        raise Unsupported(f"has a {pattern[reader.at]} too many")
    return part


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._text, self.at, self._groups = pattern, 0, 0

    def _next(self, text: str) -> bool:
        if self._text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _take(self) -> str:
        if self.at >= len(self._text):
            raise Unsupported("ends too early")
        self.at += 1
        return self._text[self.at - 1]

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self.at)
        if stop < 0:
            raise Unsupported(f"lacks a {end}")
        found, self.at = self._text[self.at : stop], stop + 1
        return found

    def either(self, depth: int) -> Part:
        if depth > NESTING_LIMIT:
            raise Unsupported("is nested too deep")
        branches = [self._sequence(depth)]
        while self._next("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Alternation(tuple(branches))

    def _sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.at < len(self._text) and self._text[self.at] not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return Concat(tuple(parts))

    def _atom(self, depth: int) -> Part:
        char = self._take()
        if char in "^$":
            return NOTHING
        if char == ".":
            return ANYTHING
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        return self._escape() if char == "\\" else _one(ord(char))

    def _group(self, depth: int) -> Part:
        name, ahead, away = "", False, False
        if self._next("?"):
            if self._next(":"):
                pass
            elif self._next("=") or self._next("<="):
                ahead = True
            elif self._next("!") or self._next("<!"):
                away = True
            elif self._next("<") or self._next("P<"):
                name = self._until(">")
            else:
                return self._flags(depth)
        self._groups += not (ahead or away)
        number = str(self._groups)
        part = self.either(depth + 1)
        if not self._next(")"):
            raise Unsupported("lacks a )")
        if ahead or away:
            return NOTHING if away else Lookahead(part)
        return Group(name or number, part)

    def _flags(self, depth: int) -> Part:
        while (char := self._take()) not in ":)":
            if not (char.isalpha() or char == "-"):
                raise Unsupported(f"has a group (?{char} that is not known")
        if char == ")":
            return NOTHING
        part = self.either(depth + 1)
        if not self._next(")"):
            raise Unsupported("lacks a )")
        return part

    def _repeated(self, part: Part) -> Part:
        least, most = 1, 1
        start = self.at
        if self._next("*"):
            least, most = 0, ENDLESS
        elif self._next("+"):
            least, most = 1, ENDLESS
        elif self._next("?"):
            least, most = 0, 1
        elif self._next("{"):
            low, comma, high = self._until("}").partition(",")
            if not low.isdigit() or (high and not high.isdigit()):
                self.at = start
                return part
            least, most = int(low), int(high) if high else ENDLESS if comma else int(low)
        else:
            return part
        if not self._next("?"):
            self._next("+")
        return Repeat(part, least, most)

    def _class(self) -> CharClass:
        negated, found = self._next("^"), list[tuple[int, int]]()
        while not self._next("]"):
            low = self._member()
            if len(low) == 1 and low[0][0] == low[0][1] and self._text.startswith("-", self.at):
                if not self._text.startswith("-]", self.at):
                    self.at += 1
                    high = self._member()
                    low = ((low[0][0], high[0][1]),) if len(high) == 1 else (*low, (45, 45), *high)
            found += low
        ranges = tuple(found)
        if not negated:
            return CharClass(ranges, overlap(ASCII, ranges) or ranges)
        return _loose(complement(ranges))

    def _member(self) -> Ranges:
        char = self._take()
        if char == "[" and self._next(":"):
            name = self._until(":")
            self._next("]")
            return {"alpha": (*LOWER, *UPPER), "digit": DIGITS, "alnum": (*LOWER, *UPPER, *DIGITS), "lower": LOWER,
                    "upper": UPPER, "space": SPACES, "xdigit": (*DIGITS, (97, 102))}.get(name, PLAIN)  # fmt: skip
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self._next("b"):
            return ((8, 8),)
        part = self._escape()
        return part.ranges if isinstance(part, CharClass) else ()

    def _escape(self) -> Part:
        char = self._take()
        if char in "bBAzZG":
            return NOTHING
        if char.lower() in CLASSES:
            ranges = CLASSES[char.lower()]
            if char.isupper():
                return _loose(complement(ranges))
            return _loose(ranges) if char == "w" else CharClass(ranges, overlap(ASCII, ranges))
        if char in "pP":
            ranges = _property(self._until("}")[1:] if self._text.startswith("{", self.at) else self._take())
            return CharClass(ranges, ranges) if char == "p" else _loose(complement(ranges))
        if char == "k" and self._next("<"):
            return Backreference(self._until(">"))
        if char in "123456789":
            return Backreference(char)
        if char == "c":
            return _one(ord(self._take()) % 32)
        return _one(ESCAPED[char] if char in ESCAPED else self._code(char))

    def _code(self, char: str) -> int:
        if char not in "ux":
            return ord(char)
        size = 4 if char == "u" else 2
        digits = self._until("}") if self._next("{") else "".join(self._take() for _ in range(size))
        try:
            return min(int(digits, 16), LAST)
        except ValueError:
            raise Unsupported(f"has no character \\{char}{digits}") from None


def _one(code: int) -> CharClass:
    return CharClass(((code, code),), ((code, code),))


def _property(name: str) -> Ranges:
    known = name.rpartition("=")[2]
    if known in PROPERTIES:
        return PROPERTIES[known]
    codes = [code for code in range(32, 0x3000) if unicodedata.category(chr(code)).startswith(known)]
    if not codes:
        raise Unsupported(f"has a property {name} that is not known here")
    return tuple((code, code) for code in ([code for code in codes if code < 127] or codes))


@dataclass(slots=True)
class _Writing:
    """One text in the making: `spare` characters may still go into repetitions."""

    chance: random.Random
    spare: int
    widely: bool
    groups: dict[str, str] = field(default_factory=dict)
    ahead: list[str] = field(default_factory=list)

    def write(self, part: Part) -> str:
        return _WRITERS[type(part)](self, part)

    def chars(self, part: CharClass) -> str:
        ranges = overlap(ASCII, part.ranges) or part.preferred if self.widely else part.preferred
        if not ranges:
            raise Unsupported("has a class without a character")
        at = self.chance.randrange(sum(high - low + 1 for low, high in ranges))
        for low, high in ranges:
            if at <= high - low:
                return chr(low + at) if not 0xD800 <= low + at <= 0xDFFF else "a"
            at -= high - low + 1
        return ""

    def repeat(self, part: Repeat) -> str:
        more, size = 0, max(1, shortest(part.part))
        if part.most > part.least and self.spare >= size:
            share = self.spare if self.chance.random() < 0.4 else self.chance.randint(0, self.spare)
            more = min(part.most - part.least, share // size)
            self.spare -= more * size
        return "".join(self.write(part.part) for _ in range(part.least + more))

    def group(self, part: Group) -> str:
        made = self.groups[part.name] = self.write(part.part)
        return made

    def look(self, part: Lookahead) -> str:
        self.ahead.append(self.write(part.part))
        return ""


_WRITERS: dict[type, Callable[[_Writing, Part], str]] = {
    CharClass: lambda writing, part: writing.chars(part),  # type: ignore[arg-type]
    Concat: lambda writing, part: "".join(map(writing.write, part.parts)),  # type: ignore[union-attr]
    Alternation: lambda writing, part: writing.write(writing.chance.choice(part.branches)),  # type: ignore[union-attr]
    Repeat: lambda writing, part: writing.repeat(part),  # type: ignore[arg-type]
    Group: lambda writing, part: writing.group(part),  # type: ignore[arg-type]
    Backreference: lambda writing, part: writing.groups.get(part.name, ""),  # type: ignore[union-attr]
    Lookahead: lambda writing, part: writing.look(part),  # type: ignore[arg-type]
}


@lru_cache(maxsize=4096)
def shortest(part: Part) -> int:
    """The least number of characters that a part takes."""
    if isinstance(part, CharClass):
        return 1
    if isinstance(part, Concat):
        return sum(map(shortest, part.parts))
    if isinstance(part, Alternation):
        return min(map(shortest, part.branches))
    if isinstance(part, Repeat):
        return part.least * shortest(part.part)
    return shortest(part.part) if isinstance(part, Group) else 0


def write(pattern: str, chance: random.Random, least: int = 0, most: int | None = None, attempt: int = 0) -> str:
    """A text that should match, about as long as asked for; each attempt goes about it in another way.

    Raises Unsupported.
    """
    part = parse(pattern)
    base = shortest(part)
    if base > 100_000:
        raise Unsupported("asks for more than 100,000 characters")
    top = max(least, base + 6) if most is None else most
    goal = chance.randint(max(least, min(base + 2, top)), max(least, min(top, max(least, base) + 8)))
    writing = _Writing(chance, max(0, goal - base), attempt % 3 == 2)
    made = writing.write(part)
    if attempt % 2 and writing.ahead:
        pieces = "".join(writing.ahead)
        made = pieces + made[len(pieces) :] if len(made) > len(pieces) else pieces
    if len(made) < least:
        made += "".join(chr(chance.randint(97, 122)) for _ in range(least - len(made)))
    return made
