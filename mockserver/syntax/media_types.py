"""Media types by name: which hold JSON, text or a form, and which of the declared ones a body came in."""

from __future__ import annotations

from collections.abc import Iterable

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
FORMS = (FORM, MULTIPART)
TEXTUAL = ("application/xml", "application/yaml", "application/x-yaml", "application/javascript", "application/graphql")

# A JSON value on each line.
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines",
         "application/x-jsonlines")  # fmt: skip


def essence(kind: str) -> str:
    """A media type without its parameters, in small letters."""
    return kind.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type holds JSON (RFC 6838, section 4.2.8, for the suffix)."""
    kind = essence(kind)
    return kind in (JSON, "text/json") or kind.endswith("+json")


def is_text(kind: str) -> bool:
    """Whether a media type holds characters rather than bytes."""
    kind = essence(kind)
    return kind.startswith("text/") or kind.endswith(("+xml", "+yaml")) or kind in (*TEXTUAL, *LINES)


def matches(kind: str, declared: str) -> bool:
    """Whether a media type is the declared one, or within the declared range."""
    kind, declared = essence(kind), essence(declared)
    return declared in (kind, "*/*", "*") or (declared.endswith("/*") and kind.startswith(declared[:-1]))


def best(kind: str, declared: Iterable[str]) -> str | None:
    """The declared name that fits `kind` most closely: the type itself, then `text/*`, then `*/*`.

    Of several that differ by parameters alone, the one that shares most with the parameters of `kind`.
    """
    sent = _parameters(kind)
    fitting = [name for name in declared if matches(kind, name)]
    return max(fitting, key=lambda name: (_closeness(name), _shared(sent, name)), default=None)


def _closeness(name: str) -> int:
    return 2 - essence(name).count("*")


def _shared(sent: frozenset[str], name: str) -> int:
    own = _parameters(name)
    return len(own & sent) - len(own - sent)


def _parameters(kind: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in kind.split(";")[1:] if part.strip())
