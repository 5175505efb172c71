"""Regular expressions of ECMA-262, parsed far enough to write texts that match them."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from mockserver.generate.regex.code_points import (
    ASCII,
    DIGITS,
    LAST_CODE_POINT,
    PLAIN,
    POSIX_CLASSES,
    SPACES,
    WORD,
    Ranges,
    complement,
    intersection,
    unicode_property,
)

# The most repetitions where a pattern names no upper bound.
UNBOUNDED = 1_000_000
NESTING_LIMIT = 60
# How groups begin after a question mark, the longer ones first.
NAMED_GROUPS = ("P<", "<")
NEGATIVE_LOOKAROUND = ("!", "<!")
GROUPS = (":", "=", "<=", *NEGATIVE_LOOKAROUND, *NAMED_GROUPS)
ESCAPED = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}


class UnsupportedPattern(ValueError):
    """The pattern, or a part of it, is not understood; the message is a clause such as "it ends too early"."""


class CharClass(Struct, frozen=True):
    """One character out of `ranges`, preferably out of `preferred`."""

    ranges: Ranges
    preferred: Ranges


class Concat(Struct, frozen=True):
    """Parts that follow each other."""

    parts: tuple[Part, ...]


class Alternation(Struct, frozen=True):
    """One of several branches."""

    branches: tuple[Part, ...]


class Repeat(Struct, frozen=True):
    """A part, `least` to `most` times."""

    part: Part
    least: int
    most: int


class Group(Struct, frozen=True):
    """A part that a backreference may refer to, by its number or by its name, if it has one."""

    number: str
    part: Part
    name: str


class Backreference(Struct, frozen=True):
    """The text that a group has matched."""

    name: str


class Lookahead(Struct, frozen=True):
    """A part that must match from here on without consuming text."""

    part: Part


Part = CharClass | Concat | Alternation | Repeat | Group | Backreference | Lookahead
EMPTY = Concat(())


def _plain_class(ranges: Ranges) -> CharClass:
    """A class that prefers letters and digits, then ASCII."""
    return CharClass(ranges, intersection(PLAIN, ranges) or intersection(ASCII, ranges) or ranges)


CLASSES: dict[str, Ranges] = {"d": DIGITS, "w": WORD, "s": (*SPACES, (9, 13))}
ANYTHING = _plain_class(complement(((10, 10), (13, 13))))


@lru_cache(maxsize=256)
def parse(pattern: str) -> Part:
    """Read a pattern. Raises UnsupportedPattern."""
    parser = _Parser(pattern)
    part = parser.alternation(0)
    if parser.position < len(pattern):
        raise UnsupportedPattern(f"it has an unmatched {pattern[parser.position]}")
    return part


class _Parser:
    """A recursive-descent parser; `position` is the index of the next character."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self.position, self._groups = pattern, 0, 0

    def _accept(self, text: str) -> bool:
        """Skip `text` if it comes next."""
        if self._pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def _take(self) -> str:
        if self.position >= len(self._pattern):
            raise UnsupportedPattern("it ends too early")
        self.position += 1
        return self._pattern[self.position - 1]

    def _until(self, end: str) -> str:
        stop = self._pattern.find(end, self.position)
        if stop < 0:
            raise UnsupportedPattern(f"it lacks a {end}")
        text, self.position = self._pattern[self.position : stop], stop + 1
        return text

    def alternation(self, depth: int) -> Part:
        if depth > NESTING_LIMIT:
            raise UnsupportedPattern("it is nested too deeply")
        branches = [self._sequence(depth)]
        while self._accept("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Alternation(tuple(branches))

    def _sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.position < len(self._pattern) and self._pattern[self.position] not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return Concat(tuple(parts))

    def _atom(self, depth: int) -> Part:
        char = self._take()
        if char in "^$":
            return EMPTY
        if char == ".":
            return ANYTHING
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        return self._escape() if char == "\\" else _single(ord(char))

    def _group(self, depth: int) -> Part:
        name, kind = "", "("
        if self._accept("?"):
            kind = next((opening for opening in GROUPS if self._accept(opening)), "")
            if not kind:
                return self._flags(depth)
            if kind in NAMED_GROUPS:
                name = self._until(">")
        is_captured = kind == "(" or kind in NAMED_GROUPS
        self._groups += is_captured
        number = str(self._groups)
        part = self.alternation(depth + 1)
        if not self._accept(")"):
            raise UnsupportedPattern("it lacks a )")
        if is_captured:
            return Group(number, part, name)
        if kind == "=":
            return Lookahead(part)
        # What a lookbehind requires is written, whatever comes before.
        return EMPTY if kind in NEGATIVE_LOOKAROUND else part

    def _flags(self, depth: int) -> Part:
        while (char := self._take()) not in ":)":
            if not (char.isalpha() or char == "-"):
                raise UnsupportedPattern(f"it has an unknown kind of group, (?{char}")
        if char == ")":
            return EMPTY
        part = self.alternation(depth + 1)
        if not self._accept(")"):
            raise UnsupportedPattern("it lacks a )")
        return part

    def _repeated(self, part: Part) -> Part:
        least, most = 1, 1
        start = self.position
        if self._accept("*"):
            least, most = 0, UNBOUNDED
        elif self._accept("+"):
            least, most = 1, UNBOUNDED
        elif self._accept("?"):
            least, most = 0, 1
        elif self._accept("{"):
            low, comma, high = self._until("}").partition(",")
            if not low.isdigit() or (high and not high.isdigit()):
                self.position = start
                return part
            least, most = int(low), int(high) if high else UNBOUNDED if comma else int(low)
        else:
            return part
        if not self._accept("?"):
            self._accept("+")
        return Repeat(part, least, most)

    def _class(self) -> CharClass:
        is_negated, members = self._accept("^"), list[tuple[int, int]]()
        while not self._accept("]"):
            ranges = self._class_member()
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1] and self._pattern.startswith("-", self.position):
                if not self._pattern.startswith("-]", self.position):
                    self.position += 1
                    end = self._class_member()
                    ranges = ((ranges[0][0], end[0][1]),) if len(end) == 1 else (*ranges, (45, 45), *end)
            members += ranges
        ranges = tuple(members)
        if not is_negated:
            return CharClass(ranges, intersection(ASCII, ranges) or ranges)
        return _plain_class(complement(ranges))

    def _class_member(self) -> Ranges:
        char = self._take()
        if char == "[" and self._accept(":"):
            name = self._until(":")
            self._accept("]")
            return POSIX_CLASSES.get(name, PLAIN)
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self._accept("b"):
            return ((8, 8),)
        part = self._escape()
        return part.ranges if isinstance(part, CharClass) else ()

    def _escape(self) -> Part:
        char = self._take()
        if char in "bBAzZG":
            return EMPTY
        if char.lower() in CLASSES:
            ranges = CLASSES[char.lower()]
            if char.isupper():
                return _plain_class(complement(ranges))
            return _plain_class(ranges) if char == "w" else CharClass(ranges, intersection(ASCII, ranges))
        if char in "pP":
            name = self._until("}")[1:] if self._pattern.startswith("{", self.position) else self._take()
            try:
                ranges = unicode_property(name)
            except LookupError:
                raise UnsupportedPattern(f"it names the Unicode property {name}, which is not supported") from None
            return CharClass(ranges, ranges) if char == "p" else _plain_class(complement(ranges))
        if char == "k" and self._accept("<"):
            return Backreference(self._until(">"))
        if char in "123456789":
            return Backreference(char)
        if char == "c":
            return _single(ord(self._take()) % 32)
        return _single(ESCAPED[char] if char in ESCAPED else self._code(char))

    def _code(self, char: str) -> int:
        if char not in "ux":
            return ord(char)
        size = 4 if char == "u" else 2
        digits = self._until("}") if self._accept("{") else "".join(self._take() for _ in range(size))
        try:
            return min(int(digits, 16), LAST_CODE_POINT)
        except ValueError:
            raise UnsupportedPattern(f"\\{char}{digits} is not a valid character") from None


def _single(code: int) -> CharClass:
    return CharClass(((code, code),), ((code, code),))
