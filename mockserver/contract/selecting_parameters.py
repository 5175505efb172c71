"""Which parameters of an operation may select records, and whether their values compare with those of a field."""

from __future__ import annotations

from mockserver.contract.model import Resource
from mockserver.openapi.content import json_media_type
from mockserver.openapi.content_reader import ANY_TEXT
from mockserver.openapi.model import Operation, Parameter, ParameterStyle
from mockserver.schemas.shapes import COMPOUND, Shape

INSTANT_FORMATS = ("date", "date-time")
NUMBERS = frozenset({"integer", "number"})
# Values of a query parameter that stand for all records rather than for a field's value.
WILDCARDS = frozenset({"all", "any", "*"})


def query_parameters(operation: Operation) -> dict[str, Parameter]:
    """The query parameters of an operation as they are sent, by name: of an object, those of its members."""
    declared = [parameter for parameter in operation.parameters if parameter.location == "query"]
    return {leaf.name: leaf for parameter in declared for leaf in parameter.leaves()}


def selecting_parameters(operation: Operation) -> dict[str, Parameter]:
    """What may select records, by name: query parameters, and the members of the body of a search by POST."""
    media = json_media_type(operation.body)
    shape = media.shape if media is not None else Shape()
    members = {
        name: Parameter(name, "query", False, ParameterStyle(name, "query", "form", True, shape.member(name)), ANY_TEXT)
        for name in sorted(shape.names)
    }
    return {**members, **query_parameters(operation)}


def is_filter(parameter: Parameter, resource: Resource) -> bool:
    """Whether a query parameter selects records by the field of its name."""
    if parameter.name not in resource.fields:
        return False
    parameter_shape, field_shape = parameter.notation.shape, resource.shape.member(parameter.name)
    parameter_shape = parameter_shape.items if parameter_shape.types == {"array"} else parameter_shape
    if not (parameter_shape.types & field_shape.types) - COMPOUND - {"null"}:
        return False
    return are_values_of(parameter_shape, field_shape)


def are_values_of(parameter: Shape, field: Shape) -> bool:
    """Whether the values that a parameter lists are those of a field, or besides stand for all of them."""
    parameter_values, field_values = parameter.enum_values or [], field.enum_values
    if field_values is None:
        return not any(value in WILDCARDS for value in parameter_values)
    return all(value in field_values or value in WILDCARDS for value in parameter_values)


def wildcards_of(parameter: Shape, field: Shape) -> frozenset[str]:
    """The values of a parameter that stand for all values of a field."""
    parameter = parameter.items if parameter.types == {"array"} else parameter
    return frozenset(parameter.enum_values or []) & WILDCARDS - frozenset(field.enum_values or [])


def is_instant(shape: Shape) -> bool:
    """Whether a value is a date or a date-time by its format."""
    return any(schema.value.get("format") in INSTANT_FORMATS for schema in shape.unconditional())


def have_common_type(field: Shape, value: Shape) -> bool:
    """Whether a field and a parameter may have values that compare."""
    types, others = field.types - COMPOUND - {"null"}, value.types - COMPOUND - {"null"}
    return bool(types & others) or bool(types & NUMBERS and others & NUMBERS)


def has_listed_numbers(field: Shape, value: Shape) -> bool:
    """Whether a text may list values of a field that is an integer."""
    return field.types - {"null"} == {"integer"} and "string" in value.types
