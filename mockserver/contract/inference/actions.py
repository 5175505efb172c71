"""Actions on a record, such as `POST /things/{id}/archive`: what they set, judged by the names of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.effects import NOW
from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.inference.operations import infer_body, infer_response, returns_record
from mockserver.contract.selecting_parameters import is_instant
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words

# What undoes the rest of the word: `unarchive`, `deactivate`, `disable`.
NEGATIONS = ("un", "de", "dis")
# What another word undoes.
OPPOSITES: Mapping[str, tuple[str, ...]] = {
    "disable": ("enable",), "restore": ("delete", "archive", "trash"),
    "reopen": ("close", "resolve", "complete", "finish"),
    "resume": ("pause", "suspend"),
}  # fmt: skip
IRREGULAR = {
    "pay": "paid", "send": "sent", "hold": "held", "hide": "hidden", "freeze": "frozen", "activate": "active",
    "disable": "disabled", "begin": "begun", "make": "made", "withdraw": "withdrawn", "complete": "complete",
}  # fmt: skip
# What a status may be called besides, where none of its values has the form of the verb.
STATUSES: Mapping[str, tuple[str, ...]] = {
    "start": ("inprogress", "running", "active"), "begin": ("inprogress", "running", "active"),
    "complete": ("done", "finished"), "finish": ("done", "completed", "complete"),
    "reopen": ("open", "opened"), "resume": ("active", "running", "inprogress"), "enable": ("active",),
    "unarchive": ("active",),
    "unpublish": ("draft",), "disable": ("inactive",), "deactivate": ("inactive", "disabled"), "close": ("done",),
    "resolve": ("done", "closed"), "stop": ("inactive",), "accept": ("approved",),
    "decline": ("rejected",), "deny": ("rejected", "declined"), "approve": ("accepted",), "reject": ("declined",),
}  # fmt: skip
# Words before the one that says what is done: `mark-as-read`.
INTRODUCTIONS = ("markas", "mark", "setas")
# Words before the name of what the body sets: `change-email`.
SETTING = ("set", "change", "update", "edit")
# As many letters a word and a field have in common at their beginning if it is about the field: `assign`, `assignee`.
STEM = 4


def infer_action(segment: str, operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation at a word below a record's path; None if nothing is known of what it does.

    It sets what the word names: a boolean, one of the values of a status, or a time; and it writes the members of its
    body, if one of them is named like the word, or refers to another record. Where there is nothing of the kind, it
    returns the record as it is.
    """
    if operation.success() is None:
        return None
    is_undone = operation.method == "DELETE"
    word = words.normalize(segment)
    word = next((word.removeprefix(start) for start in INTRODUCTIONS if word.startswith(start)), word) or word
    values = dict(_values(word, collection, is_undone=is_undone))
    values = values or dict(_values_of_part(segment, collection, is_undone=is_undone))
    values = values or dict(_other_flags(word, collection, is_undone=is_undone))
    is_record = returns_record(operation, collection)
    body = infer_body(operation, collection) if values or (is_record and not is_undone) else None
    if not values and (body is None or not _sets_body(word, body, operation, collection)):
        response = infer_response(operation, 200, collection) if is_record and not is_undone else None
        return {"read": collection.name, **response} if response is not None else None
    response = infer_response(operation, 200, collection)
    if response is None:
        response = {"returns": "key"}
    return {"update": collection.name, **({"set": values} if values else {}), **(body or {}), **response}


def _sets_body(word: str, body: Entry, operation: Operation, collection: Collection) -> bool:
    """Whether an action writes the members of its body that are fields, by the name of one of them."""
    media = json_media_type(operation.body)
    if media is None:
        return False
    shape = media.shape.member(body["body"]) if "body" in body else media.shape
    fields = {words.normalize(name): name for name in collection.shape.names - {collection.key}}
    # What lists of the body do, such as `assignees`, is not known: add, remove or replace.
    simple = [name for name in shape.names if not shape.member(name).types & COMPOUND]
    shared = [words.normalize(name) for name in simple if words.normalize(name) in fields]
    named = [word.removeprefix(start) for start in SETTING if word.startswith(start)]
    is_about = any(name[:STEM] == word[:STEM] and len(name) >= STEM for name in shared)
    refers = any(words.split(fields[name])[-1:] == ["id"] for name in shared)
    return bool(shared) and (is_about or refers or any(name in shared for name in named))


def _values_of_part(segment: str, collection: Collection, *, is_undone: bool) -> Iterator[tuple[str, Any]]:
    """The values that an action with a noun sets: `verify-email` sets `email_verified`."""
    verb, *noun = words.split(segment) or [""]
    return _values(verb, collection, "".join(noun), is_undone=is_undone) if noun else iter(())


def _values(word: str, collection: Collection, noun: str = "", *, is_undone: bool) -> Iterator[tuple[str, Any]]:
    """The fields that a verb sets, with an optional noun, and the value of each."""
    done_forms = {noun + form for form in _forms(word)}
    undone = [word[len(negation) :] for negation in NEGATIONS if word.startswith(negation)]
    opposite = {noun + form for verb in (*undone, *OPPOSITES.get(word, ())) for form in _forms(verb)}
    events = {_event(field) for field in collection.shape.names if _is_time(field, collection.shape.member(field))}
    # Beside `canceled_at`, `cancel_at` is when that is to happen.
    planned = {noun + word} if events & done_forms - {noun + word} else frozenset[str]()
    for field in sorted(collection.shape.names):
        shape, name = collection.shape.member(field), words.normalize(field)
        if field == collection.key:
            continue
        if "boolean" in shape.types and not shape.types - {"boolean", "null"}:
            plain = name.removeprefix("is")
            if plain in done_forms or name in done_forms:
                yield field, not is_undone
            elif plain in opposite and not is_undone:
                yield field, False
        elif words.names_state(field) and not is_undone:
            value = _status(word, done_forms, shape)
            if value is not None:
                yield field, value
        elif _is_time(field, shape):
            event = _event(field)
            if event in planned:
                continue
            if event in done_forms and not is_undone:
                yield field, NOW
            elif (event in done_forms or event in opposite) and "null" in shape.types:
                yield field, None


def _other_flags(word: str, collection: Collection, *, is_undone: bool) -> Iterator[tuple[str, bool]]:
    """The booleans named like a status that the verb leads to, and the value of each.

    `complete` leads to `done`, and what undoes it away from that.
    """
    undone = [word[len(negation) :] for negation in NEGATIONS if word.startswith(negation)]
    reached = set(STATUSES.get(word, ()))
    left = {name for verb in (*undone, *OPPOSITES.get(word, ())) for name in STATUSES.get(verb, ())}
    for field in sorted(collection.shape.names - {collection.key}):
        name = words.normalize(field).removeprefix("is")
        if collection.shape.member(field).types - {"null"} != {"boolean"}:
            continue
        if name in reached:
            yield field, not is_undone
        elif name in left and not is_undone:
            yield field, False


def _status(word: str, done_forms: set[str], shape: Shape) -> str | None:
    """The value of a status that is the one after something has been done."""
    values = [value for value in shape.enum_values or () if isinstance(value, str) and not value.startswith("$")]
    for names in (done_forms, STATUSES.get(word, ())):
        fitting = [value for value in values if words.normalize(value) in names]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _is_time(field: str, shape: Shape) -> bool:
    """Whether a field holds the time of what its name says: `published_at`."""
    is_number = shape.types - {"null"} == {"integer"}
    return words.split(field)[-1:] in (["at"], ["on"]) and (is_number or (is_instant(shape) and _is_simple(shape)))


def _event(field: str) -> str:
    """What has happened at the time in a field: `published` at that in `published_at`."""
    return "".join(words.split(field)[:-1])


def _is_simple(shape: Shape) -> bool:
    return not shape.types & COMPOUND and "string" in shape.types


def _forms(verb: str) -> Iterator[str]:
    """What something is when a verb has been done to it: `archived`, `cancelled` and `canceled`, `active`."""
    yield verb
    if verb in IRREGULAR:
        yield IRREGULAR[verb]
    if verb.endswith("e"):
        yield f"{verb}d"
    elif verb.endswith("y"):
        yield f"{verb[:-1]}ied"
    else:
        yield f"{verb}ed"
        yield f"{verb}{verb[-1:]}ed"
