"""The kinds of objects in an OpenAPI document, 3.0 and 3.1 alike, and the type of each of their members.

A type is `kind` for an object of that kind, `[kind]` for an array of them, `{kind}` for a map of names to them. Besides
the kinds there are `string`, `boolean`, and `any`, which is not checked. A `part` is a schema inside another schema.
"""

from __future__ import annotations

from collections.abc import Mapping

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMA_MAP_KEYWORDS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMA_ARRAY_KEYWORDS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMA_KEYWORDS = (
    "not", "if", "then", "else", "items", "additionalProperties", "additionalItems", "contains", "propertyNames",
    "unevaluatedItems", "unevaluatedProperties", "contentSchema",
)  # fmt: skip

HEADER: Mapping[str, str] = {
    "description": "any", "required": "boolean", "deprecated": "boolean", "allowEmptyValue": "boolean",
    "style": "string", "explode": "boolean", "allowReserved": "boolean", "schema": "schema", "example": "any",
    "examples": "{example}", "content": "{mediaType}",
}  # fmt: skip
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "document": {
        "openapi": "string", "info": "info", "servers": "[server]", "paths": "paths", "webhooks": "{pathItem}",
        "components": "components", "security": "[any]", "tags": "any", "externalDocs": "any",
        "jsonSchemaDialect": "string", "$self": "string",
    },
    "info": {
        "title": "string", "version": "string", "summary": "any", "description": "any", "termsOfService": "any",
        "contact": "any", "license": "any",
    },
    "server": {"url": "string", "description": "any", "variables": "{serverVariable}", "name": "any"},
    "serverVariable": {"enum": "[string]", "default": "string", "description": "any"},
    "components": {
        "schemas": "{schema}", "responses": "{response}", "parameters": "{parameter}", "examples": "{example}",
        "requestBodies": "{requestBody}", "headers": "{header}", "securitySchemes": "{securityScheme}",
        "links": "{link}", "callbacks": "{callback}", "pathItems": "{pathItem}", "mediaTypes": "{mediaType}",
    },
    "pathItem": {
        "summary": "any", "description": "any", "servers": "[server]", "parameters": "[parameter]",
        **dict.fromkeys(METHODS, "operation"), "query": "any", "additionalOperations": "any",
    },
    "operation": {
        "tags": "any", "summary": "any", "description": "any", "externalDocs": "any", "operationId": "string",
        "parameters": "[parameter]", "requestBody": "requestBody", "responses": "responses",
        "callbacks": "{callback}", "deprecated": "boolean", "security": "[any]", "servers": "[server]",
    },
    "parameter": {"name": "string", "in": "string", **HEADER},
    "header": HEADER,
    "requestBody": {"description": "any", "content": "{mediaType}", "required": "boolean"},
    "response": {
        "summary": "any", "description": "any", "headers": "{header}", "content": "{mediaType}", "links": "any",
    },
    "mediaType": {
        "schema": "schema", "itemSchema": "schema", "example": "any", "examples": "{example}",
        "encoding": "{encoding}", "itemEncoding": "any", "prefixEncoding": "any",
    },
    "encoding": {
        "contentType": "string", "headers": "{header}", "style": "string", "explode": "boolean",
        "allowReserved": "boolean",
    },
    "example": {
        "summary": "any", "description": "any", "value": "any", "externalValue": "string", "dataValue": "any",
        "serializedValue": "string",
    },
    "securityScheme": {
        "type": "string", "description": "any", "name": "string", "in": "string", "scheme": "string",
        "bearerFormat": "any", "flows": "any", "openIdConnectUrl": "any", "oauth2MetadataUrl": "any",
        "deprecated": "boolean",
    },
}  # fmt: skip
# Objects whose member names are chosen by authors: the type of the members, and a pattern for the names.
MAPS: Mapping[str, tuple[str, str]] = {
    "paths": ("pathItem", "/.*"),
    "responses": ("response", "[1-5](?:[0-9][0-9]|[xX][xX])|default"),
    "callback": ("pathItem", ".*"),
}
# Without one of these an object is ignored.
REQUIRED: Mapping[str, tuple[str, ...]] = {"parameter": ("name", "in"), "server": ("url",), "securityScheme": ("type",)}
# Required by OpenAPI too, but an object without them can be served.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "document": ("info",), "info": ("title", "version"), "requestBody": ("content",), "response": ("description",),
    "serverVariable": ("default",),
}  # fmt: skip
# The rule that a name breaks if it does not match the pattern.
NAME_RULES: Mapping[str, str] = {
    "paths": "a path must begin with a slash",
    "responses": "the name of a response must be a status code, a range such as 2XX, or default",
}
_DESCRIPTIONS: Mapping[str, str] = {
    "pathItem": "a path item", "requestBody": "a request body", "mediaType": "a media type",
    "securityScheme": "a security scheme", "serverVariable": "a server variable", "operation": "an operation",
    "encoding": "an encoding", "example": "an example", "info": "the info", "components": "the components",
    "document": "the document", "paths": "the paths", "responses": "the responses",
}  # fmt: skip


def describe(kind: str) -> str:
    """The name of a kind in a sentence, with its article."""
    return _DESCRIPTIONS.get(kind, f"a {kind}")
