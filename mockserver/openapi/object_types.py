"""The kinds of objects in an OpenAPI document, 3.0 to 3.2 alike, and the type of each of their members.

A type is `kind` for an object of that kind, `[kind]` for an array of them, `{kind}` for a map of names to them. Besides
the kinds there are `string`, `boolean`, and `any`, which is not checked. A `part` is a schema inside another schema.
"""

from __future__ import annotations

from collections.abc import Mapping

# `query` since OpenAPI 3.2.
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
# The schema of the items of a media type: since OpenAPI 3.2, and its extension, which documents of 3.1 may have.
ITEM_SCHEMAS = ("itemSchema", "x-itemSchema")

_HEADER: Mapping[str, str] = {
    "description": "string", "required": "boolean", "deprecated": "boolean", "allowEmptyValue": "boolean",
    "style": "string", "explode": "boolean", "allowReserved": "boolean", "schema": "schema", "example": "any",
    "examples": "{example}", "content": "{mediaType}",
}  # fmt: skip
# The second and the third since OpenAPI 3.2; those of an encoding, which 3.2 has too, are ignored.
_ENCODINGS: Mapping[str, str] = {
    "encoding": "{encoding}", "prefixEncoding": "[encoding]", "itemEncoding": "encoding",
}  # fmt: skip
# `any` is also the type of members that only OpenAPI 3.2 has and that are ignored.
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "document": {
        "openapi": "string", "info": "info", "servers": "[server]", "paths": "paths", "webhooks": "{pathItem}",
        "components": "components", "security": "[securityRequirement]", "tags": "[tag]",
        "externalDocs": "externalDocs", "jsonSchemaDialect": "string", "$self": "string",
    },
    "info": {
        "title": "string", "version": "string", "summary": "string", "description": "string",
        "termsOfService": "string", "contact": "contact", "license": "license",
    },
    "contact": {"name": "string", "url": "string", "email": "string"},
    "license": {"name": "string", "identifier": "string", "url": "string"},
    "server": {"url": "string", "description": "string", "variables": "{serverVariable}", "name": "string"},
    "serverVariable": {"enum": "[string]", "default": "string", "description": "string"},
    "components": {
        "schemas": "{schema}", "responses": "{response}", "parameters": "{parameter}", "examples": "{example}",
        "requestBodies": "{requestBody}", "headers": "{header}", "securitySchemes": "{securityScheme}",
        "links": "{link}", "callbacks": "{callback}", "pathItems": "{pathItem}", "mediaTypes": "{mediaType}",
    },
    "pathItem": {
        "summary": "string", "description": "string", "servers": "[server]", "parameters": "[parameter]",
        **dict.fromkeys(METHODS, "operation"), "additionalOperations": "{operation}",
    },
    "operation": {
        "tags": "[string]", "summary": "string", "description": "string", "externalDocs": "externalDocs",
        "operationId": "string", "parameters": "[parameter]", "requestBody": "requestBody", "responses": "responses",
        "callbacks": "{callback}", "deprecated": "boolean", "security": "[securityRequirement]",
        "servers": "[server]",
    },
    "externalDocs": {"description": "string", "url": "string"},
    "parameter": {"name": "string", "in": "string", **_HEADER},
    "header": _HEADER,
    "requestBody": {"description": "string", "content": "{mediaType}", "required": "boolean"},
    "response": {
        "summary": "string", "description": "string", "headers": "{header}", "content": "{mediaType}",
        "links": "{link}",
    },
    "mediaType": {
        "schema": "schema", **dict.fromkeys(ITEM_SCHEMAS, "schema"), "example": "any", "examples": "{example}",
        **_ENCODINGS,
    },
    "encoding": {
        "contentType": "string", "headers": "{header}", "style": "string", "explode": "boolean",
        "allowReserved": "boolean", **_ENCODINGS,
    },
    "example": {
        "summary": "string", "description": "string", "value": "any", "externalValue": "string", "dataValue": "any",
        "serializedValue": "string",
    },
    "link": {
        "operationRef": "string", "operationId": "string", "parameters": "{any}", "requestBody": "any",
        "description": "string", "server": "server",
    },
    "tag": {
        "name": "string", "description": "string", "externalDocs": "externalDocs", "summary": "string",
        "parent": "string", "kind": "string",
    },
    "securityScheme": {
        "type": "string", "description": "string", "name": "string", "in": "string", "scheme": "string",
        "bearerFormat": "string", "flows": "flows", "openIdConnectUrl": "string", "oauth2MetadataUrl": "string",
        "deprecated": "boolean",
    },
    "flows": {
        "implicit": "flow", "password": "flow", "clientCredentials": "flow", "authorizationCode": "flow",
        "deviceAuthorization": "flow",
    },
    "flow": {
        "authorizationUrl": "string", "tokenUrl": "string", "refreshUrl": "string",
        "deviceAuthorizationUrl": "string", "scopes": "{string}",
    },
    "discriminator": {"propertyName": "string", "mapping": "{string}", "defaultMapping": "string"},
    "xml": {
        "name": "string", "namespace": "string", "prefix": "string", "attribute": "boolean", "wrapped": "boolean",
        "nodeType": "string",
    },
}  # fmt: skip
# The keywords that OpenAPI adds to schemas (3.1, section 4.8.24), except `example`, which may be anything.
SCHEMA_EXTENSIONS: Mapping[str, str] = {"discriminator": "discriminator", "xml": "xml", "externalDocs": "externalDocs"}
SCHEMA_EXTENSIONS_3_0: Mapping[str, str] = {**SCHEMA_EXTENSIONS, "nullable": "boolean"}
# Objects whose member names are chosen by authors: the type of the members, and a pattern for the names.
MAPS: Mapping[str, tuple[str, str]] = {
    "paths": ("pathItem", "/.*"),
    "responses": ("response", "[1-5](?:[0-9][0-9]|[xX][xX])|default"),
    "callback": ("pathItem", ".*"),
    # Scopes are checked by `security`: a requirement without valid ones still counts.
    "securityRequirement": ("any", ".*"),
}
# Without one of these an object is ignored.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "parameter": ("name", "in"), "server": ("url",), "securityScheme": ("type",), "discriminator": ("propertyName",),
}  # fmt: skip
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
# Where members belong that are often written a level too high (as in Swagger 2.0), by the kind of the object.
_SCHEMA_MEMBERS = (
    "type", "format", "enum", "default", "items", "pattern", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems", "uniqueItems", "properties",
)  # fmt: skip
_IN_SCHEMA = dict.fromkeys(_SCHEMA_MEMBERS, "schema: {{{name}: …}}")
_IN_CONTENT = dict.fromkeys(("schema", "example", "examples"), "content: {{application/json: {{{name}: …}}}}")
PLACES: Mapping[str, Mapping[str, str]] = {
    "parameter": _IN_SCHEMA, "header": _IN_SCHEMA, "mediaType": _IN_SCHEMA, "response": _IN_CONTENT,
    "requestBody": _IN_CONTENT,
}  # fmt: skip
_DESCRIPTIONS: Mapping[str, str] = {
    "pathItem": "a path item", "requestBody": "a request body", "mediaType": "a media type",
    "securityScheme": "a security scheme", "serverVariable": "a server variable", "operation": "an operation",
    "encoding": "an encoding", "example": "an example", "info": "the info", "components": "the components",
    "document": "the document", "externalDocs": "externalDocs", "flows": "the flows", "flow": "an OAuth flow",
    "xml": "xml", "contact": "the contact", "license": "the license",
}  # fmt: skip


def describe(kind: str) -> str:
    """The name of a kind in a sentence, with its article."""
    return _DESCRIPTIONS.get(kind, f"a {kind}")
