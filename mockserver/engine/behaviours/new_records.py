"""Values of a new record: initial ones of fields that clients leave out, and objects in place of names or keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any

from mockserver.contract.model import Resource
from mockserver.schemas.shapes import ALL_TYPES, Shape, type_of
from mockserver.syntax import words

# The last words of the names of counts.
COUNTED = frozenset({
    "count", "likes", "dislikes", "views", "votes", "upvotes", "downvotes", "downloads", "shares", "followers",
    "clicks", "plays", "retries", "attempts",
})  # fmt: skip
# The usual members for the name of an item, and for its key.
NAMING, KEYS = ("name", "title", "label", "text", "value", "slug"), ("id", "uuid", "key", "code")
# The last words of booleans that are false until something happens.
HAPPENED = frozenset({
    "done", "completed", "finished", "read", "seen", "viewed", "opened", "paid", "sent", "delivered", "shipped",
    "archived", "deleted", "removed", "closed", "resolved", "answered", "cancelled", "canceled", "rejected", "approved",
    "accepted", "confirmed", "reviewed", "processed", "failed", "expired", "revoked", "refunded", "redeemed", "used",
    "blocked", "banned", "suspended", "locked", "muted", "pinned", "starred", "liked", "bookmarked", "favorited",
    "favorite", "favourite", "flagged", "reported", "edited", "acknowledged", "dismissed", "checked",
})  # fmt: skip


def empty_values(
    resource: Resource, names: Set[str], is_valid: Callable[[str, Any], bool]
) -> Iterator[tuple[str, Any]]:
    """The initial values of these fields: the default, null, an empty list, 0, or false. Others have none."""
    for name in sorted(names):
        types, schemas = resource.fields.get(name, ALL_TYPES), resource.shape.member(name).unconditional()
        if types == ALL_TYPES or any("const" in schema.value for schema in schemas):
            continue
        defaults = [schema.value["default"] for schema in schemas if "default" in schema.value]
        value = defaults[0] if defaults else _empty_value(name, types)
        if value != () and is_valid(name, value):
            yield name, value


def _empty_value(name: str, types: frozenset[str]) -> Any:
    """The initial value of a field; an empty tuple if it has none."""
    ending = words.split(name)[-1:]
    if "integer" in types and not COUNTED.isdisjoint(ending):
        return 0
    if "null" in types:
        return None
    if types == {"boolean"} and not HAPPENED.isdisjoint(ending):
        return False
    return [] if types == {"array"} else ()


def as_objects(value: Any, items: Shape) -> Any:
    """A list of names or keys as a list of objects with these, if the field holds objects; else the value."""
    if not isinstance(value, list) or "object" not in items.types:
        return value
    return [{name: item} if (name := _member_for(item, items)) is not None else item for item in value]


def _member_for(item: Any, items: Shape) -> str | None:
    """The member of an object that holds such a text or number: a name or a key."""
    if isinstance(item, dict | list | bool) or item is None:
        return None
    usual = NAMING if isinstance(item, str) else KEYS
    named = {words.normalize(name): name for name in sorted(items.names) if type_of(item) in items.member(name).types}
    return next((named[name] for name in (*usual, *KEYS) if name in named), None)
