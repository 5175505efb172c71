from __future__ import annotations

import ast
import inspect
import logging
import textwrap

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver import errors, refusals
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.http.request import parameters
from mockserver.http.response.problems import STATUS


def test_every_refusal_has_a_status_and_a_code_of_its_own() -> None:
    kinds = errors.Refusal.__subclasses__()
    # An injected refusal has the status that was asked for.
    assert set(STATUS) == set(kinds) - {refusals.Injected}
    assert len(refusals.by_code()) == len(kinds)


def test_the_schema_of_a_problem_has_the_members_of_every_refusal(app: Flask) -> None:
    declared = app.test_client().get("/__mock/openapi.json").json["components"]["schemas"]["Problem"]["properties"]
    # These two have schemas of their own.
    kinds = set(errors.Refusal.__subclasses__()) - {refusals.FailedVerdict, refusals.VerifyFailed}
    undeclared = {kind.__name__: _members(kind) - set(declared) for kind in kinds}
    assert {name: members for name, members in undeclared.items() if members} == {}


def _members(kind: type[errors.Refusal]) -> set[str]:
    """The members that the constructor of a refusal adds to its problem."""
    calls = (
        node for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind)))) if isinstance(node, ast.Call)
    )
    constructors = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__")
    return {keyword.arg for call in constructors for keyword in call.keywords if keyword.arg is not None}


@pytest.mark.parametrize(("owner", "step"), [(parameters, "validate"), (Behaviours, "perform")])
def test_a_defect_in_any_step_is_a_problem_without_a_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, owner: object, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(owner, step, fail)
    with caplog.at_level(logging.ERROR, "mockserver"):
        response = app.test_client().get("/admin/jobs")
    assert response.status_code == 500
    assert response.json["code"] == "internal-error"
    assert b"secret" not in response.data
    assert b"Traceback" not in response.data
    assert "secret detail" in caplog.text
    assert response.headers["X-Mock-Sandbox"] == "default"


def test_a_long_value_is_cut_in_a_message(client: FlaskClient) -> None:
    response = client.get(f"/admin/jobs/{'x' * 5000}")
    assert len(response.json["detail"]) < 300


def test_a_problem_has_the_members_of_rfc_9457(client: FlaskClient) -> None:
    response = client.get("/admin/jobs/nope")
    assert response.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": 'jobs has no record "nope".',
        "code": "unknown-record",
        "resource": "jobs",
    }
