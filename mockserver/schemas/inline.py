"""JSON Schemas inside other files and bodies: guards of transitions, conditions of overrides, expectations."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Documents
from mockserver.documents.source import Source
from mockserver.schemas.validators import Schemas, Validator, find_schema_errors

URI = "file:///inline"


def compile_inline(schema: Any) -> tuple[Validator | None, list[tuple[str, str]]]:
    """The validator of a schema that refers to nothing outside itself.

    None if it cannot be used, with the pointer and the message of each error.
    """
    errors = find_schema_errors(schema)
    if errors:
        return None, errors
    documents = Documents({URI: Source("schema", "", schema)})
    validator = Schemas(documents).validator(documents.root(URI))
    try:
        validator.is_valid(None)
    except ValueError as error:  # such as a reference that leads elsewhere
        return None, [("", str(error).splitlines()[0])]
    return validator, []
