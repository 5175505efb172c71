"""Reads overrides: a scenario's `responses` and those that are added at run time have the same form."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract import formats
from mockserver.contract.model import Override
from mockserver.contract.request_conditions import ConditionReader
from mockserver.contract.runtime_expressions import find_embedded, mistake_in, parameter_of
from mockserver.errors import Violation, quote, unknown_name
from mockserver.openapi.content import find_example, holds_value, json_media_type, validate_body
from mockserver.openapi.model import DeclaredResponse, Operation, unknown_operation
from mockserver.syntax.http.header_names import FRAMING
from mockserver.syntax.http.media_types import JSON, OCTETS, best_match, is_text, may_be_json
from mockserver.syntax.http.statuses import BODILESS, FIRST_ERROR
from mockserver.syntax.instants import parse_duration
from mockserver.syntax.json_pointer import escape as escape_pointer

# The `operation` that stands for every one.
EVERY = "*"
# The unknown names that are listed at most: for each, similar ones are looked for.
UNKNOWN_LISTED = 100
WRITING = ("POST", "PUT", "PATCH")
# The members that replace the normal response.
REPLACING = {"status", "body", "body_base64", "example"}
# The members whose texts may have runtime expressions in them.
TEMPLATES = ("body", "patch", "headers", "set")


def read_override(entry: Any, operations: Mapping[str, Operation]) -> tuple[Override | None, list[Violation]]:
    """The override that an entry declares, or what is wrong with the entry."""
    mistakes = formats.violations("override", entry)
    entry = formats.valid_part("override", entry, mistakes)
    if entry is None:
        return None, mistakes
    name = entry["operation"]
    operation = operations.get(name)
    if operation is None and name != EVERY:
        message = unknown_operation(name, operations)
        return None, [*mistakes, Violation("body", "/operation", "operation", message)]
    # To JSON Schema 404.0 is an integer, too.
    entry = {**entry, **{name: int(entry[name]) for name in ("status", "times", "cut_after") if name in entry}}
    override, violations = _read_valid(entry, operation, operations)
    return (None, [*mistakes, *violations]) if mistakes or violations else (override, [])


def _read_valid(
    entry: Mapping[str, Any], operation: Operation | None, operations: Mapping[str, Operation]
) -> tuple[Override, list[Violation]]:
    """The override of an entry whose form is valid, and what is wrong with it for its operation."""
    headers = {
        name: tuple(map(_header_text, values if isinstance(values, list) else [values]))
        for name, values in entry.get("headers", {}).items()
    }
    body = _read_body(entry, operation, headers)
    expressions = [place for name in TEMPLATES for place in find_embedded(entry.get(name), f"/{name}")]
    min_delay, max_delay, delay_violations = _read_delay(entry.get("delay"))
    reader = ConditionReader()
    override = Override(
        operation=operation.id if operation is not None else None,
        where=reader.read_where(entry.get("where", {}), "/where"),
        conditions=reader.read_content(entry["match"], "/match") if "match" in entry else None,
        share=entry.get("share", 1.0),
        status=entry.get("status"),
        headers=headers,
        has_body=body.media_type is not None,
        body=body.value,
        media_type=body.media_type,
        example=entry.get("example"),
        min_delay=min_delay,
        max_delay=max_delay,
        fault=entry.get("fault"),
        times=entry.get("times"),
        commit=entry.get("commit", False),
        violate=entry.get("violate", False),
        upstream="upstream" in entry,
        patches="patch" in entry,
        patch=entry.get("patch"),
        cut_after=entry.get("cut_after"),
        assigned=entry.get("set", {}),
        is_template=bool(expressions),
        entry=entry,
    )
    return override, [
        *body.violations,
        *_check_expressions(expressions, operation),
        *_check_headers(headers),
        *_check_where(entry, operations.values() if operation is None else [operation]),
        *_check_kind(entry, operation, body),
        *_check_assigned(entry, operation),
        *_check_patch(entry, operation),
        *delay_violations,
        *reader.violations,
    ]


class _Body(Struct, frozen=True):
    """The body of an override: JSON or bytes; without a media type where there is none; and what is wrong with it."""

    value: Any
    media_type: str | None
    violations: Sequence[Violation]


def _response_of(entry: Mapping[str, Any], operation: Operation | None) -> tuple[int, DeclaredResponse | None]:
    """The status of the response of an override, and how it is declared, if it is."""
    if operation is None:
        return entry.get("status", 200), None
    success = operation.success()
    status: int = entry.get("status", success[0] if success is not None else 200)
    # `default` is for errors, unless it is what success is.
    return status, operation.response(status) if status >= FIRST_ERROR or operation.names_status(status) else None


def _read_body(entry: Mapping[str, Any], operation: Operation | None, headers: Mapping[str, Sequence[str]]) -> _Body:
    if "body" not in entry and "body_base64" not in entry:
        return _Body(None, None, ())
    value, violations = entry.get("body"), list[Violation]()
    if "body_base64" in entry:
        try:
            value = binascii.a2b_base64(entry["body_base64"], strict_mode=True)
        except ValueError as error:
            value = b""
            violations.append(Violation("body", "/body_base64", "contentEncoding", f"is not valid Base64: {error}"))
    _, declared = _response_of(entry, operation)
    media_type = _media_type(declared, headers, value)
    return _Body(value, media_type, [*violations, *_check_media_type(media_type, headers)])


def _header_text(value: str | float) -> str:
    # To JSON Schema 5.0 is an integer, too.
    return value if isinstance(value, str) else str(int(value))


def _media_type(declared: DeclaredResponse | None, headers: Mapping[str, Sequence[str]], body: Any) -> str:
    """The media type of a body: the header's, else a declared one that can hold it, JSON first, else JSON."""
    for name, values in headers.items():
        if name.lower() == "content-type":
            return values[-1]
    media = json_media_type(declared)
    names = [name for name in declared.media if "*" not in name] if declared is not None else []
    if isinstance(body, bytes):
        return next((name for name in names if not may_be_json(name)), OCTETS)
    # A text is the document of XML, and not a value in it; it is what is sent as any other type.
    if isinstance(body, str) and (media is None or not may_be_json(media.name)):
        written = [name for name in names if is_text(name)] or (names if media is None else [])
        if written:
            return written[0]
    return media.name if media is not None else JSON


def _check_expressions(expressions: Sequence[tuple[str, str]], operation: Operation | None) -> list[Violation]:
    """What is wrong with runtime expressions, each with the pointer to its text."""
    mistakes = ((pointer, mistake_in(expression)) for pointer, expression in expressions)
    unknown = _unknown_parameters(expressions, operation) if operation is not None else ()
    listed = islice(((pointer, message) for pointer, message in chain(mistakes, unknown) if message), UNKNOWN_LISTED)
    return [Violation("body", pointer, "expression", message) for pointer, message in listed]


def _unknown_parameters(expressions: Iterable[tuple[str, str]], operation: Operation) -> Iterator[tuple[str, str]]:
    """The expressions about parameters that an operation does not have: the pointer, and what is wrong."""
    names = {location: operation.parameter_names((location,)) for location in ("path", "query")}
    for pointer, expression in expressions:
        location, name = parameter_of(expression) or ("", "")
        if location and name not in names[location]:
            yield pointer, unknown_name(f"{location} parameter", name, names[location])


def _check_media_type(media_type: str, headers: Mapping[str, Sequence[str]]) -> list[Violation]:
    """The media type says how the body is written and validated, so it must be known before there is a request."""
    if not any(find_embedded(media_type)):
        return []
    name = next(name for name in headers if name.lower() == "content-type")
    message = "the media type of a body cannot depend on the request; add an override for each, with `match`"
    return [Violation("body", f"/headers/{name}", "expression", message)]


def _check_headers(headers: Mapping[str, Sequence[str]]) -> list[Violation]:
    reason = "cannot be set: the server frames responses itself; to break that, use a fault such as malformed-chunk"
    violations, seen = list[Violation](), set[str]()
    for name in headers:
        pointer, lower = f"/headers/{escape_pointer(name)}", name.lower()
        if lower in FRAMING:
            violations.append(Violation("body", pointer, "framing", f"{name} {reason}"))
        elif lower in seen:
            message = f"{name} is given twice, in different spellings; give one, with a list of its values"
            violations.append(Violation("body", pointer, "duplicate", message))
        seen.add(lower)
    return violations


def _check_kind(entry: Mapping[str, Any], operation: Operation | None, body: _Body) -> list[Violation]:
    """What an override cannot have that leaves the response to the upstream, is for every operation, or for one."""
    if "upstream" in entry:
        return _check_upstream(entry)
    return _check_every(entry) if operation is None else _check_response(entry, operation, body)


def _check_upstream(entry: Mapping[str, Any]) -> list[Violation]:
    """What an override cannot have that leaves the response to the real backend."""
    reason = "cannot be given with upstream: the real backend responds; patch changes single members of its response"
    names = [name for name in ("body", "body_base64", "example", "fault", "commit", "violate") if name in entry]
    return [Violation("body", f"/{name}", "upstream", f"{name} {reason}") for name in names]


def _check_every(entry: Mapping[str, Any]) -> list[Violation]:
    """What only an override of one operation can have."""
    reason = f"needs one operation, and not {quote(EVERY)}"
    violations = [Violation("body", "/example", "example", f"an example {reason}")] if "example" in entry else []
    if entry.get("status", FIRST_ERROR) < FIRST_ERROR and not entry.get("violate", False):
        violations.append(
            Violation("body", "/status", "responses", f"a status below 400 {reason}; or set violate: true")
        )
    return violations


def _check_assigned(entry: Mapping[str, Any], operation: Operation | None) -> list[Violation]:
    """Members can be set where a record is written and its response is not replaced without that."""
    if "set" not in entry:
        return []
    message = ""
    if operation is None or operation.method not in WRITING:
        name = quote(entry["operation"])
        message = f"only a POST, PUT or PATCH writes a record, so name such an operation instead of {name}"
    elif REPLACING & entry.keys() and not entry.get("commit", False):
        message = "a replaced response writes no record; add commit: true, or leave the status and the body out"
    return [Violation("body", "/set", "set", message)] if message else []


def _check_patch(entry: Mapping[str, Any], operation: Operation | None) -> list[Violation]:
    """The normal response can be patched where it is not replaced, and is JSON."""
    if "patch" not in entry or "upstream" in entry:
        return []
    message = ""
    success = operation.success() if operation is not None else None
    if REPLACING & entry.keys():
        message = "a patch changes the normal response, so leave the status, the body and the example out"
    elif success is not None and success[0] in BODILESS:
        message = f"a patch needs a response with a body; the operation responds {success[0]}"
    elif success is not None and success[1].media and json_media_type(success[1]) is None:
        message = f"a patch needs a response in JSON; the operation declares {', '.join(success[1].media)}"
    return [Violation("body", "/patch", "patch", message)] if message else []


def _check_where(entry: Mapping[str, Any], operations: Iterable[Operation]) -> list[Violation]:
    names = {name for operation in operations for name in operation.parameter_names()}
    unnames = islice((name for name in entry.get("where", ()) if name not in names), UNKNOWN_LISTED)
    return [
        Violation(
            "body",
            f"/where/{escape_pointer(name)}",
            "parameter",
            unknown_name("parameter", name, names),
        )
        for name in unnames
    ]


def _check_response(entry: Mapping[str, Any], operation: Operation, body: _Body) -> list[Violation]:
    """The status must be declared or be an error's; the body must match the schema, unless it is meant not to."""
    status, _ = _response_of(entry, operation)
    declared, may_violate = operation.response(status), entry.get("violate", False)
    if status < FIRST_ERROR and not operation.names_status(status) and not may_violate:
        return [_undeclared_status(operation, status)]
    if body.media_type is not None and status in BODILESS and not may_violate:
        message = f"a {status} response has no content (RFC 9110), so leave the body out"
        return [Violation("body", "/body", "content", message)]
    if declared is None:
        return []
    if "example" in entry and find_example(declared, entry["example"]) is None:
        names = [name for media in declared.media.values() for name in media.examples]
        message = unknown_name("example", entry["example"], names)
        return [Violation("body", "/example", "example", message)]
    if body.media_type is None or may_violate or body.violations:
        return []
    return _check_body(body.value, declared, status, body.media_type)


def _check_body(body: Any, declared: DeclaredResponse, status: int, media_type: str) -> list[Violation]:
    media = declared.media.get(best_match(media_type, declared.media) or "")
    if media is None:
        if status >= FIRST_ERROR or not declared.media:
            return []
        names = ", ".join(declared.media)
        message = f"{quote(media_type)} is not declared for the status {status}, only {names}; violate: true sends it"
        return [Violation("body", "/headers/Content-Type", "content", message)]
    if isinstance(body, bytes) and may_be_json(media_type):
        message = "the operation declares JSON: write the value as `body`; violate: true sends other bytes"
        return [Violation("body", "/body_base64", "content", message)]
    templates = [pointer for pointer, _ in find_embedded(body, "/body")]
    if (templates and isinstance(body, str)) or (not isinstance(body, str) and not holds_value(media_type, media)):
        return []
    # What a template becomes is validated when it is sent; a member that is missing now is missing then.
    violations = [
        Violation("body", f"/body{violation.pointer}", violation.keyword, violation.message)
        for violation in validate_body(media_type, media, body)
        if violation.keyword == "required" or not _has_below(templates, f"/body{violation.pointer}")
    ]
    if violations:
        message = f"{violations[0].message.removesuffix('.')}; add violate: true to send it anyway"
        violations[0] = replace(violations[0], message=message)
    return violations


def _has_below(pointers: Iterable[str], place: str) -> bool:
    return any(pointer == place or pointer.startswith(f"{place}/") for pointer in pointers)


def _undeclared_status(operation: Operation, status: int) -> Violation:
    declared = ", ".join(name for name in operation.responses if name != "default")
    only = f", only {declared}" if declared else ""
    others = "any 4xx or 5xx may be used too, and violate: true sends it"
    message = f"{operation.id} declares no response {status}{only}; {others}"
    return Violation("body", "/status", "responses", message)


def _read_delay(delay: Any) -> tuple[int, int, list[Violation]]:
    """The bounds of a delay in milliseconds, and what is wrong with it."""
    if delay is None:
        return 0, 0, []
    texts = [delay, delay] if isinstance(delay, str) else delay["uniform"]
    try:
        least, most = (parse_duration(text) for text in texts)
    except ValueError as error:
        return 0, 0, [Violation("body", "/delay", "duration", str(error))]
    if most < least:
        return 0, 0, [Violation("body", "/delay", "duration", "the lower bound is above the upper one")]
    return least, most, []
