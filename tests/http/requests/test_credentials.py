from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, ContractError, create_app, load_contract
from tests.conftest import Serve

SCHEMES = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "Bearer"},
    "digest": {"type": "http", "scheme": "digest"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "oauth": {"type": "oauth2", "flows": {}},
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://example.org"},
    "certificate": {"type": "mutualTLS"},
}
NEEDED = {"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}


def document(security: Any, **operation: Any) -> dict[str, Any]:
    responses = {"204": {"description": "ok"}, **operation.pop("responses", {})}
    item = {"operationId": "one", "security": security, "responses": responses, **operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guarded", "version": "1"},
        "components": {"securitySchemes": SCHEMES},
        "paths": {"/x": {"get": item}},
    }


@pytest.mark.parametrize(
    ("security", "target", "headers", "status"),
    [
        ([], "/x", {}, 204),
        ([{}], "/x", {}, 204),
        ([{"certificate": []}], "/x", {}, 204),
        ([{"basic": []}], "/x", {}, 401),
        ([{"basic": []}], "/x", {"Authorization": "basic abc"}, 204),
        ([{"basic": []}], "/x", {"Authorization": "Basic "}, 401),
        ([{"basic": []}], "/x", {"Authorization": "Bearer abc"}, 401),
        ([{"bearer": []}], "/x", {"Authorization": "Bearer abc"}, 204),
        ([{"oauth": ["read"]}], "/x", {"Authorization": "Bearer abc"}, 204),
        ([{"oidc": []}], "/x", {"Authorization": "Bearer abc"}, 204),
        ([{"header": []}], "/x", {"X-Key": "abc"}, 204),
        ([{"header": []}], "/x", {"X-Key": " "}, 401),
        ([{"query": []}], "/x?key=abc", {}, 204),
        ([{"query": []}], "/x?key=", {}, 401),
        ([{"cookie": []}], "/x", {"Cookie": "sid=abc"}, 204),
        ([{"cookie": []}], "/x", {"Cookie": "other=abc"}, 401),
        ([{"basic": [], "header": []}], "/x", {"X-Key": "abc"}, 401),
        ([{"bearer": [], "header": []}], "/x", {"X-Key": "abc", "Authorization": "Bearer x"}, 204),
        ([{"basic": []}, {"query": []}], "/x?key=1", {}, 204),
        ([{"basic": []}, {}], "/x", {}, 204),
    ],
)
def test_one_of_the_ways_to_identify_oneself_is_enough_if_it_is_taken_in_full(
    serve: Serve, security: Any, target: str, headers: dict[str, str], status: int
) -> None:
    assert serve(document(security)).get(target, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("security", "challenge", "told"),
    [
        ([{"basic": []}], 'Basic realm="basic"', "the header Authorization: Basic …"),
        ([{"oauth": ["read", "write"]}], 'Bearer realm="oauth", scope="read write"', "the header Authorization: Bearer …"),
        ([{"digest": []}], 'Digest realm="digest", qop="auth", nonce="mockserver"', "the header Authorization: Digest …"),
        ([{"header": []}], 'ApiKey realm="header", in="header", name="X-Key"', "the header X-Key"),
        ([{"basic": []}, {"query": [], "cookie": []}], 'Basic realm="basic", ApiKey realm="query", in="query", name="key", ApiKey realm="cookie", in="cookie", name="sid"', "the header Authorization: Basic …, or the query parameter key and the cookie sid"),
        ([{"bearer": []}, {"bearer": []}], 'Bearer realm="bearer"', "the header Authorization: Bearer …"),
    ],
)  # fmt: skip
def test_a_401_has_a_challenge_for_each_way_and_says_what_was_missing(
    serve: Serve, security: Any, challenge: str, told: str
) -> None:
    response = serve(document(security)).get("/x")
    assert response.headers["WWW-Authenticate"] == challenge
    assert response.headers["X-Mock-Code"] == "credentials-required"
    assert response.get_json(force=True)["detail"] == (
        f"one requires credentials that are missing: {told}. Any value is accepted."
    )


def test_credentials_come_before_what_else_is_wrong(serve: Serve) -> None:
    client = serve(document([{"query": []}], parameters=[NEEDED]))
    assert [client.get(target).status_code for target in ("/x?n=a", "/x?n=a&key=1", "/x?n=1&key=1")] == [401, 422, 204]


def test_a_401_takes_the_form_that_the_operation_declares(serve: Serve) -> None:
    schema = {
        "type": "object",
        "required": ["error"],
        "additionalProperties": False,
        "properties": {"error": {"const": "who?"}},
    }
    form = {"401": {"description": "who", "content": {"application/json": {"schema": schema}}}}
    response = serve(document([{"basic": []}], responses=form)).get("/x")
    assert response.status_code == 401
    assert response.get_json() == {"error": "who?"}
    assert response.headers["WWW-Authenticate"] == 'Basic realm="basic"'


def test_an_operation_without_security_of_its_own_has_the_document_s(serve: Serve) -> None:
    written = document([{"basic": []}])
    del written["paths"]["/x"]["get"]["security"]
    assert serve(written).get("/x").status_code == 204
    written["security"] = [{"header": []}]
    assert serve(written).get("/x").status_code == 401


def test_a_preflight_never_requires_credentials(serve: Serve) -> None:
    headers = {"Origin": "http://app.example", "Access-Control-Request-Method": "GET"}
    assert serve(document([{"basic": []}])).options("/x", headers=headers).status_code == 204


def test_an_undeclared_scheme_is_reported_and_counts_as_sent(serve: Serve) -> None:
    client = serve(document([{"basik": []}]))
    warnings = client.application.extensions["mockserver"].contract.warnings
    assert [(item.pointer, item.code, item.message) for item in warnings] == [
        ("/paths/~1x/get/security/0/basik", "undeclared", 'there is no security scheme "basik". Did you mean "basic"?')
    ]
    assert client.get("/x").status_code == 204
    with_another = serve(document([{"basik": [], "header": []}]))
    assert [with_another.get("/x", headers=sent).status_code for sent in ({}, {"X-Key": "1"})] == [401, 204]


def test_a_scheme_that_is_not_declared_is_a_mistake_in_a_contract_directory(make_contract: Any) -> None:
    def ask(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["security"] = [{"basik": []}]

    with pytest.raises(ContractError, match='there is no security scheme "basik"'):
        load_contract(make_contract(ask))


def test_an_api_key_is_no_unknown_parameter(make_contract: Any) -> None:
    def guarded(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["components"] = {"securitySchemes": SCHEMES}
        files["schemas/openapi.yaml"]["security"] = [{"query": []}]

    client = create_app(make_contract(guarded)).test_client()
    assert [client.get(f"/jobs{query}").status_code for query in ("", "?key=1", "?key=1&yek=1")] == [401, 200, 422]


def test_the_journal_keeps_to_itself_what_a_scheme_calls_a_credential(serve: Serve) -> None:
    written = document([{"odd": []}, {"word": []}])
    written["components"]["securitySchemes"] = {
        "odd": {"type": "apiKey", "in": "header", "name": "x_odd"},
        "word": {"type": "apiKey", "in": "query", "name": "word"},
    }
    client = serve(written)
    client.get("/x?word=sesame&n=1", headers={"x_odd": "sesame"})
    assert "sesame" not in client.get("/__mock/requests").text


def test_a_credential_in_a_header_with_an_underscore_counts(tmp_path: Path) -> None:
    written = document([{"key": []}])
    written["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "api_key"}}
    (tmp_path / "api.json").write_text(json.dumps(written))
    with BackgroundServer(create_app(tmp_path / "api.json")) as server:
        result = [
            requests.get(f"{server.url}/x", headers=sent, timeout=10).status_code for sent in ({"api_key": "1"}, {})
        ]
    assert result == [204, 401]
