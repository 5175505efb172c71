"""Text that looks like what a property's name and format promise. Faker's data; imported only when needed."""

from __future__ import annotations

import random
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

from faker import Faker

from mockserver.generate.vocabulary import word

T = TypeVar("T")
# What is made up has happened in the year before clocks begin, where no scenario says when.
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
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
    "tag": "word", "label": "word", "firstname": "first_name", "lastname": "last_name", "fullname": "name",
    "surname": "last_name", "mobile": "phone_number", "fax": "phone_number", "state": "state", "province": "state",
    "zip_code": "postcode", "organization": "company", "organisation": "company", "employer": "company",
    "website": "uri", "homepage": "uri", "domain": "domain_name", "hostname": "domain_name", "host": "domain_name",
    "ip": "ipv4", "ip_address": "ipv4", "user_agent": "user_agent", "mac": "mac_address", "mac_address": "mac_address",
    "currency_code": "currency_code", "language_code": "language_code", "timezone": "timezone", "time_zone": "timezone",
    "mime_type": "mime_type", "content_type": "mime_type", "file_name": "file_name", "filename": "file_name",
    "iban": "iban", "isbn": "isbn13", "ean": "ean13", "version": "numerify", "notes": "sentence", "note": "sentence",
    "bio": "sentence", "body": "paragraph", "content": "paragraph", "text": "sentence", "subject": "catch_phrase",
    "headline": "catch_phrase", "author": "name", "owner": "name", "job": "job", "profession": "job",
    "image": "image_url", "image_url": "image_url", "avatar": "image_url", "avatar_url": "image_url",
    "thumbnail": "image_url", "license_plate": "license_plate", "ssn": "ssn",
}  # fmt: skip
# As formats, so that they look the same with and without one.
TIMES = {
    "at": "date-time",
    "timestamp": "date-time",
    "datetime": "date-time",
    "date": "date",
    "uuid": "uuid",
    "guid": "uuid",
}
# The range of numbers by the longest suffix of a property's name.
NUMBERS: Mapping[str, tuple[float, float]] = {
    "age": (18, 80), "year": (1990, 2026), "month": (1, 12), "day": (1, 28), "hour": (0, 23), "minute": (0, 59),
    "second": (0, 59), "port": (1024, 49151), "percent": (0, 100), "percentage": (0, 100), "progress": (0, 100),
    "rating": (1, 5), "score": (0, 100), "latitude": (-90, 90), "lat": (-90, 90), "longitude": (-180, 180),
    "lng": (-180, 180), "lon": (-180, 180), "price": (1, 400), "amount": (1, 400), "quantity": (1, 20),
    "count": (0, 50), "total": (1, 100), "page": (1, 10), "limit": (10, 100), "offset": (0, 100), "id": (1, 9999),
    "width": (16, 1920), "height": (16, 1080), "size": (1, 4096), "position": (1, 20), "priority": (1, 5),
    "created": (1735689600, 1767225600), "updated": (1767225600, 1769904000), "timestamp": (1767225600, 1769904000),
    "created_at": (1735689600, 1767225600), "updated_at": (1767225600, 1769904000),
    "expires_at": (1769904000, 1798761600),
}  # fmt: skip


@cache
def _faker() -> Faker:
    return Faker("en_US")


def text(name: str, form: str | None, chance: random.Random) -> str:
    """A string for a property called `name` whose format is `form`."""
    form = form or _by_suffix(name, TIMES)
    if form is not None and form in BY_FORMAT:
        return BY_FORMAT[form](chance)
    provider = _by_suffix(name, BY_NAME)
    if provider is None:
        return word(chance)
    if provider == "numerify":
        return f"{chance.randint(0, 4)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}"
    faker = _faker()
    faker.seed_instance(chance.getrandbits(64))
    return str(getattr(faker, provider)())


def usual(name: str) -> tuple[float, float] | None:
    """The range that numbers called `name` usually are in."""
    return _by_suffix(name, NUMBERS)


def _by_suffix(name: str, known: Mapping[str, T]) -> T | None:
    """What is known of the longest suffix of a name, its words taken apart."""
    parts = _words(name)
    for start in range(len(parts)):
        if (found := known.get("_".join(parts[start:]))) is not None:
            return found
    return None


@cache
def _words(name: str) -> tuple[str, ...]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name)
    return tuple(apart.lower().strip("_").split("_"))


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
    "url": lambda chance: f"https://{_host(chance)}/{word(chance)}",
    "guid": _uuid,
    "ip": lambda chance: f"192.0.2.{chance.randint(1, 254)}",
    "datetime": _date_time,
    "phone": lambda chance: f"+1-202-555-{chance.randint(100, 9999):04}",
    "color": lambda chance: f"#{chance.randrange(1 << 24):06x}",
    "password": lambda chance: f"{word(chance)}-{word(chance)}-{chance.randint(10, 99)}",
    "int64": lambda chance: str(chance.randint(1, 9999)),
    "decimal": lambda chance: f"{chance.randint(1, 400)}.{chance.randint(0, 99):02}",
    "ulid": lambda chance: "01" + "".join(chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24)),
    "objectid": lambda chance: f"{chance.getrandbits(96):024x}",
}
