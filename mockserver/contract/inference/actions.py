"""Actions on a record, such as `POST /things/{id}/archive`: what they set, judged by the names of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.inference.operations import infer_response, returns_record
from mockserver.openapi.model import Operation
from mockserver.syntax import words

# What undoes the rest of the word: `unarchive`, `deactivate`, `disable`. `enable` is another word for the opposite.
NEGATIONS = ("un", "de", "dis")
IRREGULAR = {
    "pay": "paid", "send": "sent", "hold": "held", "hide": "hidden", "freeze": "frozen", "activate": "active",
    "disable": "disabled", "begin": "begun", "make": "made", "withdraw": "withdrawn", "complete": "complete",
}  # fmt: skip


def infer_action(segment: str, operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation at a word below a record's path; None if nothing is known of what it does.

    It sets what the word names: a boolean, or one of the values of a status. Where there is nothing of the kind, it
    returns the record as it is.
    """
    if operation.success() is None:
        return None
    is_undone = operation.method == "DELETE"
    values = dict(_values(words.normalize(segment), collection, is_undone=is_undone))
    is_record = returns_record(operation, collection)
    if not values:
        response = infer_response(operation, 200, collection) if is_record and not is_undone else None
        return {"read": collection.name, **response} if response is not None else None
    response = infer_response(operation, 200, collection)
    if response is None:
        response = {"returns": "key"}
    return {"update": collection.name, "set": values, **response}


def _values(word: str, collection: Collection, *, is_undone: bool) -> Iterator[tuple[str, Any]]:
    """The fields that a word is about, each with the value that it sets."""
    done = set(_forms(word))
    opposite = {form for negation in NEGATIONS if word.startswith(negation) for form in _forms(word[len(negation) :])}
    opposite |= {form for form in ("enabled",) if word == "disable"}
    for field in sorted(collection.shape.names):
        shape, name = collection.shape.member(field), words.normalize(field)
        if field == collection.key:
            continue
        if "boolean" in shape.types and not shape.types - {"boolean", "null"}:
            plain = name.removeprefix("is")
            if plain in done or name in done:
                yield field, not is_undone
            elif plain in opposite and not is_undone:
                yield field, False
        elif words.names_state(field) and not is_undone:
            values = [value for value in shape.enum_values or () if isinstance(value, str)]
            fitting = [value for value in values if words.normalize(value) in done]
            if len(fitting) == 1:
                yield field, fitting[0]


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
