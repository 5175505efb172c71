"""What may stand where in an OpenAPI document, 3.0 and 3.1 alike: the kinds of object and their members.

A member's value is written `kind` for an object of that kind, `[kind]` for an array of them, `{kind}` for an object
that holds them by name. `text` and `flag` are a string and a boolean, `any` is not looked into.
"""

from __future__ import annotations

from collections.abc import Mapping

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMAS_IN_OBJECTS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMAS_IN_ARRAYS = ("allOf", "anyOf", "oneOf", "prefixItems")
# A schema of each of these is held against the same value as the schema that it stands in.
IN_PLACE = ("not", "if", "then", "else")
ONE_SCHEMA = (
    *IN_PLACE, "items", "additionalProperties", "additionalItems", "contains", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "contentSchema",
)  # fmt: skip

HEADER: Mapping[str, str] = {
    "description": "any", "required": "flag", "deprecated": "flag", "allowEmptyValue": "flag", "style": "text",
    "explode": "flag", "allowReserved": "flag", "schema": "schema", "example": "any", "examples": "{example}",
    "content": "{mediaType}",
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, str]] = {
    "document": {
        "openapi": "text", "info": "info", "servers": "[server]", "paths": "paths", "webhooks": "{pathItem}",
        "components": "components", "security": "[any]", "tags": "any", "externalDocs": "any",
        "jsonSchemaDialect": "text", "$self": "text",
    },
    "info": {
        "title": "text", "version": "text", "summary": "any", "description": "any", "termsOfService": "any",
        "contact": "any", "license": "any",
    },
    "server": {"url": "text", "description": "any", "variables": "{serverVariable}", "name": "any"},
    "serverVariable": {"enum": "[text]", "default": "text", "description": "any"},
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
        "tags": "any", "summary": "any", "description": "any", "externalDocs": "any", "operationId": "text",
        "parameters": "[parameter]", "requestBody": "requestBody", "responses": "responses",
        "callbacks": "{callback}", "deprecated": "flag", "security": "[any]", "servers": "[server]",
    },
    "parameter": {"name": "text", "in": "text", **HEADER},
    "header": HEADER,
    "requestBody": {"description": "any", "content": "{mediaType}", "required": "flag"},
    "response": {
        "summary": "any", "description": "any", "headers": "{header}", "content": "{mediaType}", "links": "any",
    },
    "mediaType": {
        "schema": "schema", "itemSchema": "schema", "example": "any", "examples": "{example}",
        "encoding": "{encoding}", "itemEncoding": "any", "prefixEncoding": "any",
    },
    "encoding": {
        "contentType": "text", "headers": "{header}", "style": "text", "explode": "flag", "allowReserved": "flag",
    },
    "example": {
        "summary": "any", "description": "any", "value": "any", "externalValue": "text", "dataValue": "any",
        "serializedValue": "text",
    },
    "securityScheme": {
        "type": "text", "description": "any", "name": "text", "in": "text", "scheme": "text", "bearerFormat": "any",
        "flows": "any", "openIdConnectUrl": "any", "oauth2MetadataUrl": "any", "deprecated": "flag",
    },
}  # fmt: skip
# Objects whose members are named by authors: what each holds, and what a name must look like.
NAMED: Mapping[str, tuple[str, str]] = {
    "paths": ("pathItem", "/.*"),
    "responses": ("response", "[1-5](?:[0-9][0-9]|[xX][xX])|default"),
    "callback": ("pathItem", ".*"),
}
# Without these nothing can be made of an object.
REQUIRED: Mapping[str, tuple[str, ...]] = {"parameter": ("name", "in"), "server": ("url",), "securityScheme": ("type",)}
# These ought to be there, and it can be served all the same.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "document": ("info",), "info": ("title", "version"), "requestBody": ("content",), "response": ("description",),
    "serverVariable": ("default",),
}  # fmt: skip
MISNAMED: Mapping[str, str] = {
    "paths": "a path begins with a slash",
    "responses": "a response is named by its status: 200, 2XX or default",
}
# What each kind is called in a sentence.
CALLED: Mapping[str, str] = {
    "pathItem": "a path item", "requestBody": "a request body", "mediaType": "a media type",
    "securityScheme": "a security scheme", "serverVariable": "a server variable", "operation": "an operation",
    "encoding": "an encoding", "example": "an example", "info": "the info", "components": "the components",
    "document": "the document", "paths": "the paths", "responses": "the responses", "text": "a string",
    "flag": "true or false",
}  # fmt: skip


def called(kind: str) -> str:
    """What a kind is called in a sentence, with its article."""
    return CALLED.get(kind, f"a {kind}")
