"""Explains in words why a value does not match its schema. Imported only when there is something to explain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mockserver.errors import did_you_mean, quote
from mockserver.schemas.validators import keyword_validator

FORMATS = (
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
    "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer",
    "relative-json-pointer", "regex",
)  # fmt: skip
LISTED_VALUES_LIMIT = 12
MESSAGE_LIMIT = 300
Path = list[str | int]
Explanation = tuple[Path, str, str]


class Explainer:
    """Validates with jsonschema, over the same documents as the compiled validators."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._registry: Registry[Any] = Registry().with_resources(
            (uri, Resource.from_contents(data, default_specification=DRAFT202012))
            for uri, data in documents.items()
            if isinstance(data, dict | bool)
        )

    def find_errors(self, address: str, value: Any) -> list[Explanation]:
        """Path, keyword and message of each error; of an `anyOf` or `oneOf` those of the branch that was meant."""
        validator = _VALIDATOR({"$ref": address}, registry=self._registry, format_checker=_FORMATS)
        return [explanation for error in validator.iter_errors(value) for explanation in _explain(error)]


def _explain(error: ValidationError) -> Iterator[Explanation]:
    path: Path = list(error.absolute_path)
    if error.validator in ("oneOf", "anyOf") and error.context:
        explanations = _explain_intended_branch(error)
        if explanations:
            yield from explanations
            return
    keyword = str(error.validator or "false")
    yield path, keyword, _MESSAGES.get(keyword, _default_message)(error)


def _explain_intended_branch(error: ValidationError) -> list[Explanation]:
    """The errors of the one branch that was probably meant, or what the candidates have in common."""
    branches: dict[Any, list[ValidationError]] = {}
    for branch_error in error.context or ():
        # An error of a branch that is `false` has an empty path.
        branches.setdefault(branch_error.schema_path[0] if branch_error.schema_path else None, []).append(branch_error)
    # A branch was not meant if it rejects the type or identity of the value itself.
    candidates = [
        errors
        for errors in branches.values()
        if not any(e.validator in ("type", "const") and not e.relative_path for e in errors)
    ]
    # Nor if the value of a discriminating member belongs to another branch.
    undiscriminated = [errors for errors in candidates if not any(map(_is_discriminator_error, errors))]
    for remaining in (candidates, undiscriminated):
        if len(remaining) == 1:
            return [explanation for branch_error in remaining[0] for explanation in _explain(branch_error)]
    return _explain_common_error(candidates)


def _is_discriminator_error(error: ValidationError) -> bool:
    """Whether a member does not have one of the values that distinguish a branch from others."""
    return error.validator in ("const", "enum") and len(error.relative_path) == 1


def _explain_common_error(branches: list[list[ValidationError]]) -> list[Explanation]:
    """The member that every branch requires, or the discriminating member whose value no branch allows."""
    for error in branches[0] if branches else ():
        counterparts = [next((e for e in errors if _is_same_error(error, e)), None) for errors in branches]
        errors = [e for e in counterparts if e is not None]
        if len(errors) < len(branches):
            continue
        if error.validator == "required":
            return list(_explain(error))
        values = [value for e in errors for value in _allowed_values(e)]
        unique = [value for number, value in enumerate(values) if value not in values[:number]]
        return [(list(error.absolute_path), "enum", _not_one_of(error.instance, unique))]
    return []


def _is_same_error(error: ValidationError, other: ValidationError) -> bool:
    if error.validator == "required":
        return other.validator == "required" and (other.message, other.path) == (error.message, error.path)
    return (
        _is_discriminator_error(error)
        and isinstance(error.instance, str)
        and _is_discriminator_error(other)
        and other.path == error.path
    )


def _default_message(error: ValidationError) -> str:
    return error.message if len(error.message) <= MESSAGE_LIMIT else error.message[:MESSAGE_LIMIT] + "…"


def _enum(error: ValidationError) -> str:
    return _not_one_of(error.instance, _allowed_values(error))


def _allowed_values(error: ValidationError) -> list[Any]:
    """The values that an `enum` or a `const` allows."""
    allowed = error.validator_value
    return allowed if error.validator == "enum" and isinstance(allowed, list) else [allowed]


def _not_one_of(instance: Any, values: list[Any]) -> str:
    names = [value for value in values if isinstance(value, str)]
    listed = ", ".join(map(quote, values[:LISTED_VALUES_LIMIT])) + (", …" if len(values) > LISTED_VALUES_LIMIT else "")
    hint = did_you_mean(instance, names) if isinstance(instance, str) else ""
    return f"{quote(instance)} is not one of {listed}.{hint if 'Did' in hint else ''}"


def _additional_properties_message(error: ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    declared = schema.get("properties", {})
    extra = [name for name in error.instance if name not in declared] if isinstance(error.instance, dict) else []
    hints = "".join(did_you_mean(name, declared) for name in extra[:1])
    listed = ", ".join(map(quote, extra[:LISTED_VALUES_LIMIT]))
    return f"{listed} {'is' if len(extra) == 1 else 'are'} not declared here.{hints}"


def _alternatives(error: ValidationError) -> str:
    """Whether none of the alternatives matches, or more than one."""
    if error.context or "valid under each" not in error.message:
        return f"{quote(error.instance)} matches none of the alternatives"
    return f"{quote(error.instance)} matches more than one of the alternatives, but must match exactly one"


def _any_of(error: ValidationError) -> str:
    """The members of which one is required, if that is all that the branches are about."""
    branches = error.validator_value if isinstance(error.validator_value, list) else []
    names = [branch["required"][0] for branch in branches if isinstance(branch, dict) and branch.keys() == {"required"}]
    if len(names) == len(branches) and isinstance(error.instance, dict):
        return f"one of {', '.join(map(quote, names))} is required"
    return _alternatives(error)


def _required(error: ValidationError) -> str:
    return error.message.replace("'", '"').replace("is a required property", "is required and missing")


def _type(error: ValidationError) -> str:
    types = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return f"{quote(error.instance)} is not of type {' or '.join(map(str, types))}"


def _format(error: ValidationError) -> str:
    return f"{quote(error.instance)} is not a valid {error.validator_value}"


def _length(error: ValidationError) -> str:
    limit = error.validator_value
    comparison = {"minLength": "shorter than", "maxLength": "longer than"}[str(error.validator)]
    return f"{quote(error.instance)} is {comparison} {limit} {'character' if limit == 1 else 'characters'}"


def _size(error: ValidationError) -> str:
    limit, size = error.validator_value, len(error.instance) if isinstance(error.instance, list | dict) else 0
    unit = "item" if str(error.validator).endswith("Items") else "member"
    comparison = "at least" if str(error.validator).startswith("min") else "at most"
    return f"it has {size} {unit if size == 1 else unit + 's'}, but must have {comparison} {limit}"


def _const(error: ValidationError) -> str:
    return f"{quote(error.instance)} is not {quote(error.validator_value)}"


_MESSAGES = {
    "minItems": _size,
    "maxItems": _size,
    "minProperties": _size,
    "maxProperties": _size,
    "const": _const,
    "minLength": _length,
    "maxLength": _length,
    "anyOf": _any_of,
    "oneOf": _alternatives,
    "enum": _enum,
    "additionalProperties": _additional_properties_message,
    "required": _required,
    "type": _type,
    "format": _format,
}


def _matches(pattern: str, text: str) -> bool:
    return bool(keyword_validator("pattern", pattern).is_valid(text))


# The keywords of jsonschema that match regular expressions, with jsonschema-rs to match them.
def _validate_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError(f"{quote(instance)} does not match {quote(pattern)}")


def _validate_pattern_properties(
    validator: Any, patterns: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _validate_additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [n for n in instance if n not in declared and not any(_matches(pattern, n) for pattern in patterns)]
    if validator.is_type(allowed, "object") or allowed is True:
        for name in extra:
            yield from validator.descend(instance[name], allowed, path=name)
    elif extra:
        yield ValidationError(f"{', '.join(map(quote, extra))} not declared here")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(keyword_validator("format", name).is_valid)
    return checker


_FORMATS = _format_checker()
_VALIDATOR = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "pattern": _validate_pattern,
        "patternProperties": _validate_pattern_properties,
        "additionalProperties": _validate_additional_properties,
    },
)
