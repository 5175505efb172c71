"""Text and ranges of numbers that fit a property's name and format. Imported only when needed: Faker loads slowly."""

from __future__ import annotations

import random
import re
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from string import ascii_letters, ascii_uppercase, digits
from typing import TypeVar

from faker import Faker

from mockserver.generate.chronology import is_birth
from mockserver.generate.people import meaning_of_name
from mockserver.generate.vocabulary import THING_NAME, pick_word
from mockserver.syntax.amounts import CURRENCIES

T = TypeVar("T")
# All amounts have the same, so that they can be added up and compared.
CURRENCY = "USD"
# Generated instants lie in the year before the default start of a scenario's clock.
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
YEAR_MILLISECONDS = 365 * 24 * 3600 * 1000

# Faker's provider by the longest suffix of a property's name in snake case.
PROVIDERS: Mapping[str, str] = {
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
    "website": "uri", "homepage": "uri", "domain": "hostname", "hostname": "hostname", "host": "hostname",
    "ip": "ipv4", "ip_address": "ipv4", "user_agent": "user_agent", "mac": "mac_address", "mac_address": "mac_address",
    "currency_code": "currency_code", "language_code": "language_code", "timezone": "timezone", "time_zone": "timezone",
    "mime_type": "mime_type", "content_type": "mime_type", "file_name": "file_name", "filename": "file_name",
    "iban": "iban", "isbn": "isbn13", "ean": "ean13", "version": "numerify", "notes": "sentence", "note": "sentence",
    "bio": "sentence", "body": "paragraph", "content": "paragraph", "text": "sentence", "subject": "catch_phrase",
    "headline": "catch_phrase", "author": "name", "owner": "name", "job": "job", "profession": "job",
    "image": "image_url", "image_url": "image_url", "avatar": "image_url", "avatar_url": "image_url",
    THING_NAME: THING_NAME, "thumbnail": "image_url", "license_plate": "license_plate", "ssn": "ssn", "sku": "sku",
    "line1": "street_address", "line_1": "street_address", "street1": "street_address", "street_1": "street_address",
    "address1": "street_address", "address_1": "street_address", "line2": "secondary_address",
    "line_2": "secondary_address", "address2": "secondary_address", "address_2": "secondary_address",
    "home_country": "current_country", "home_country_code": "current_country_code", "middle_name": "first_name",
    "nickname": "first_name", "nick_name": "first_name", "company_name": "company", "images": "image_url",
    "photo": "image_url", "photo_url": "image_url", "picture": "image_url", "logo": "image_url", "barcode": "ean13",
    "order_number": "order", "invoice_number": "invoice", "tracking_number": "tracking", "number": "number",
    "house_number": "building_number", "building_number": "building_number", "location": "city",
    "excerpt": "sentence", "caption": "sentence", "question": "sentence", "review": "sentence", "gtin": "ean13",
}  # fmt: skip
# What codes look like: `#` is a digit, `?` a letter.
CODES = {"sku": "???-####", "number": "######", "order": "ORD-####", "invoice": "INV-####", "tracking": "1Z########"}
CODE_CHARACTERS = {"#": digits, "?": ascii_uppercase}
# How old people are.
AGES = (18, 80)
# Formats by the longest suffix of a name, so that a property looks the same with and without `format`.
FORMATS_BY_NAME = {
    "at": "date-time",
    "timestamp": "date-time",
    "datetime": "date-time",
    "date": "date",
    "uuid": "uuid",
    "guid": "uuid",
}
# The usual range of numbers by the longest suffix of a property's name.
RANGES: Mapping[str, tuple[float, float]] = {
    "age": AGES, "year": (1990, 2026), "month": (1, 12), "day": (1, 28), "hour": (0, 23), "minute": (0, 59),
    "second": (0, 59), "port": (1024, 49151), "percent": (0, 100), "percentage": (0, 100), "progress": (0, 100),
    "rating": (1, 5), "score": (0, 100), "latitude": (-90, 90), "lat": (-90, 90), "longitude": (-180, 180),
    "lng": (-180, 180), "lon": (-180, 180), "price": (1, 400), "amount": (1, 400), "quantity": (1, 20), "qty": (1, 20),
    "count": (0, 50), "total": (1, 100), "page": (1, 10), "limit": (10, 100), "offset": (0, 100), "id": (1, 9999),
    "width": (16, 1920), "height": (16, 1080), "size": (1, 4096), "position": (1, 20), "priority": (1, 5),
    "created": (1735689600, 1767225600), "updated": (1767225600, 1769904000), "timestamp": (1767225600, 1769904000),
    "created_at": (1735689600, 1767225600), "updated_at": (1767225600, 1769904000),
    "expires_at": (1769904000, 1798761600), "stock": (0, 200), "inventory": (0, 200), "tax": (1, 40), "vat": (1, 40),
    "shipping": (3, 20), "discount": (1, 20), "rate": (0, 25), "cost": (1, 400), "fee": (1, 40), "weight": (0.1, 40),
    "duration": (1, 120), "reading_time": (1, 15), "minutes": (1, 90), "hours": (1, 40), "days": (1, 30),
    "seconds": (1, 300), "views": (0, 5000), "likes": (0, 500), "downloads": (0, 5000), "followers": (0, 2000),
    "votes": (0, 200), "points": (0, 500), "rank": (1, 100), "level": (1, 10), "order": (1, 20), "index": (0, 20),
    **dict.fromkeys(("per_night", "per_day", "per_hour", "per_month", "per_person"), (10, 400)),
    "revenue": (1000, 100000), "growth": (-20, 40), "budget": (1000, 50000), "salary": (30000, 120000),
    "balance": (0, 5000), "temperature": (-10, 35),
    "humidity": (0, 100), "capacity": (1, 200), "seats": (1, 200), "bedrooms": (1, 5), "bathrooms": (1, 3),
    "guests": (1, 8), "nights": (1, 14), "attempts": (0, 5), "retries": (0, 5), "stars": (1, 5),
}  # fmt: skip


@cache
def _faker() -> Faker:
    return Faker("en_US")


def make_text(name: str, form: str | None, rng: random.Random) -> str:
    """A string for a property called `name` whose format is `form`."""
    form = form or _by_suffix(name, FORMATS_BY_NAME)
    if form == "date" and is_birth(name):
        return (_instant(rng) - timedelta(days=365 * rng.randint(*AGES))).date().isoformat()
    if form is not None and form in BY_FORMAT:
        return BY_FORMAT[form](rng)
    provider = _by_suffix(name, PROVIDERS)
    if provider == "name":
        provider = PROVIDERS[meaning_of_name(name) or "name"]
    if provider is None:
        return pick_word(rng)
    if provider in BY_FORMAT:
        # An address that leads to no host; those of Faker may lead to real ones.
        return BY_FORMAT[provider](rng)
    if provider == "image_url":
        return f"{_uri(rng)}.jpg"
    if provider == THING_NAME:
        return f"{pick_word(rng)} {pick_word(rng)}".title()
    if "".join(_words(name)) in CURRENCIES:
        return CURRENCY
    if provider == "numerify":
        return f"{rng.randint(0, 4)}.{rng.randint(0, 20)}.{rng.randint(0, 20)}"
    if provider in CODES:
        return re.sub(r"[#?]", lambda match: rng.choice(CODE_CHARACTERS[match[0]]), CODES[provider])
    faker = _faker()
    faker.seed_instance(rng.getrandbits(64))
    if provider == "name":
        # Without titles, so that the address of an e-mail can be the same name.
        return f"{faker.first_name()} {faker.last_name()}"
    return str(getattr(faker, provider)())


def usual_range(name: str) -> tuple[float, float] | None:
    """The range that numbers called `name` are usually in."""
    return _by_suffix(name, RANGES)


def _by_suffix(name: str, table: Mapping[str, T]) -> T | None:
    """The entry of the longest suffix of a name, counted in words."""
    words = _words(name)
    for start in range(len(words)):
        if (entry := table.get("_".join(words[start:]))) is not None:
            return entry
    return None


@cache
def _words(name: str) -> tuple[str, ...]:
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name)
    return tuple(separated.lower().strip("_").split("_"))


def _instant(rng: random.Random) -> datetime:
    return EPOCH + timedelta(milliseconds=rng.randrange(YEAR_MILLISECONDS))


def _date_time(rng: random.Random) -> str:
    return _instant(rng).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _host(rng: random.Random) -> str:
    return f"{pick_word(rng)}.example.com"


def _email(rng: random.Random) -> str:
    return f"{pick_word(rng)}.{pick_word(rng)}@example.com"


def _ipv4(rng: random.Random) -> str:
    return f"192.0.2.{rng.randint(1, 254)}"


def _uri(rng: random.Random) -> str:
    return f"https://{_host(rng)}/{pick_word(rng)}"


def _path(rng: random.Random) -> str:
    return f"/{pick_word(rng)}/{pick_word(rng)}"


BY_FORMAT: Mapping[str, Callable[[random.Random], str]] = {
    "date-time": _date_time,
    "date": lambda rng: _instant(rng).date().isoformat(),
    "time": lambda rng: _instant(rng).time().isoformat(timespec="seconds") + "Z",
    "duration": lambda rng: f"PT{rng.randint(1, 120)}M",
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": _ipv4,
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 0xFFFF):x}",
    "uri": _uri,
    "iri": _uri,
    "uri-reference": _path,
    "iri-reference": _path,
    "uri-template": lambda rng: f"/{pick_word(rng)}/{{id}}",
    "uuid": _uuid,
    "json-pointer": lambda rng: f"/{pick_word(rng)}/{rng.randint(0, 9)}",
    "relative-json-pointer": lambda rng: f"{rng.randint(0, 3)}/{pick_word(rng)}",
    "regex": lambda rng: f"^{pick_word(rng)}$",
    "byte": lambda rng: b64encode(pick_word(rng).encode()).decode(),
    "url": _uri,
    "guid": _uuid,
    "ip": _ipv4,
    "datetime": _date_time,
    "phone": lambda rng: f"+1-202-555-{rng.randint(100, 9999):04}",
    "color": lambda rng: f"#{rng.randrange(1 << 24):06x}",
    "password": lambda rng: f"{pick_word(rng)}-{pick_word(rng)}-{rng.randint(10, 99)}",
    **dict.fromkeys(("int16", "int32", "int64", "uint16", "uint32", "uint64"), lambda rng: str(rng.randint(1, 9999))),
    **dict.fromkeys(("int8", "uint8"), lambda rng: str(rng.randint(1, 99))),
    **dict.fromkeys(("double", "float", "decimal128"), lambda rng: f"{rng.randint(1, 400)}.{rng.randint(0, 99):02}"),
    "base64url": lambda rng: urlsafe_b64encode(pick_word(rng).encode()).decode().rstrip("="),
    "char": lambda rng: rng.choice(ascii_letters),
    "date-time-local": lambda rng: _instant(rng).replace(tzinfo=None).isoformat(timespec="seconds"),
    "time-local": lambda rng: _instant(rng).time().isoformat(timespec="seconds"),
    "http-date": lambda rng: format_datetime(_instant(rng), usegmt=True),
    "media-range": lambda rng: rng.choice(("application/json", "text/html", "text/plain", "image/png")),
    "sf-string": lambda rng: f'"{pick_word(rng)}"',
    "sf-token": pick_word,
    "sf-integer": lambda rng: str(rng.randint(1, 9999)),
    "sf-decimal": lambda rng: f"{rng.randint(1, 400)}.{rng.randint(0, 9)}",
    "sf-boolean": lambda rng: f"?{rng.randint(0, 1)}",
    "sf-binary": lambda rng: f":{b64encode(pick_word(rng).encode()).decode()}:",
    "etag": lambda rng: f'"{rng.getrandbits(64):016x}"',
    "mac": lambda rng: ":".join(f"{byte:02x}" for byte in (2, *rng.randbytes(5))),
    "cidr": lambda rng: f"192.0.2.{16 * rng.randint(0, 15)}/28",
    "currency": lambda _: CURRENCY,
    "decimal": lambda rng: f"{rng.randint(1, 400)}.{rng.randint(0, 99):02}",
    "ulid": lambda rng: "01" + "".join(rng.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24)),
    "objectid": lambda rng: f"{rng.getrandbits(96):024x}",
}
