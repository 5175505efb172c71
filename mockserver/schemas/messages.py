"""What is wrong with a value, in words: jsonschema's errors. Imported only once something is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mockserver.errors import did_you_mean, quote
from mockserver.schemas.validators import single

FORMATS = (
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
    "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer",
    "relative-json-pointer", "regex",
)  # fmt: skip
Path = list[str | int]


class Explainer:
    """jsonschema over the same documents as the compiled validators."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._registry: Registry[Any] = Registry().with_resources(
            (uri, Resource.from_contents(data, default_specification=DRAFT202012))
            for uri, data in documents.items()
            if isinstance(data, dict | bool)
        )

    def errors(self, address: str, value: Any) -> list[tuple[Path, str, str]]:
        """Path, keyword and message of each error, the deepest of an `anyOf` or `oneOf` where one stands out."""
        validator = _VALIDATOR({"$ref": address}, registry=self._registry, format_checker=_FORMATS)
        return [told for error in validator.iter_errors(value) for told in _tell(error)]


def _tell(error: ValidationError) -> Iterator[tuple[Path, str, str]]:
    path: Path = list(error.absolute_path)
    if error.validator in ("oneOf", "anyOf") and error.context:
        told = _nearest_branch(error)
        if told:
            yield from told
            return
    keyword = str(error.validator or "false")
    yield path, keyword, _MESSAGES.get(keyword, _plain)(error)


def _nearest_branch(error: ValidationError) -> list[tuple[Path, str, str]]:
    """The errors of the one branch that got furthest into the value, if there is just one."""
    branches: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        # A branch that is `false` has no path.
        branches.setdefault(one.schema_path[0] if one.schema_path else None, []).append(one)
    # A branch that refuses the value itself for what it is was not meant; one that looks into it may have been.
    deep = [
        group
        for group in branches.values()
        if not any(e.validator in ("type", "const") and not e.relative_path for e in group)
    ]
    named = [group for group in deep if not any(map(_is_name, group))]
    for fitting in (deep, named):
        if len(fitting) == 1:
            return [told for one in fitting[0] for told in _tell(one)]
    return _shared(deep)


def _is_name(error: ValidationError) -> bool:
    """Whether a member is none of the values that tell a branch from others."""
    return error.validator in ("const", "enum") and len(error.relative_path) == 1


def _shared(branches: list[list[ValidationError]]) -> list[tuple[Path, str, str]]:
    """What each branch misses, or the member that has the name of none of them."""
    first = branches[0] if branches else []
    for one in first:
        alike = [next((e for e in group if _is_alike(one, e)), None) for group in branches]
        found = [e for e in alike if e is not None]
        if len(found) < len(branches):
            continue
        if one.validator == "required":
            return list(_tell(one))
        values = [value for e in found for value in _values(e)]
        unique = [value for number, value in enumerate(values) if value not in values[:number]]
        return [(list(one.absolute_path), "enum", _one_of(one.instance, unique))]
    return []


def _is_alike(one: ValidationError, other: ValidationError) -> bool:
    if one.validator == "required":
        return other.validator == "required" and (other.message, other.path) == (one.message, one.path)
    return _is_name(one) and isinstance(one.instance, str) and _is_name(other) and other.path == one.path


def _plain(error: ValidationError) -> str:
    return error.message if len(error.message) <= 300 else error.message[:300] + "…"


def _enum(error: ValidationError) -> str:
    return _one_of(error.instance, _values(error))


def _values(error: ValidationError) -> list[Any]:
    """The values that an `enum` or a `const` admits."""
    admitted = error.validator_value
    return admitted if error.validator == "enum" and isinstance(admitted, list) else [admitted]


def _one_of(instance: Any, values: list[Any]) -> str:
    names = [value for value in values if isinstance(value, str)]
    shown = ", ".join(quote(value) for value in values[:12]) + (", …" if len(values) > 12 else "")
    hint = did_you_mean(instance, names) if isinstance(instance, str) else ""
    return f"{quote(instance)} is not one of {shown}.{hint if 'Did' in hint else ''}"


def _additional(error: ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    known = schema.get("properties", {})
    unknown = [name for name in error.instance if name not in known] if isinstance(error.instance, dict) else []
    hints = "".join(did_you_mean(name, known) for name in unknown[:1])
    shown = ", ".join(map(quote, unknown[:12]))
    return f"{shown} {'is' if len(unknown) == 1 else 'are'} not declared here.{hints}"


def _alternatives(error: ValidationError) -> str:
    """Whether none of the alternatives fits, or more than one."""
    if error.context or "valid under each" not in error.message:
        return f"{quote(error.instance)} fits none of the alternatives"
    return f"{quote(error.instance)} fits more than one of the alternatives, and should fit one alone"


def _any_of(error: ValidationError) -> str:
    """Where each branch only asks for a member, these; else that none fits."""
    branches = error.validator_value if isinstance(error.validator_value, list) else []
    names = [one["required"][0] for one in branches if isinstance(one, dict) and one.keys() == {"required"}]
    if len(names) == len(branches) and isinstance(error.instance, dict):
        return f"needs one of {', '.join(map(quote, names))}"
    return _alternatives(error)


def _required(error: ValidationError) -> str:
    return error.message.replace("'", '"').replace("is a required property", "is required and missing")


def _type(error: ValidationError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return f"{quote(error.instance)} is not of type {' or '.join(map(str, wanted))}"


def _format(error: ValidationError) -> str:
    return f"{quote(error.instance)} is no {error.validator_value}"


def _length(error: ValidationError) -> str:
    limit = error.validator_value
    bound = {"minLength": "shorter than", "maxLength": "longer than"}[str(error.validator)]
    return f"{quote(error.instance)} is {bound} {limit} {'character' if limit == 1 else 'characters'}"


def _size(error: ValidationError) -> str:
    limit, found = error.validator_value, len(error.instance) if isinstance(error.instance, list | dict) else 0
    side, what = str(error.validator)[:3], "item" if str(error.validator).endswith("Items") else "member"
    bound = "at least" if side == "min" else "at most"
    return f"it has {found} {what if found == 1 else what + 's'}, and should have {bound} {limit}"


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
    "additionalProperties": _additional,
    "required": _required,
    "type": _type,
    "format": _format,
}


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not single("pattern", pattern).is_valid(instance):
        yield ValidationError(f"{quote(instance)} does not match {quote(pattern)}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if single("pattern", pattern).is_valid(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [n for n in instance if n not in known and not any(single("pattern", p).is_valid(n) for p in patterns)]
    if validator.is_type(allowed, "object") or allowed is True:
        for name in extra:
            yield from validator.descend(instance[name], allowed, path=name)
    elif extra:
        yield ValidationError(f"{', '.join(map(quote, extra))} not declared here")


def _checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(single("format", name).is_valid)
    return checker


_FORMATS = _checker()
_VALIDATOR = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    },
)
