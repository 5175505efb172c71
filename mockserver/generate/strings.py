"""Strings by format, by pattern, or by the property's name, of the length that is required."""

from __future__ import annotations

import random
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, permutations
from string import ascii_lowercase

from mockserver.errors import CannotGenerate
from mockserver.generate.constraints import Constraints, matches_pattern
from mockserver.generate.regex.parser import UnsupportedPattern
from mockserver.generate.regex.writer import write_match
from mockserver.generate.vocabulary import pick_word
from mockserver.schemas.validators import keyword_validator

ATTEMPT_LIMIT = 40
LENGTH_LIMIT = 1_000_000
# A longer text consists of the same words again and again.
REPEATED_LENGTH = 1_000
# The patterns whose matches are joined, and how often in each order.
JOINED_LIMIT = 4
JOINED_ATTEMPTS = 6
# After this many rejected texts of a format in its usual form, by a `not` for example, others are written.
OTHER_SHAPES_FROM = 15
# The separator by which a text of a format may be extended by another word and stay valid.
EXTENDABLE = {
    "uri": "/",
    "iri": "/",
    "uri-reference": "/",
    "iri-reference": "/",
    "uri-template": "/",
    "json-pointer": "/",
}
# Where a text of a format may get another word and a dot, and stay valid: after this text.
LENGTHENED_AFTER = {"hostname": "", "idn-hostname": "", "email": "@", "idn-email": "@"}
TRUNCATABLE = ("uri-reference", "iri-reference")
SHORTEST = {"uri": "a:b", "iri": "a:b", "email": "a@b.co", "hostname": "a.co", "ipv4": "1.1.1.1", "ipv6": "::1"}
_IPV4 = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]\d?)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]\d?)){3}"
_URI = r"[a-z]+:[a-z]+|https://[a-z]+\.[a-z]{2}"
# How texts of a format may look whose usual length does not fit; not every match need be valid.
SHAPES = {
    "ipv4": _IPV4,
    "ip": _IPV4,
    "ipv6": r"2[0-9a-f]{0,3}(:[1-9a-f][0-9a-f]{0,3}){7}",
    "date-time": r"20[0-4]\d-0[1-9]-[012][1-8]T[01]\d:[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]0\d:00)",
    "time": r"[01]\d:[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]0\d:00)",
    "duration": r"P[1-9]\d*D|P[1-9]\d*Y[1-9]\d*M[1-9]\d*DT[1-9]\d*H[1-9]\d*M[1-9]\d*S",
    "json-pointer": r"/[a-z]*(/[a-z]+)*",
    "relative-json-pointer": r"[1-9](/[a-z]+)*",
    "regex": r"[a-z]+",
    "email": r"[a-z]+@[a-z]+\.(com|org|net)",
    "hostname": r"[a-z]+\.(com|org|net)",
    "byte": r"[A-Za-z0-9+/]+",
    "uri": _URI,
    "url": _URI,
    "phone": r"\+1[2-9]\d{5,}",
    "password": r"[a-z]+[A-Za-z0-9]*\d+|[A-Za-z0-9]+",
    "decimal": r"[1-9]\d*|[1-9]\d*\.\d+",
    "color": r"#[0-9a-f]+",
}
# Texts in no format that have none of what words have.
OTHER_SHAPE = r"\d+|[A-Z]+|[-+*/=]+"
FRACTION = re.compile(r"\.[0-9]+")


def make_string(constraints: Constraints, name: str, rng: random.Random, attempt: int) -> str:
    """A string that satisfies the constraints, for a property called `name`. Raises CannotGenerate."""
    shortest, longest = constraints.minimum("minLength"), constraints.maximum("maxLength")
    if longest is not None and shortest > longest:
        raise CannotGenerate(constraints.address, f"minLength is {shortest}, but maxLength only {longest}")
    if shortest > LENGTH_LIMIT:
        raise CannotGenerate(constraints.address, f"minLength is {shortest:,}, and the limit {LENGTH_LIMIT:,}")
    patterns = [pattern for pattern in constraints.values("pattern") if isinstance(pattern, str)]
    formats = [form for form in constraints.values("format") if isinstance(form, str)]

    def is_valid(text: str) -> bool:
        return (
            all(matches_pattern(pattern, text) for pattern in patterns)
            and all(_has_format(form, text) for form in formats)
            and shortest <= len(text)
            and (longest is None or len(text) <= longest)
        )

    for number in range(min(ATTEMPT_LIMIT, 1 + LENGTH_LIMIT // max(shortest, 1)) if patterns or formats else 1):
        text = _write(constraints, name, rng, attempt + number, patterns, formats)
        written = next(filter(is_valid, [text, *(_rewrite(text) if formats else [])]), None)
        if written is not None:
            return written
    by_format = chain(_shape(formats, rng, shortest, longest), _combine(patterns, formats, rng))
    if (other := next(filter(is_valid, chain(by_format, _join(patterns, shortest, rng))), None)) is not None:
        return other
    rules = [f"the pattern {pattern}" for pattern in patterns] + [f"the format {form}" for form in formats]
    length = f"{shortest} to {longest}" if longest is not None else f"at least {shortest}"
    reason = f"no string of {length} characters was found that matches {' and '.join(rules)}"
    raise CannotGenerate(constraints.address, reason)


def _write(
    constraints: Constraints, name: str, rng: random.Random, attempt: int, patterns: list[str], formats: list[str]
) -> str:
    """A string that should satisfy the constraints; each attempt tries another way. Raises CannotGenerate."""
    # Faker is slow to import, and most contracts bring their own examples.
    from mockserver.generate.realistic import BY_FORMAT, make_text

    shortest, longest = constraints.minimum("minLength"), constraints.maximum("maxLength")
    form = next((form for form in formats if form in BY_FORMAT), None)
    if patterns and (form is None or attempt % 4):
        pattern = patterns[attempt % len(patterns)]
        try:
            return write_match(pattern, rng, shortest, longest, attempt)
        except UnsupportedPattern as error:
            raise CannotGenerate(constraints.address, f"the pattern {pattern} is not supported: {error}") from None
    if not patterns and attempt >= OTHER_SHAPES_FROM and (form is None or form in SHAPES):
        return write_match(SHAPES[form] if form is not None else OTHER_SHAPE, rng, shortest, longest, attempt)
    is_base64 = form is None and "base64" in constraints.values("contentEncoding")
    if is_base64 or (form == "byte" and (shortest or longest is not None)):
        return _base64(shortest, longest, rng)
    if attempt > 1 and form is None and shortest <= 8:
        return pick_word(rng)[: longest if longest is not None else None]
    return _fit_length(make_text(name, form, rng), form, shortest, longest, rng)


def _rewrite(text: str) -> list[str]:
    """The text as others write the same format: in capital letters, or an instant in seconds or microseconds."""
    return [text.upper(), FRACTION.sub("", text), FRACTION.sub(lambda fraction: f"{fraction[0]:0<7}", text)]


def _shape(formats: list[str], rng: random.Random, shortest: int, longest: int | None) -> Iterator[str]:
    """Texts of the formats that are as long as is required."""
    for form in [form for form in formats if form in SHAPES]:
        for number in range(ATTEMPT_LIMIT):
            yield write_match(SHAPES[form], rng, shortest, longest, number)


def _join(patterns: list[str], shortest: int, rng: random.Random) -> Iterator[str]:
    """Matches of the patterns, one after the other, in every order."""
    if not 1 < len(patterns) <= JOINED_LIMIT:
        return
    for number, order in enumerate([*permutations(patterns)] * JOINED_ATTEMPTS):
        length = -(-shortest // len(patterns)) if number % 2 else 0
        with suppress(UnsupportedPattern):
            yield "".join(write_match(pattern, rng, length, attempt=number) for pattern in order)


def _combine(patterns: list[str], formats: list[str], rng: random.Random) -> Iterator[str]:
    """Texts of a format whose start or end is replaced by a match of a pattern."""
    from mockserver.generate.realistic import BY_FORMAT, make_text

    for form in [form for form in formats if form in BY_FORMAT]:
        text = make_text("", form, rng)
        for pattern in patterns:
            try:
                match = write_match(pattern, rng)
            except UnsupportedPattern:
                continue
            for position in range(len(text) + 1):
                yield match + text[position:]
                yield text[: len(text) - position] + match


def _fit_length(text: str, form: str | None, shortest: int, longest: int | None, rng: random.Random) -> str:
    """The text extended or cut to the required length, as far as its format allows."""
    if form is None or form in EXTENDABLE:
        text = _with_words(text, EXTENDABLE.get(form or "", " "), shortest, rng)
    if form in LENGTHENED_AFTER and len(text) < shortest:
        start, mark, rest = text.rpartition(LENGTHENED_AFTER[form]) if LENGTHENED_AFTER[form] else ("", "", text)
        text = f"{start}{mark}{_with_words('', '.', max(1, shortest - len(text) - 1), rng)}.{rest}"
    if longest is None or len(text) <= longest:
        return text
    if form is None:
        cut = text[:longest]
        # Cut between two words if enough is left.
        whole_words = cut.rpartition(" ")[0]
        if text[longest] != " " and len(whole_words) >= max(shortest, longest // 2, 1):
            return whole_words
        # A header would lose a space at its end.
        return cut if not cut.endswith(" ") else cut[:-1] + rng.choice(ascii_lowercase)
    if form in TRUNCATABLE:
        return text[:longest]
    short = SHORTEST.get(form, text)
    letters = "".join(rng.choices(ascii_lowercase, k=shortest - len(short)))
    return short + letters if form in EXTENDABLE else letters + short


def _with_words(text: str, separator: str, shortest: int, rng: random.Random) -> str:
    """The text, followed by as many words as it needs to be that long; a long one repeats itself."""
    while len(text) < min(shortest, REPEATED_LENGTH):
        text += f"{separator}{pick_word(rng)}" if text else pick_word(rng)
    return separator.join([text] * -(-(shortest + 1) // (len(text) + 1))) if len(text) < shortest else text


def _base64(shortest: int, longest: int | None, rng: random.Random) -> str:
    wanted_bytes = max(3, -(-shortest // 4) * 3)
    size = wanted_bytes if longest is None else max(0, min(wanted_bytes, longest // 4 * 3))
    return b64encode("".join(pick_word(rng) for _ in range(size // 4 + 1)).encode()[:size]).decode()


def _has_format(form: str, text: str) -> bool:
    return bool(keyword_validator("format", form).is_valid(text))
