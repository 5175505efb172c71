"""Builds requests that the contract allows: generated parameters, bodies and credentials."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from mockserver import generate
from mockserver.contract.model import Contract
from mockserver.errors import CannotGenerate
from mockserver.http.messages import Request, join_headers
from mockserver.http.request.addressing import build_request
from mockserver.http.response.text_bodies import body_text, write
from mockserver.openapi import parameter_encoding
from mockserver.openapi.content import is_valid, json_media_type
from mockserver.openapi.model import MediaType, Operation, Parameter, template_shape
from mockserver.openapi.security import RequiredCredential
from mockserver.syntax.http.media_types import FORM, JSON, may_be_json

UNKNOWN_KEY = "no-such-record"
# What a path template may have as it is, escapes included: the rest of it is written as escapes (RFC 3986, section 2).
PATH_CHARACTERS = "/{}?%!$&'()*+,;=:@~"
# An empty value may count as a missing parameter, so this many are generated to find another.
SEEDS = 8
# The value of every credential.
CREDENTIAL = "check"


class RequestBuilder(Struct, frozen=True):
    """Builds requests to the operations of a contract.

    `value_of` gives the value of a parameter that is not known; without it, values are generated.
    """

    contract: Contract
    value_of: Callable[[Parameter], Any] | None = None

    def build(
        self,
        operation: Operation,
        path: str,
        *,
        query: str = "",
        body: tuple[bytes, str] | None = None,
        accept: str = "*/*",
    ) -> Request:
        """A request with the headers and credentials that the operation requires. `body` comes with its media type."""
        headers = [("Host", "localhost"), ("Accept", accept)]
        headers += [("Content-Type", body[1])] if body is not None else []
        headers += self.required_headers(operation)
        for credential in operation.security[0] if operation.security else ():
            headers += _credential_headers(credential)
            if credential.location == "query":
                query = "&".join(filter(None, (query, f"{quote(credential.name)}={CREDENTIAL}")))
        target = f"{path}{'&' if '?' in path else '?'}{query}" if query else path
        return build_request(operation.method, target, join_headers(headers), body[0] if body is not None else b"")

    def path_values(self, operation: Operation, keys: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Values of the path parameters: `keys` by resource if the operation is implemented, else generated ones.

        None if that needs another key. Without `keys` at all, it can only do without parameters.
        """
        declared = path_parameters(operation)
        if operation.id not in self.contract.implemented:
            return {
                name: self._generate(declared[name], operation) for name in operation.path_names if name in declared
            }
        if keys is None:
            return None if operation.path_names else {}
        values: dict[str, Any] = {}
        for name in operation.path_names:
            target = self._resource_named_by(operation, name)
            if target is None and operation.id not in self.contract.behaviours:
                values[name] = self._generate(declared[name], operation) if name in declared else UNKNOWN_KEY
            elif target is None or target not in keys:
                return None
            else:
                values[name] = keys[target]
        return values

    def _resource_named_by(self, operation: Operation, name: str) -> str | None:
        """The resource whose records a path parameter names.

        For an operation with a handler, it is that of the operations with a behaviour at or below the same address, or
        of a reference with the name of the parameter.
        """
        contract = self.contract
        if operation.id in contract.behaviours:
            return contract.resource_named_by(operation, name)
        number = operation.path_names.index(name)
        address = template_shape(operation.path.partition(f"{{{name}}}")[0]) + "{}"
        for other in map(contract.operations.__getitem__, contract.behaviours):
            shape = template_shape(other.path)
            if shape == address or shape.startswith(f"{address}/"):
                if (target := contract.resource_named_by(other, other.path_names[number])) is not None:
                    return target
            behaviour = contract.behaviours[other.id]
            if f"{shape}/{{}}" == address and behaviour.kind in ("list", "create"):
                return behaviour.resource
        references = (resource.references.get(name) for resource in contract.resources.values())
        return next((target for target in references if target is not None), None)

    def path(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """The operation's path with the values of its parameters; an unknown key where there is none."""
        path = quote(operation.path.partition("#")[0], safe=PATH_CHARACTERS)
        declared = path_parameters(operation)
        for name in operation.path_names:
            value = values.get(name, UNKNOWN_KEY)
            if name in declared:
                text = parameter_encoding.encode_path(declared[name].notation, value)
            else:
                text = quote(str(value), safe="")
            path = path.replace(quote(f"{{{name}}}", safe=PATH_CHARACTERS), text, 1)
        return path

    def query(self, operation: Operation) -> str:
        """The required query parameters."""
        required = [
            parameter for parameter in operation.parameters if parameter.location == "query" and parameter.required
        ]
        values = ((parameter.notation, self._value(parameter, operation)) for parameter in required)
        return "&".join(filter(None, (parameter_encoding.encode_query(*value) for value in values)))

    def body(self, operation: Operation) -> tuple[bytes, str] | None:
        """A valid body with its media type, if the operation takes JSON, XML or URL-encoded forms."""
        declared = operation.body
        if declared is None:
            return None
        media_type = json_media_type(declared)
        if media_type is not None:
            kind = JSON if may_be_json(media_type.name) else media_type.name
            return write(self._body_value(operation, media_type), kind, media_type)[0], kind
        if (form := declared.media.get(FORM)) is not None:
            return str(body_text(self._body_value(operation, form), FORM)).encode(), FORM
        return None

    def _body_value(self, operation: Operation, media_type: MediaType) -> Any:
        for example in media_type.examples.values():
            # One that stands for an error may be invalid.
            if is_valid(media_type.name, media_type, example):
                return example
        if media_type.schema is None or media_type.validator is None:
            return {}
        documents, seed = self.contract.documents, f"check/{operation.id}"
        generator = generate.Generator.seeded(documents, media_type.validator.schemas, seed, hidden="readOnly")
        try:
            return generator.generate(media_type.schema)
        except CannotGenerate:
            return {}

    def _value(self, parameter: Parameter, operation: Operation) -> Any:
        return self._generate(parameter, operation) if self.value_of is None else self.value_of(parameter)

    def _generate(self, parameter: Parameter, operation: Operation) -> Any:
        validator, value = parameter.validator, None
        # A parameter without a schema has one that is in no file of the contract.
        documents = validator.schemas.documents
        schema = documents.resolve(validator.address)
        try:
            for number in range(SEEDS):
                seed = f"check/{operation.id}/{number or ''}".rstrip("/")
                value = generate.Generator.seeded(documents, validator.schemas, seed).generate(schema, parameter.name)
                if value != "":
                    break
            return value
        except CannotGenerate:
            return UNKNOWN_KEY

    def required_headers(self, operation: Operation, sent: Collection[str] = ()) -> list[tuple[str, str]]:
        """The required headers and cookies, without those that are `sent` anyway, by names in lower case."""
        headers = []
        for parameter in operation.parameters:
            if not parameter.required:
                continue
            if parameter.location == "header" and parameter.name.lower() not in sent:
                value = self._value(parameter, operation)
                headers.append((parameter.name, parameter_encoding.encode_header(parameter.notation, value)))
            elif parameter.location == "cookie" and "cookie" not in sent:
                value = self._value(parameter, operation)
                text = parameter_encoding.encode_cookie(parameter.notation, value)
                headers.append(("Cookie", f"{parameter.name}={text}"))
        return headers


def path_parameters(operation: Operation) -> dict[str, Parameter]:
    """The declared parameters of an operation's path, by name."""
    return {parameter.name: parameter for parameter in operation.parameters if parameter.location == "path"}


def _credential_headers(credential: RequiredCredential) -> list[tuple[str, str]]:
    if credential.location == "header":
        return [(credential.name, f"{credential.scheme} {CREDENTIAL}".strip())]
    return [("Cookie", f"{credential.name}={CREDENTIAL}")] if credential.location == "cookie" else []
