"""Text that looks like what a property's name and format promise. Faker's data; imported only when needed."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from faker import Faker

from mockserver.engine.words import word

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = 365 * 24 * 3600 * 1000

# The longest suffix of a property's name, in snake case, decides.
BY_NAME: Mapping[str, str] = {
    "email": "safe_email", "first_name": "first_name", "given_name": "first_name", "last_name": "last_name",
    "family_name": "last_name", "full_name": "name", "user_name": "user_name", "username": "user_name",
    "name": "name", "phone": "phone_number", "phone_number": "phone_number", "street": "street_address",
    "address": "street_address", "city": "city", "country": "country", "country_code": "country_code",
    "zip": "postcode", "postcode": "postcode", "postal_code": "postcode", "company": "company",
    "job_title": "job", "url": "uri", "link": "uri", "color": "color_name", "colour": "color_name",
    "currency": "currency_code", "locale": "locale", "language": "language_name", "description": "sentence",
    "summary": "sentence", "title": "catch_phrase", "comment": "sentence", "message": "sentence", "slug": "slug",
    "tag": "word", "label": "word",
}  # fmt: skip


@cache
def _faker() -> Faker:
    return Faker("en_US")


def text(name: str, form: str | None, chance: random.Random) -> str:
    """A string for a property called `name` whose format is `form`."""
    if form is not None and form in BY_FORMAT:
        return BY_FORMAT[form](chance)
    provider = _provider(name)
    if provider is None:
        return word(chance)
    faker = _faker()
    faker.seed_instance(chance.getrandbits(64))
    return str(getattr(faker, provider)())


def _provider(name: str) -> str | None:
    parts = "".join(f"_{one.lower()}" if one.isupper() else one for one in name).replace("-", "_").strip("_").split("_")
    for start in range(len(parts)):
        if (provider := BY_NAME.get("_".join(parts[start:]))) is not None:
            return provider
    return None


def _instant(chance: random.Random) -> datetime:
    return EPOCH + timedelta(milliseconds=chance.randrange(YEAR))


def _date_time(chance: random.Random) -> str:
    return _instant(chance).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _host(chance: random.Random) -> str:
    return f"{word(chance)}.example.com"


BY_FORMAT: Mapping[str, Callable[[random.Random], str]] = {
    "date-time": _date_time,
    "date": lambda chance: _instant(chance).date().isoformat(),
    "time": lambda chance: _instant(chance).time().isoformat(timespec="seconds") + "Z",
    "duration": lambda chance: f"PT{chance.randint(1, 120)}M",
    "email": lambda chance: f"{word(chance)}.{word(chance)}@example.com",
    "idn-email": lambda chance: f"{word(chance)}.{word(chance)}@example.com",
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda chance: f"192.0.2.{chance.randint(1, 254)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randint(1, 0xFFFF):x}",
    "uri": lambda chance: f"https://{_host(chance)}/{word(chance)}",
    "iri": lambda chance: f"https://{_host(chance)}/{word(chance)}",
    "uri-reference": lambda chance: f"/{word(chance)}/{word(chance)}",
    "iri-reference": lambda chance: f"/{word(chance)}/{word(chance)}",
    "uri-template": lambda chance: f"/{word(chance)}/{{id}}",
    "uuid": _uuid,
    "json-pointer": lambda chance: f"/{word(chance)}/{chance.randint(0, 9)}",
    "relative-json-pointer": lambda chance: f"{chance.randint(0, 3)}/{word(chance)}",
    "regex": lambda chance: f"^{word(chance)}$",
    "byte": lambda chance: b64encode(word(chance).encode()).decode(),
}
