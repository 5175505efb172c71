"""Random schemas for the generator: every keyword of JSON Schema 2020-12, references and recursion."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mockserver.documents.nodes import BASE_URI

FILE = "schema.json"
HERE = f"{BASE_URI}{FILE}#"
NAMES = st.sampled_from(["a", "b", "id", "email", "created_at", "updatedAt", "tags"])
SIZES = st.integers(0, 4)
NUMBERS = st.integers(-50, 50) | st.sampled_from([0.5, -2.25, 1e3, 0.01])
STEPS = st.sampled_from([1, 2, 3, 0.5, 0.01, 0.1, 7])
PATTERNS = st.sampled_from([
    "^a+$", r"^\d{3}-\d{4}$", "^[A-Z]{2,5}$", "[0-9]+", r"^\w+@\w+\.com$", "^(foo|bar)?baz$", r"^\p{Lu}\p{Ll}*$",
    "^(?=.*[0-9])(?=.*[a-z]).{4,}$", "^(?!x)[a-z]{2}$", r"^(a|b)\1$", r"^[^\s/]+$", r"^\u0041[\x62-d]\.?$", "",
])  # fmt: skip
FORMATS = st.sampled_from([
    "date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid",
    "json-pointer", "regex", "iri", "int32", "binary", "password", "something-else",
])  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=3,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])


def _some(always: dict[str, Any], /, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(always, optional=optional)


TEXTS = _some({"type": st.just("string")}, minLength=SIZES, maxLength=st.integers(3, 30)) | _some(
    {"type": st.just("string")}, pattern=PATTERNS, maxLength=st.integers(8, 30)) | _some(
    {"type": st.just("string"), "format": FORMATS}, contentEncoding=st.just("base64"))  # fmt: skip
BOUNDED = _some(
    {"type": st.sampled_from(["integer", "number"])}, minimum=NUMBERS, maximum=st.integers(40, 60), multipleOf=STEPS,
    exclusiveMinimum=NUMBERS, exclusiveMaximum=st.integers(45, 90),
)  # fmt: skip
SCALARS = (
    TEXTS | BOUNDED
    | _some({"type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True)})
    | _some({"enum": st.lists(VALUES, min_size=1, max_size=4)}) | _some({"const": VALUES})
    | st.sampled_from([True, {}, {"$ref": f"{HERE}/$defs/node"}, {"$ref": f"{HERE}/$defs/text"}, {"$dynamicRef": f"{HERE}dyn"}])
)  # fmt: skip


def _combine(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    needs = st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2)
    objects = _some(
        {"type": st.just("object")}, properties=named, required=st.lists(NAMES, max_size=2, unique=True),
        additionalProperties=inner | st.just(False), minProperties=st.integers(0, 3), maxProperties=st.integers(3, 5),
        patternProperties=st.dictionaries(st.sampled_from(["^x-", "_at$", "[0-9]"]), inner, max_size=1),
        propertyNames=st.sampled_from([{"pattern": "^[a-z_]+$"}, {"maxLength": 12}, {"minLength": 2}]),
        dependentRequired=needs, dependentSchemas=st.dictionaries(NAMES, inner, max_size=1),
        unevaluatedProperties=st.just(False) | inner, examples=st.lists(VALUES, max_size=2),
    )  # fmt: skip
    arrays = _some(
        {"type": st.just("array")}, items=inner, prefixItems=some, minItems=SIZES, maxItems=st.integers(4, 6),
        uniqueItems=st.booleans(), contains=inner, minContains=st.integers(0, 2), unevaluatedItems=st.booleans() | inner,
    )  # fmt: skip
    extra = st.fixed_dictionaries({}, optional={
        "default": VALUES, "examples": st.lists(VALUES, max_size=2), "title": st.just("Title"), "readOnly": st.booleans(),
    })  # fmt: skip
    choices = (
        _some({"oneOf": some}) | _some({"anyOf": some}) | _some({"allOf": some}) | _some({"not": inner})
        | _some({"if": inner, "then": inner}) | _some({"if": inner, "else": inner})
        | _some({"properties": named, "allOf": some}) | _some({"$ref": st.just(f"{HERE}/$defs/node"), "properties": named})
        | _some({"oneOf": st.just([{"required": ["a"]}, {"required": ["b"]}]), "properties": named})
    )  # fmt: skip
    return objects | arrays | choices | st.builds(lambda schema, more: {**more, **schema}, objects | TEXTS, extra)


NESTED = st.recursive(SCALARS, _combine, max_leaves=6)
DEFINITIONS = {
    "node": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z]{1,8}$"},
            "next": {"anyOf": [{"type": "null"}, {"$ref": f"{HERE}/$defs/node"}]},
            "children": {"type": "array", "items": {"$ref": f"{HERE}/$defs/node"}},
        },
    },
    "text": {"type": "string", "minLength": 1},
    "dyn": {"$dynamicAnchor": "dyn", "type": ["integer", "null"]},
}
SCHEMAS = NESTED.map(lambda schema: {**schema, "$defs": DEFINITIONS} if isinstance(schema, dict) else schema)
