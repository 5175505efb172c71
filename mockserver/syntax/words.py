"""What names say of each other: `petId` in `/pets/{petId}` names the `id` of a pet, `userId` before it an owner's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Names that say nothing without what they belong to.
GENERAL = frozenset({"id", "key", "name", "slug", "uuid", "code", "number"})


def words(name: str) -> list[str]:
    """The words of a name, in small letters, however they are joined."""
    return [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


def plain(name: str) -> str:
    """A name without regard to case and to how its words are joined."""
    return "".join(words(name))


def singulars(plural: str) -> tuple[str, ...]:
    """What one of a collection may be called, in plain form: what it is called itself first."""
    name = plain(plural)
    found = [name]
    found += [name[:-3] + "y"] if name.endswith("ies") else []
    found += [name[:-2]] if name.endswith(("ses", "xes", "zes", "ches", "shes")) else []
    found += [name[:-1]] if name.endswith("s") else []
    return tuple(found)


def key_field(parameter: str, segment: str, fields: Iterable[str]) -> str | None:
    """The field that the last parameter of `/…/segment/{parameter}` holds: of its name, or of the end of it."""
    known = _by_plain_name(fields)
    return next((known[name] for name in _key_names(parameter, segment) if name in known), None)


def _key_names(parameter: str, segment: str) -> Iterator[str]:
    parts, name = words(parameter), plain(parameter)
    for start in range(len(parts)):
        yield "".join(parts[start:])
    for one in singulars(segment):
        if name == one:
            yield "id"
        elif name.startswith(one):
            yield name[len(one) :]


def owner_field(parameter: str, segment: str, fields: Iterable[str], key: str) -> str | None:
    """The field that a parameter before the last holds, `segment` standing before it: `user_id` in `/users/{id}/…`."""
    known = _by_plain_name(one for one in fields if one != key)
    return next((known[name] for name in _owner_names(parameter, segment) if name in known), None)


def _owner_names(parameter: str, segment: str) -> Iterator[str]:
    name = plain(parameter)
    if name not in GENERAL:
        yield name
    for one in reversed(singulars(segment)):
        yield one + name
        yield one + "id"
        yield one


def _by_plain_name(fields: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in fields:
        found.setdefault(plain(one), one)
    return found
