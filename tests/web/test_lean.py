"""Flask without what no request needs: what it remembers is bounded, and right."""

from __future__ import annotations

import pytest
from flask import Flask

from mockserver.web import lean


@pytest.fixture
def app() -> Flask:
    app = lean.LeanFlask("lean")
    app.add_url_rule("/things/<one>", "read", lambda one: one)
    app.add_url_rule("/things/<one>", "change", lambda one: f"changed {one}", methods=["PUT"])
    return app


def test_a_way_that_is_remembered_is_that_of_its_method_and_path(app: Flask) -> None:
    client = app.test_client()
    for _ in range(2):
        assert client.get("/things/a").text == "a"
        assert client.get("/things/%C3%A9").text == "é"
        assert client.put("/things/a").text == "changed a"
        assert client.delete("/things/a").status_code == 405
        assert client.get("/other").status_code == 404


def test_no_more_ways_are_remembered_than_the_limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean, "ROUTES_LIMIT", 3)
    client = app.test_client()
    for number in range(10):
        assert client.get(f"/things/{number}").text == str(number)
        assert len(app._routes) <= 3  # type: ignore[attr-defined]
    known = dict(app._routes)  # type: ignore[attr-defined]
    assert client.get(f"/things/{'x' * lean.PATH_LIMIT}").status_code == 200
    assert app._routes == known  # type: ignore[attr-defined]
