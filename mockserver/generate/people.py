"""Names of people and things: whose name a `name` is, and what a person's members have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mockserver.generate.vocabulary import THING_NAME
from mockserver.syntax.words import normalize, singular_forms, split

# What people are called by what they do.
PEOPLE = frozenset({
    "user", "customer", "author", "owner", "person", "employee", "member", "contact", "client", "patient", "student",
    "teacher", "doctor", "guest", "assignee", "reporter", "creator", "recipient", "sender", "manager", "driver",
    "player", "artist", "actor", "director", "seller", "buyer", "friend", "profile", "subscriber", "candidate",
    "applicant", "attendee", "participant", "speaker", "instructor", "tutor", "child", "parent", "spouse", "agent",
    "reviewer", "approver", "editor", "passenger", "traveler", "traveller", "holder", "cardholder", "contributor",
    "follower", "admin", "administrator", "colleague", "worker", "lead", "shopper", "commenter", "writer", "human",
})  # fmt: skip
# Words before `name` that say which of a person's names it is.
KINDS_OF_NAME = frozenset({"full", "display", "real", "preferred", "legal", "screen", "public"})
# What is called like something else whose names are known, by the words for it.
CALLED_LIKE: Mapping[str, str] = {
    **dict.fromkeys(
        ("company", "organization", "organisation", "employer", "vendor", "supplier", "merchant", "business", "agency",
         "publisher", "manufacturer", "airline", "shop", "store"),
        "company",
    ),
    "city": "city", "country": "country", "state": "state", "province": "state", "color": "color", "colour": "color",
    "language": "language", "currency": "currency", "tag": "tag", "label": "label", "job": "job", "domain": "domain",
    "host": "host", "street": "street",
}  # fmt: skip
# Members of what is no person, and of people.
OF_THINGS = frozenset({
    "price", "unitprice", "sku", "barcode", "stock", "quantity", "brand", "productid", "category", "categoryid", "slug",
    "parentid", "tags",
})  # fmt: skip
OF_PEOPLE = frozenset({
    "firstname", "lastname", "givenname", "familyname", "surname", "username", "birthdate", "dateofbirth", "birthday",
    "gender", "jobtitle", "bio", "following", "followers",
})  # fmt: skip
# Members that people and places have, and those that places have besides.
ADDRESSES = frozenset({"email", "emailaddress"})
OF_PLACES = frozenset({"address", "street", "city", "zip", "postcode", "website", "latitude", "lat", "location"})
# Members that say where in the country of the other parts of an address something is.
OF_ADDRESSES = frozenset({"state", "province", "zip", "zipcode", "postcode", "postalcode"})
# The last words of a person's members, by what they hold.
_WORDS_BY_ROLE: Mapping[str, tuple[str, ...]] = {
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "family name", "surname"),
    "full": ("name", "full name", "fullname", "display name", "displayname"),
    "user": ("username", "user name", "login"),
    "email": ("email", "email address"),
    "initials": ("initials",),
    "birth": ("birth date", "birthdate", "date of birth", "birthday"),
    "age": ("age",),
}
ROLES = {tuple(words.split()): role for role, several in _WORDS_BY_ROLE.items() for words in several}
# The places of schemas that have names.
COMPONENT = re.compile(r"/(?:components/schemas|definitions|\$defs)/([^/]+)")
# The year before the default start of a scenario's clock.
PRESENT_YEAR = 2025


def whose_name(schemas: Iterable[str], members: Iterable[str]) -> str:
    """What says more than `name`, of an object whose schemas and members have these names: `thing_name`, `company`.

    It is `name` where the object is a person, or where nothing is known of it.
    """
    words = [form for schema in schemas for form in _last_word(schema)]
    names = {normalize(name) for name in members}
    like = next((CALLED_LIKE[word] for word in words if word in CALLED_LIKE), None)
    if like is not None:
        return like
    if not PEOPLE.isdisjoint(words):
        return "name"
    if names & OF_THINGS:
        return THING_NAME
    is_person = names & OF_PEOPLE or (names & ADDRESSES and not names & OF_PLACES)
    return THING_NAME if words and not is_person else "name"


def whose_country(name: str, members: Iterable[str]) -> str:
    """The name of a country's name: that of the country in which all generated states and postcodes are."""
    is_of_address = any(normalize(member) in OF_ADDRESSES for member in members)
    return {"country": "home_country", "countrycode": "home_country_code"}[normalize(name)] if is_of_address else name


def meaning_of_name(name: str) -> str | None:
    """Whose name a member such as `company_name` holds; None for members of other names."""
    *parts, last = split(name) or [""]
    if last != "name" or not parts:
        return None
    word = parts[-1]
    if word in PEOPLE or word in KINDS_OF_NAME:
        return "name"
    return CALLED_LIKE.get(word, THING_NAME)


@lru_cache(maxsize=4_096)
def _last_word(schema: str) -> tuple[str, ...]:
    """The forms of the last word of a schema's name or address: those of `user` for `NewUser` and `users.json`."""
    address, _, pointer = schema.partition("#")
    component = COMPONENT.fullmatch(pointer)
    if pointer and component is None:
        return ()
    name = component[1] if component is not None else re.sub(r"\.(json|ya?ml)$", "", address.rpartition("/")[2])
    parts = [part for part in split(name) if not part.isdigit()]
    return singular_forms(parts[-1]) if parts else ()


def person_values(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the members of a person, as far as they follow from others: the full name, the e-mail address, the age.

    People are told apart by what their members begin with: `customer_name` and `customer_email`.
    """
    people: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name, value in members.items():
        person, role = _role(name)
        if role and isinstance(value, str | int):
            people.setdefault(person, {}).setdefault(role, []).append(name)
    for roles in people.values():
        values = {role: str(members[names[0]]) for role, names in roles.items()}
        follow = _follow_from_names(values)
        if re.match(r"[0-9]{4}-", values.get("birth", "")):
            follow["age"] = PRESENT_YEAR - int(values["birth"][:4])
        for role, value in follow.items():
            yield from ((name, value) for name in roles.get(role, ()) if type(members[name]) is type(value))


def _follow_from_names(values: Mapping[str, str]) -> dict[str, str | int]:
    """What follows from the first and the last name, or from a full name of two words."""
    names = [values["first"], values["last"]] if {"first", "last"} <= values.keys() else values.get("full", "").split()
    first, last = (_plain(name) for name in names) if len(names) == 2 else ("", "")
    if not (first and last):
        return {}
    return {
        "full": " ".join(names),
        "user": f"{first[0]}{last}",
        "email": f"{first}.{last}@example.com",
        "initials": f"{first[0]}{last[0]}".upper(),
    }


def _plain(name: str) -> str:
    """A name in small letters from a to z."""
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", name.lower()))


@lru_cache(maxsize=4_096)
def _role(name: str) -> tuple[tuple[str, ...], str]:
    """Whose member it is, and what it holds; the latter is empty for members that are of no person."""
    parts = tuple(split(name))
    for start in range(len(parts)):
        role = ROLES.get(parts[start:])
        if role is not None:
            person = parts[:start]
            is_of_person = not person or person[-1] in PEOPLE
            return person, role if is_of_person else ""
    return (), ""
