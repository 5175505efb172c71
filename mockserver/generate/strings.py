"""Strings: by format, by pattern, or by what a property's name promises, as long as asked for."""

from __future__ import annotations

import random
from base64 import b64encode

from mockserver.generate import patterns
from mockserver.generate.constraints import Constraints, matches
from mockserver.generate.vocabulary import word
from mockserver.schemas.validators import single

TRIES = 40
# Formats that a longer path or a longer text does no harm to.
STRETCHED = {
    "uri": "/",
    "iri": "/",
    "uri-reference": "/",
    "iri-reference": "/",
    "uri-template": "/",
    "json-pointer": "/",
}
LENGTH_LIMIT = 1_000_000


class NoText(Exception):
    """No string was found; the message says for what."""


def text(demand: Constraints, name: str, chance: random.Random, attempt: int) -> str:
    """A string of this demand for a property called `name`. Raises NoText."""
    least, most = demand.least("minLength"), demand.most("maxLength")
    if (most is not None and least > most) or least > LENGTH_LIMIT:
        raise NoText(f"no text has at least {least} and at most {most} characters")
    wanted = [one for one in demand.all("pattern") if isinstance(one, str)]
    forms = [one for one in demand.all("format") if isinstance(one, str)]
    for number in range(TRIES if wanted or forms else 1):
        made = _one(demand, name, chance, attempt + number, wanted, forms)
        if all(matches(one, made) for one in wanted) and all(_is(form, made) for form in forms):
            if least <= len(made) and (most is None or len(made) <= most):
                return made
    asked = [f"the pattern {one}" for one in wanted] + [f"the format {one}" for one in forms]
    raise NoText(f"no text was found for {' and '.join(asked)} with {least} to {most or 'any number of'} characters")


def _one(
    demand: Constraints, name: str, chance: random.Random, attempt: int, wanted: list[str], forms: list[str]
) -> str:
    # Faker is slow to import, and most contracts bring their own examples.
    from mockserver.generate.realistic import BY_FORMAT, text

    least, most = demand.least("minLength"), demand.most("maxLength")
    form = next((one for one in forms if one in BY_FORMAT), None)
    if wanted and (form is None or attempt % 4):
        try:
            return patterns.write(wanted[attempt % len(wanted)], chance, least, most, attempt)
        except patterns.Unsupported as error:
            raise NoText(f"the pattern {wanted[attempt % len(wanted)]} {error}") from None
    if form is None and "base64" in demand.all("contentEncoding"):
        return _encoded(least, most, chance)
    if attempt > 1 and form is None and least <= 8:
        return word(chance)[: most if most is not None else None]
    return _fitted(text(name, form, chance), form, least, most, chance)


def _fitted(made: str, form: str | None, least: int, most: int | None, chance: random.Random) -> str:
    """The text made longer or shorter, where that does no harm to its format."""
    between = STRETCHED.get(form or "", " ")
    while len(made) < least and (form is None or form in STRETCHED):
        made += f"{between}{word(chance)}" if made else word(chance)
    if most is None or len(made) <= most:
        return made
    if form is None:
        cut = made[:most]
        # At the end of a word, where that leaves enough.
        whole = cut.rpartition(" ")[0]
        return whole if made[most] != " " and len(whole) >= max(least, most // 2, 1) else cut
    short = {"uri": "a:b", "iri": "a:b", "email": "a@b.co", "hostname": "a.co", "ipv6": "::1"}.get(form, made)
    return made[:most] if form in ("uri-reference", "iri-reference") and least <= most else short


def _encoded(least: int, most: int | None, chance: random.Random) -> str:
    size = max(3, -(-least // 4) * 3) if most is None else max(0, min(max(3, -(-least // 4) * 3), most // 4 * 3))
    return b64encode("".join(word(chance) for _ in range(size // 4 + 1)).encode()[:size]).decode()


def _is(form: str, made: str) -> bool:
    return bool(single("format", form).is_valid(made))
