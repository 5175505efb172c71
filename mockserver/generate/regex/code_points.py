"""Sets of characters, as ranges of code points."""

from __future__ import annotations

import unicodedata

# Inclusive ranges of code points.
Ranges = tuple[tuple[int, int], ...]
LAST_CODE_POINT = 0x10FFFF
DIGITS, SPACES = ((48, 57),), ((32, 32),)
LOWER, UPPER = ((97, 122),), ((65, 90),)
WORD: Ranges = (*DIGITS, *UPPER, (95, 95), *LOWER)
ASCII = ((32, 126),)
# A negated class prefers these to any other character.
PLAIN = (*LOWER, *DIGITS)
# The usual characters of the most common Unicode properties.
PROPERTIES = {
    "L": (*LOWER, *UPPER), "Letter": (*LOWER, *UPPER), "Alphabetic": (*LOWER, *UPPER), "Ll": LOWER, "Lowercase": LOWER,
    "Lu": UPPER, "Uppercase": UPPER, "N": DIGITS, "Nd": DIGITS, "Number": DIGITS, "Z": SPACES, "Zs": SPACES,
    "Space_Separator": SPACES, "White_Space": SPACES, "ASCII": ASCII, "Any": ASCII, "Latin": (*LOWER, *UPPER),
    "Greek": ((0x3B1, 0x3C9),), "Cyrillic": ((0x430, 0x44F),), "Han": ((0x4E00, 0x4E7F),),
}  # fmt: skip
POSIX_CLASSES = {
    "alpha": (*LOWER, *UPPER), "digit": DIGITS, "alnum": (*LOWER, *UPPER, *DIGITS), "lower": LOWER, "upper": UPPER,
    "space": SPACES, "xdigit": (*DIGITS, (97, 102)),
}  # fmt: skip


def complement(ranges: Ranges) -> Ranges:
    """The characters that are in none of the ranges."""
    others, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            others.append((start, low - 1))
        start = max(start, high + 1)
    return (*others, (start, LAST_CODE_POINT)) if start <= LAST_CODE_POINT else tuple(others)


def intersection(first: Ranges, second: Ranges) -> Ranges:
    """The characters that are in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return tuple(pair for pair in pairs if pair[0] <= pair[1])


def unicode_property(name: str) -> Ranges:
    """The usual characters of a Unicode property, such as `Lu` or `Script=Greek`. Raises LookupError."""
    value = name.rpartition("=")[2]
    if value in PROPERTIES:
        return PROPERTIES[value]
    codes = [code for code in range(32, 0x3000) if unicodedata.category(chr(code)).startswith(value)]
    if not codes:
        raise LookupError(name)
    return tuple((code, code) for code in ([code for code in codes if code < 127] or codes))
