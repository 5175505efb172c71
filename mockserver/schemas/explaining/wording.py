"""What to say about each keyword of JSON Schema that a value does not satisfy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jsonschema.exceptions import ValidationError

from mockserver.documents.nodes import BASE_URI
from mockserver.errors import did_you_mean, quote
from mockserver.schemas.validators import keyword_validator
from mockserver.syntax import json_pointer

LISTED_VALUES_LIMIT = 12
# Among more values, the nearest one is not searched for.
COMPARED_VALUES_LIMIT = 1_000
MESSAGE_LIMIT = 300
# How the message of the error begins that more than one branch of a `oneOf` matches; the numbers of two follow.
SEVERAL_MATCH = "several match: "
# How the message about a value ends that none of the alternatives allows.
NONE_MATCHES = "matches none of the alternatives"
# Keywords whose messages say little of what would be right: an example of the schema is added.
ILLUSTRATED = {"type", "pattern", "format"}
EXAMPLE_LIMIT = 60
# Formats whose names do not say what they are.
FORMAT_NAMES = {"byte": "Base64 text"}


def _default(error: ValidationError) -> str:
    return error.message if len(error.message) <= MESSAGE_LIMIT else error.message[:MESSAGE_LIMIT] + "…"


def _enum(error: ValidationError) -> str:
    return not_one_of(error.instance, allowed_values(error))


def allowed_values(error: ValidationError) -> list[Any]:
    """The values that an `enum` or a `const` allows."""
    allowed = error.validator_value
    return allowed if error.validator == "enum" and isinstance(allowed, list) else [allowed]


def not_one_of(instance: Any, values: list[Any]) -> str:
    """The message about a value that is none of those that are allowed."""
    names = [value for value in values if isinstance(value, str)] if len(values) <= COMPARED_VALUES_LIMIT else []
    listed = ", ".join(map(quote, values[:LISTED_VALUES_LIMIT])) + (", …" if len(values) > LISTED_VALUES_LIMIT else "")
    hint = did_you_mean(instance, names) if isinstance(instance, str) else ""
    return f"{quote(instance)} is not one of {listed}.{hint if 'Did' in hint else ''}"


def _additional_properties_message(error: ValidationError) -> str:
    """About the undeclared members, of which the error has the names, as JSON; of more it has one more than listed."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    declared, extra = schema.get("properties", {}), json.loads(error.message)
    hints = did_you_mean(extra[0], declared)
    message = not_declared(list(map(quote, extra)))
    if (part := _part_of_all_of(error)) is not None:
        excluded = "whose additionalProperties: false excludes the members of other parts"
        return f"{message.removesuffix('here')}in allOf/{part}, {excluded}.{hints if 'Did' in hints else ''}"
    return f"{message}.{hints}"


def not_declared(names: list[str]) -> str:
    """The message about members, or items, that no schema applies to; of more it has one more than listed."""
    return f"{_listed(names)} not declared here"


def declared_elsewhere(names: list[str]) -> str:
    """The message about members that only such schemas declare as do not apply; of more it has one more than listed."""
    return f"{_listed(names)} declared only in schemas that do not apply"


def _listed(names: list[str]) -> str:
    listed = ", ".join(names[:LISTED_VALUES_LIMIT]) + (", …" if len(names) > LISTED_VALUES_LIMIT else "")
    return f"{listed} {'is' if len(names) == 1 else 'are'}"


def _part_of_all_of(error: ValidationError) -> int | None:
    """The number, from 0, of the part of an `allOf` in which a keyword is that a value does not satisfy."""
    path = list(error.schema_path)[:-1]
    while path and path[-1] == "$ref":
        path.pop()
    if len(path) >= 2 and path[-2] == "allOf" and isinstance(path[-1], int):
        return path[-1]
    return None


def _alternatives(error: ValidationError) -> str:
    """Whether none of the alternatives matches, or more than one."""
    if not error.message.startswith(SEVERAL_MATCH):
        types = _excluding_types(error)
        return _not_of_types(error, types) if types else f"{quote(error.instance)} {NONE_MATCHES}"
    both = " and ".join(_name_of_branch(error, int(number)) for number in error.message.split()[-2:])
    return f"{quote(error.instance)} matches both {both}, but must match exactly one of the alternatives"


def _name_of_branch(error: ValidationError, number: int) -> str:
    """The number of an alternative, from 0, and the name of the schema that it refers to."""
    branches = error.validator_value
    branch = branches[number] if isinstance(branches, list) and number < len(branches) else None
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    place = f"oneOf/{number}"
    if not isinstance(reference, str):
        return place
    tokens = json_pointer.split(json_pointer.from_fragment(reference.partition("#")[2]))
    return f"{place} ({tokens[-1]})" if tokens else f"{place} ({reference.removeprefix(BASE_URI).removesuffix('#')})"


def _excluding_types(error: ValidationError) -> list[Any]:
    """The types of the alternatives, if a value has none of them; else none."""
    types = dict[Any, list[Any]]()
    for other in error.context or ():
        listed = other.validator_value if isinstance(other.validator_value, list) else [other.validator_value]
        is_type = other.validator == "type" and not other.relative_path
        types.setdefault(other.schema_path[0] if other.schema_path else None, []).extend(listed if is_type else ())
    return list(dict.fromkeys(name for listed in types.values() for name in listed)) if all(types.values()) else []


def _required_alternatives(error: ValidationError) -> str:
    """The members of which one is required, if that is all that the branches are about."""
    branches = error.validator_value if isinstance(error.validator_value, list) else []
    named = [branch["required"] for branch in branches if isinstance(branch, dict) and branch.keys() == {"required"}]
    names = [" and ".join(map(quote, required)) for required in named]
    if len(names) == len(branches) and isinstance(error.instance, dict):
        listed = f"one of {', '.join(names)}"
        return f"only {listed} may be present" if error.message.startswith(SEVERAL_MATCH) else f"{listed} is required"
    return _alternatives(error)


def _required(error: ValidationError) -> str:
    name = missing_member(error)
    return f"{quote(name)} is required and missing" if name is not None else error.message


def missing_member(error: ValidationError) -> str | None:
    """The required member that is missing, which jsonschema names in its message alone."""
    names = error.validator_value if error.validator == "required" and isinstance(error.validator_value, list) else []
    return next((name for name in names if error.message == f"{name!r} is a required property"), None)


def _type(error: ValidationError) -> str:
    types = error.validator_value
    return _not_of_types(error, types if isinstance(types, list) else [types])


def _not_of_types(error: ValidationError, types: list[Any]) -> str:
    return f"{quote(error.instance)} is not of type {' or '.join(map(str, types))}"


def _format(error: ValidationError) -> str:
    return (
        f"{quote(error.instance)} is not a valid {FORMAT_NAMES.get(str(error.validator_value), error.validator_value)}"
    )


def _length(error: ValidationError) -> str:
    limit = as_integer(error.validator_value)
    comparison = {"minLength": "shorter than", "maxLength": "longer than"}[str(error.validator)]
    return f"{quote(error.instance)} is {comparison} {limit} {'character' if limit == 1 else 'characters'}"


def _size(error: ValidationError) -> str:
    limit = as_integer(error.validator_value)
    size = len(error.instance) if isinstance(error.instance, list | dict) else 0
    unit = "item" if str(error.validator).endswith("Items") else "member"
    comparison = "at least" if str(error.validator).startswith("min") else "at most"
    is_unique = isinstance(error.schema, dict) and error.schema.get("uniqueItems") is True
    different = " different ones" if error.validator == "minItems" and is_unique else ""
    return f"it has {size} {unit if size == 1 else unit + 's'}, but must have {comparison} {limit}{different}"


def quote_schema(schema: Any) -> str:
    """A schema as JSON, cut, with references as paths from the contract directory on."""
    return quote(schema).replace(BASE_URI, "")


def as_integer(limit: Any) -> Any:
    """A limit on a count, which may be written as 2.0."""
    return int(limit) if isinstance(limit, float) else limit


def _dependent_required(error: ValidationError) -> str:
    """The member that is missing, and the one that requires it: jsonschema names them in its message alone."""
    by_name = error.validator_value if isinstance(error.validator_value, dict) else {}
    for present, names in by_name.items():
        for missing in names:
            if error.message == f"{missing!r} is a dependency of {present!r}":
                return f"{quote(missing)} is required beside {quote(present)}, and missing"
    return error.message


def _limit(text: str) -> Callable[[ValidationError], str]:
    return lambda error: text.format(quote(error.instance), quote(error.validator_value))


def _const(error: ValidationError) -> str:
    return f"{quote(error.instance)} is not {quote(error.validator_value)}"


def _not(error: ValidationError) -> str:
    is_anything = error.validator_value is True or error.validator_value == {}
    return (
        _false(error)
        if is_anything
        else f"{quote(error.instance)} must not match {quote_schema(error.validator_value)}"
    )


def _false(error: ValidationError) -> str:
    return f"{quote(error.instance)} is not allowed here"


_MESSAGES = {
    "minItems": _size,
    "maxItems": _size,
    "minProperties": _size,
    "maxProperties": _size,
    "const": _const,
    "minLength": _length,
    "maxLength": _length,
    "anyOf": _required_alternatives,
    "oneOf": _required_alternatives,
    "enum": _enum,
    "additionalProperties": _additional_properties_message,
    "required": _required,
    "type": _type,
    "format": _format,
    "dependentRequired": _dependent_required,
    "exclusiveMinimum": _limit("{0} is not greater than {1}"),
    "exclusiveMaximum": _limit("{0} is not less than {1}"),
    "not": _not,
    "false": _false,
}


def message_of(error: ValidationError) -> str:
    """What is wrong, in words, and an example of what would be right where the schema has one."""
    message = _MESSAGES.get(str(error.validator or "false"), _default)(error)
    example = _example(error) if error.validator in ILLUSTRATED else None
    return f"{message}; an example is {example}" if example is not None else message


def _example(error: ValidationError) -> str | None:
    """The first example of the schema that is a text or a number of its type, format and pattern, if it is short."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    examples = schema.get("examples")
    for example in [*(examples if isinstance(examples, list) else ()), schema.get("example")]:
        if not isinstance(example, str | int | float) or example in ("", error.instance):
            continue
        if _has_type(example, schema.get("type")) and _is_well_formed(example, schema):
            text = quote(example)
            return text if len(text) <= EXAMPLE_LIMIT else None
    return None


def _has_type(value: Any, types: Any) -> bool:
    names = types if isinstance(types, list) else [types]
    return types is None or any(keyword_validator("type", name).is_valid(value) for name in names)


def _is_well_formed(value: Any, schema: dict[str, Any]) -> bool:
    keywords = [keyword for keyword in ("format", "pattern") if isinstance(schema.get(keyword), str)]
    return all(keyword_validator(keyword, schema[keyword]).is_valid(value) for keyword in keywords)
