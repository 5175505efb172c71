"""Fills the form that an operation declares for its errors with what a refusal has to say.

The members of a form are recognized by their names: those of RFC 9457 and JSON:API, of Spring, FastAPI, Rails, Django
and the large public APIs. Of an example, only the text, the lists of errors and the status are replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from mockserver.documents.nodes import Node
from mockserver.errors import Violation
from mockserver.schemas.shapes import Shape, type_of
from mockserver.syntax import json_pointer
from mockserver.syntax.words import normalize

# An envelope, a list of errors in it, an error, and its place.
DEPTH_LIMIT = 4
LISTED_LIMIT = 100
# A member whose normalized name ends so holds the text of an error.
TEXT_ENDINGS = ("message", "messages", "msg", "detail", "details", "description", "explanation", "faultstring")
# Members that hold the text where no other member does, the most likely first.
SECOND_TEXTS = ("error", "reason", "issue", "problem", "errors", "text", "cause", "title", "info", "summary")
LISTS = frozenset({
    "errors", "error", "violations", "issues", "problems", "failures", "causes", "fielderrors", "validationerrors",
    "suberrors", "invalidparams", "invalidparameters", "errorlist", "errs", "errormessages", "fieldviolations",
})  # fmt: skip
ENVELOPES = frozenset(
    {"error", "errors", "fault", "problem", "exception", "response", "result", "body", "data", "source"}
)
FIELDS = frozenset({
    "field", "fieldname", "fieldpath", "property", "propertyname", "propertypath", "param", "paramname", "parameter",
    "parametername", "attribute", "attributename", "key", "name", "member", "element", "target", "path", "subject",
})  # fmt: skip
POINTERS = frozenset({"pointer", "jsonpointer", "instancepath", "datapath", "instanceref"})
# Members of an error's place that are for one location alone (JSON:API 1.1, "Error Objects").
PLACES = {"parameter": "query", "header": "header", "cookie": "cookie", "pointer": "body"}
SUCCEEDED = frozenset({"success", "succeeded", "issuccess", "successful", "ok", "valid", "isvalid"})
FAILED = frozenset({"error", "iserror", "failed", "failure", "haserror", "haserrors"})
# What APIs call errors of a status, besides its title and the code of the refusal.
USUAL_CODES: Mapping[int, tuple[str, ...]] = {
    400: ("invalidrequest", "badrequest", "validationerror", "validationfailed", "invalidargument", "invalid"),
    401: ("unauthorized", "unauthenticated", "authenticationerror", "invalidtoken"),
    403: ("forbidden", "permissiondenied", "accessdenied"),
    404: ("notfound", "resourcenotfound"),
    409: ("conflict", "alreadyexists"),
    422: ("validationerror", "validationfailed", "invalidrequest", "invalidargument", "unprocessableentity", "invalid"),
    429: ("toomanyrequests", "ratelimited", "ratelimitexceeded", "resourceexhausted"),
    500: ("internal", "internalerror", "internalservererror", "servererror"),
    503: ("unavailable", "serviceunavailable"),
}  # fmt: skip


class _Absent:
    """No value."""


ABSENT = _Absent()


class ErrorEntry(Struct, frozen=True):
    """One error: that of a whole request, or one `violation` in it."""

    status: int
    title: str
    code: str
    text: str
    violation: Violation | None = None

    @property
    def place(self) -> tuple[str | int, ...]:
        """The path to the place of the violation within its location; indexes are numbers."""
        if self.violation is None:
            return ()
        split = json_pointer.split(self.violation.pointer)
        tokens = [int(token) if json_pointer.INDEX.fullmatch(token) else token for token in split]
        names = [name for name in (self.violation.name, self.violation.missing) if name is not None]
        named = names[:1] if self.violation.name is not None else []
        return (*named, *tokens, *names[len(named) :])

    @property
    def field(self) -> str:
        """The place as one name, its parts joined by dots; the location where there is none."""
        location = self.violation.location if self.violation is not None else ""
        return ".".join(map(str, self.place)) or location


class ErrorForm:
    """Fills declared forms with one refusal, whose `problem` is its problem document.

    `says_why` is whether the latest body has the text of the refusal.
    """

    def __init__(self, problem: Mapping[str, Any], violations: Sequence[Violation]) -> None:
        self._whole = ErrorEntry(problem["status"], problem["title"], problem["code"], problem["detail"])
        self._problem = problem
        self._entries = [
            ErrorEntry(problem["status"], problem["title"], violation.keyword, violation.message, violation)
            for violation in violations[:LISTED_LIMIT]
        ] or [self._whole]
        self.says_why = False

    def fill(self, shape: Shape, example: Any = ABSENT) -> Any:
        """A body of that shape, as far as its members are known; ABSENT if nothing of it is."""
        self.says_why = False
        kind = _kind(shape, example)
        if kind == "object":
            return self._object(shape, example, self._whole, 0)
        if kind == "array":
            return self._list(shape, example, 0)
        if kind == "string" and shape.enum_values is None:
            return self._text(shape, self._whole)
        return self._whole.status if kind == "integer" and _allows(shape, self._whole.status) else example

    def problem(self, shape: Shape, example: Any = ABSENT) -> dict[str, Any]:
        """The problem document with the type of an example, and with the lists of errors that its shape has."""
        self.says_why = True
        body = dict(self._problem)
        if isinstance(example, dict) and example.get("type", "about:blank") != "about:blank":
            body |= {name: example[name] for name in ("type", "title") if name in example}
        if self._entries != [self._whole]:
            for name in _declared_names(shape):
                if name not in body and normalize(name) in LISTS:
                    value = self._member(name, shape.member(name), ABSENT, self._whole, 0, True)
                    body |= {} if value is ABSENT else {name: value}
        return body

    def with_problem(self, body: Any, shape: Shape) -> Any:
        """The body with those members of the problem document beside it that the shape does not declare."""
        if not isinstance(body, dict):
            return body
        added = {name: value for name, value in self._problem.items() if name not in body and name not in shape.names}
        return {**body, **added}

    def _object(self, shape: Shape, example: Any, entry: ErrorEntry, depth: int) -> Any:
        sample = example if isinstance(example, dict) else {}
        names = list(dict.fromkeys([*_declared_names(shape), *sample]))
        if not names:
            return self._by_field(shape, entry)
        # The short text of an example says as much as a refusal that is about no place in the request.
        keeps_short = example is not ABSENT and self._entries == [self._whole]
        endings = TEXT_ENDINGS if entry.violation is not None else (*TEXT_ENDINGS, "reason")
        places = _text_places(names, shape, sample, endings, () if keeps_short else SECOND_TEXTS)
        members: dict[str, Any] = {}
        for name in names:
            # Where nothing here holds a text, an object that does is the error: `{"status": {"message": …}}`.
            is_error = name in places or (not places and _has_text(shape.member(name), sample.get(name, ABSENT)))
            value = self._member(name, shape.member(name), sample.get(name, ABSENT), entry, depth, is_error)
            if name == "type" and value == entry.code and "title" in names and entry.violation is None:
                # RFC 9457, section 4.2.1
                value = "about:blank"
            if value is not ABSENT:
                members[name] = value
        return members

    def _member(self, name: str, shape: Shape, example: Any, entry: ErrorEntry, depth: int, is_text: bool) -> Any:
        kind, normalized = _kind(shape, example), normalize(name)
        if kind == "array" and depth < DEPTH_LIMIT:
            if normalized == "loc" or (normalized in FIELDS and entry.violation is not None):
                return self._location(shape, entry)
            is_list = is_text or normalized in LISTS or _has_text(shape.items, _first_item(example))
            # An error in a list has no list of all errors in it.
            if is_list and entry.violation is None:
                return self._list(shape, example, depth + 1)
            texts = [item.text for item in self._entries if item.field == name and item.violation is not None]
            if _kind(shape.items, _first_item(example)) == "string" and (is_text or texts):
                self.says_why = True
                return [self._text(shape.items, entry)] if is_text else texts
        if kind == "object" and depth < DEPTH_LIMIT and self._is_about_error(normalized, shape, example, is_text):
            filled = self._object(shape, example, entry, depth + 1)
            return filled if filled or isinstance(example, dict) else ABSENT
        if kind not in ("object", "array"):
            if is_text and kind == "string":
                return self._text(shape, entry)
            for value in self._candidates(normalized, entry, example, shape):
                if _allows(shape, value):
                    return value
        if example is not ABSENT:
            return example
        return next(iter(shape.examples), ABSENT)

    def _is_about_error(self, name: str, shape: Shape, example: Any, is_text: bool) -> bool:
        """Whether an object inside an error is a part of it, and not data, or another error that has caused it."""
        if is_text or name in LISTS:
            return True
        return name in ENVELOPES and (bool(shape.names) or isinstance(example, dict))

    def _candidates(self, name: str, entry: ErrorEntry, example: Any, shape: Shape) -> Iterator[Any]:
        """The values that a member of that name may have, the best first."""
        if ("status" in name or name.endswith("httpcode")) and (example is ABSENT or str(example)[:1] in ("4", "5")):
            yield from (entry.status, str(entry.status))
        if name in SUCCEEDED:
            yield False
        if name in FAILED:
            yield True
        violation = entry.violation
        if violation is not None:
            if name in PLACES and violation.location != PLACES[name]:
                return
            if name in POINTERS:
                yield (
                    violation.pointer
                    if violation.missing is None
                    else json_pointer.append(violation.pointer, violation.missing)
                )
            if name in ("location", "in", "locationtype"):
                yield violation.location
            if name in FIELDS:
                yield entry.field
        if example is not ABSENT or (entry.violation is None and name in ("instance", "id")):
            return
        if name in ("title", "error"):
            yield entry.title
        if name.endswith(("code", "type", "error", "status")) or name in (
            "rule",
            "keyword",
            "constraint",
            "validator",
            "reason",
        ):
            yield from _from_enum(shape.enum_values or (), entry)
            yield from (entry.code, entry.status)

    def _text(self, shape: Shape, entry: ErrorEntry) -> str:
        self.says_why = True
        text = entry.text if entry.violation is None else entry.violation.message
        limits = [node.value.get("maxLength") for node in shape.unconditional()]
        longest = min((limit for limit in limits if isinstance(limit, int)), default=len(text))
        return text if len(text) <= longest else f"{text[: max(longest - 1, 0)]}…"[:longest]

    def _list(self, shape: Shape, example: Any, depth: int) -> Any:
        """An array with an item for each violation, or with one for the refusal."""
        sample = _first_item(example)
        kind = _kind(shape.items, sample)
        limits = [node.value.get("maxItems") for node in shape.unconditional()]
        longest = min((limit for limit in limits if isinstance(limit, int)), default=len(self._entries))
        entries = self._entries[:longest]
        if kind == "string":
            self.says_why = True
            if len(self._entries) == 1:
                return [self._whole.text]
            return list(dict.fromkeys(entry.violation.description for entry in entries if entry.violation is not None))
        if kind != "object":
            return example
        if not _declared_names(shape.items) and not isinstance(sample, dict):
            self.says_why = True
            return [
                entry.violation.as_dict()
                if entry.violation is not None
                else {"code": entry.code, "message": entry.text}
                for entry in entries
            ]
        return [self._object(shape.items, sample, entry, depth) for entry in entries]

    def _by_field(self, shape: Shape, entry: ErrorEntry) -> Any:
        """A map of fields to texts, or to lists of them; ABSENT for one that is not about fields."""
        kind = _kind(shape.additional, ABSENT)
        is_plain = shape.additional.types == Shape().types
        by_field: dict[str, list[str]] = {}
        for item in self._entries if entry.violation is None else [entry]:
            by_field.setdefault(item.field or "detail", []).append(item.text)
        if kind == "array" or is_plain:
            self.says_why = True
            return by_field
        if kind == "string":
            self.says_why = True
            return {name: "; ".join(texts) for name, texts in by_field.items()}
        return ABSENT

    def _location(self, shape: Shape, entry: ErrorEntry) -> list[str | int]:
        location = entry.violation.location if entry.violation is not None else "body"
        place = [*((location,) if "string" in shape.items.types else ()), *entry.place]
        return place if "integer" in shape.items.types else [str(token) for token in place]


def is_problem(shape: Shape) -> bool:
    """Whether a shape is that of a problem document (RFC 9457)."""
    return {"title", "detail"} <= shape.names


def variants(schema: Node) -> Iterator[Node]:
    """The alternatives of a schema of errors, each without those that are null; the schema itself if it has none."""
    resolved = schema.resolve()
    for keyword in ("oneOf", "anyOf"):
        branches = resolved.value.get(keyword) if isinstance(resolved.value, dict) else None
        if isinstance(branches, list) and "properties" not in resolved.value:
            for index in range(len(branches)):
                branch = resolved.child(keyword, index)
                if Shape.from_schema(branch).types != {"null"}:
                    yield branch
            return
    yield schema


def _declared_names(shape: Shape) -> list[str]:
    """The declared members, in the order of the schemas."""
    declared = (schema.value.get("properties") for schema, _ in shape.schemas())
    return [name for properties in declared if isinstance(properties, dict) for name in properties]


def _kind(shape: Shape, example: Any) -> str:
    """The JSON type to fill: that of the example, else the most telling one that is allowed."""
    if example is not ABSENT and example is not None and _allows_type(shape, example):
        return type_of(example)
    order = ("object", "array", "string", "integer", "number", "boolean")
    return next((kind for kind in order if kind in shape.types), "null")


def _text_places(
    names: Sequence[str],
    shape: Shape,
    sample: Mapping[str, Any],
    endings: tuple[str, ...],
    second_texts: Sequence[str],
) -> set[str]:
    """The members that hold the text of an error."""
    able = [name for name in names if _can_hold_text(shape.member(name), sample.get(name, ABSENT))]
    places = {name for name in able if normalize(name).endswith(endings)}
    if places:
        return places
    by_name = {normalize(name): name for name in reversed(able)}
    return {by_name[name] for name in [name for name in second_texts if name in by_name][:1]}


def _can_hold_text(shape: Shape, example: Any) -> bool:
    kind = _kind(shape, example)
    return kind in ("object", "array") or (kind == "string" and shape.enum_values is None)


def _has_text(shape: Shape, sample: Any) -> bool:
    """Whether an object has a member that holds the text of an error by its name."""
    names = [*shape.names, *(sample if isinstance(sample, dict) else ())]
    return any(normalize(name).endswith(TEXT_ENDINGS) for name in names)


def _first_item(example: Any) -> Any:
    return example[0] if isinstance(example, list) and example else ABSENT


def _allows_type(shape: Shape, value: Any) -> bool:
    kind = type_of(value)
    return kind in shape.types or (kind == "integer" and "number" in shape.types)


def _allows(shape: Shape, value: Any) -> bool:
    enum = shape.enum_values
    return _allows_type(shape, value) and (enum is None or value in enum)


def _from_enum(values: Sequence[Any], entry: ErrorEntry) -> Iterator[Any]:
    """The value that means this error, of those that are listed."""
    usual = (normalize(entry.code), normalize(entry.title), *USUAL_CODES.get(entry.status, ()))
    for name in usual:
        yield from (value for value in values if isinstance(value, str) and normalize(value) == name)
