"""Markup in requests: nothing of it comes back as markup, on an origin that the console shares."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve

MARKUP = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def client_of(serve: Serve, refusal: dict[str, Any], success: dict[str, Any] | None = None) -> FlaskClient:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "size", "in": "query", "schema": {"type": "integer"}},
    ]
    responses = {
        "200": {"description": "page", "content": success or {"text/plain": {"example": "page"}}},
        "400": {"description": "no", "content": refusal},
    }
    operation = {"operationId": "getPage", "parameters": parameters, "responses": responses}
    return serve(
        {"openapi": "3.1.0", "info": {"title": "Pages", "version": "1"}, "paths": {"/pages/{id}": {"get": operation}}}
    )


def test_a_refusal_in_html_escapes_what_it_quotes(serve: Serve) -> None:
    response = client_of(serve, {"text/html": {"schema": {"type": "string"}}}).get(f"/pages/1?size={MARKUP}")
    assert response.status_code == 400
    assert response.content_type == "text/html; charset=utf-8"
    assert response.text == (
        "The request violates the contract: query size: "
        "&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot; is not of type integer"
    )


@pytest.mark.parametrize("entry", [{}, {"example": "<h1>No</h1>"}], ids=["detail", "example"])
@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=iso-8859-1"])
def test_a_refusal_in_html_may_load_and_run_nothing(serve: Serve, kind: str, entry: dict[str, Any]) -> None:
    response = client_of(serve, {kind: entry}).get("/pages/1?size=x")
    assert response.headers.getlist("Content-Security-Policy") == [POLICY]


@pytest.mark.parametrize("kind", ["application/xhtml+xml", "image/svg+xml", "application/xml"])
def test_a_refusal_is_not_quoted_in_xml(serve: Serve, kind: str) -> None:
    response = client_of(serve, {kind: {"schema": {"type": "string"}}}).get(f"/pages/1?size={MARKUP}")
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/html", "*/*", "text/*"])
@pytest.mark.parametrize("accept", ["text/html", "application/xhtml+xml, text/html", "image/svg+xml, */*"])
def test_the_path_of_a_request_is_never_a_page(serve: Serve, kind: str, accept: str) -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    client = client_of(serve, {"text/html": {}}, {kind: {"schema": schema}})
    response = client.get(f"/pages/{MARKUP}", headers={"Accept": accept})
    assert b"<script>" not in response.data or response.mimetype in ("application/json", "text/plain")
