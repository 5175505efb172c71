"""The words of identifiers, and what they say of each other: `petId` in `/pets/{petId}` names the `id` of a pet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

# Names that say nothing without the name of what they belong to.
GENERIC_NAMES = frozenset({"id", "key", "name", "slug", "uuid", "code", "number"})
# What a key is usually called, the likeliest name first; then words with which only parameters name a key.
IDENTIFIERS = ("id", "identifier", "uuid", "guid", "uid", "sid")
KEY_NAMES = (*IDENTIFIERS, "key", "slug", "code", "number", "handle", "name")
KEY_WORDS = frozenset({*KEY_NAMES, "ids", "ident", "ref", "reference", "no", "num", "nr", "pk"})
IRREGULAR_PLURALS = {"people": "person", "children": "child", "men": "man", "women": "woman", "indices": "index"}


def split(name: str) -> list[str]:
    """The words of a name in lower case, whether they are joined by case, underscores or anything else."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


@lru_cache(maxsize=4096)
def normalize(name: str) -> str:
    """A name without separators and in lower case: `petId`, `pet_id` and `PetID` are all `petid`."""
    return "".join(split(name))


@lru_cache(maxsize=4096)
def singular_forms(plural: str) -> tuple[str, ...]:
    """What one item of a collection may be called, normalized: the name of the collection itself first."""
    name = normalize(plural)
    forms = [name]
    forms += [name[:-3] + "y"] if name.endswith("ies") else []
    forms += [name[:-2]] if name.endswith(("ses", "xes", "zes", "ches", "shes")) else []
    forms += [name[:-1]] if name.endswith("s") else []
    forms += [name[: -len(ending)] + IRREGULAR_PLURALS[ending] for ending in IRREGULAR_PLURALS if name.endswith(ending)]
    return tuple(forms)


def names_state(name: str) -> bool:
    """Whether a name is that of a state: `status` or `order_state`."""
    return split(name)[-1:] in (["status"], ["state"])


def name_the_same(segment: str, other: str) -> bool:
    """Whether two names are those of one kind of thing: `category` and `categories`."""
    return not set(singular_forms(segment)).isdisjoint(singular_forms(other))


def find_respelled(names: AbstractSet[str], fields: AbstractSet[str]) -> dict[str, str]:
    """The fields by the names that are the same but for their spelling, where there is one of each."""
    spellings: dict[str, list[str]] = {}
    for field in sorted(fields):
        spellings.setdefault(normalize(field), []).append(field)
    others = sorted(names - fields)
    normalized = [normalize(name) for name in others]
    candidates = {name: spellings.get(form, []) for name, form in zip(others, normalized, strict=True) if form}
    return {
        name: same[0]
        for name, same in candidates.items()
        if len(same) == 1 and same[0] not in names and normalized.count(normalize(name)) == 1
    }


def find_key_field(parameter: str, segment: str, fields: Iterable[str]) -> str | None:
    """The field that the last parameter of `/…/segment/{parameter}` holds: `userId` or `id` for `{userId}`."""
    fields_by_name = _by_normalized_name(fields)
    return next((fields_by_name[name] for name in _key_names(parameter, segment) if name in fields_by_name), None)


def find_usual_key_field(parameter: str, segment: str, fields: Iterable[str]) -> str | None:
    """The field that is usually the key, where the last parameter of a path stands for a key by another name.

    `id` or `name` for `{serviceIdentifier}` in `/services/{serviceIdentifier}`.
    """
    fields_by_name, singulars, name = _by_normalized_name(fields), singular_forms(segment), normalize(parameter)
    if split(parameter)[-1:] and split(parameter)[-1] not in KEY_WORDS and not name.startswith(singulars):
        return None
    names = [prefix + key for key in KEY_NAMES for prefix in (*singulars, "")]
    return next((fields_by_name[name] for name in names if name in fields_by_name), None)


def find_identifier(segment: str, fields: Iterable[str]) -> str | None:
    """The field that identifies the items of a collection, where no parameter says which one it is."""
    fields_by_name = _by_normalized_name(fields)
    names = [prefix + name for prefix in ("", *singular_forms(segment)) for name in IDENTIFIERS]
    return next((fields_by_name[name] for name in names if name in fields_by_name), None)


def _key_names(parameter: str, segment: str) -> Iterator[str]:
    """The whole parameter, its last words, then what remains of it without the name of the collection's item."""
    parts, name = split(parameter), normalize(parameter)
    for start in range(len(parts)):
        yield "".join(parts[start:])
    for singular in singular_forms(segment):
        if name == singular:
            yield "id"
        elif name.startswith(singular):
            yield name[len(singular) :]


def find_owner_field(parameter: str, segment: str, fields: Iterable[str], key: str) -> str | None:
    """The field that a parameter before the last one holds, `segment` preceding it: `user_id` in `/users/{id}/…`."""
    fields_by_name = _by_normalized_name(field for field in fields if field != key)
    return next((fields_by_name[name] for name in _owner_names(parameter, segment) if name in fields_by_name), None)


def _owner_names(parameter: str, segment: str) -> Iterator[str]:
    name = normalize(parameter)
    if name not in GENERIC_NAMES:
        yield name
    for singular in reversed(singular_forms(segment)) if segment else ():
        yield singular + name
        yield singular + "id"
        yield singular


def _by_normalized_name(fields: Iterable[str]) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for field in fields:
        by_name.setdefault(normalize(field), field)
    return by_name
