"""The Flask application as a front end of the pipeline."""

from __future__ import annotations

import pytest
import requests
from flask import Flask

from mockserver import BackgroundServer, Contract, create_app

SECONDS = 10.0
# A server adds these, not the application.
OF_SERVERS = ("date", "server", "connection")


@pytest.fixture
def naps() -> list[float]:
    """The seconds that responses were delayed by."""
    return []


@pytest.fixture
def sleepless_app(built_in: Contract, naps: list[float]) -> Flask:
    """An application over the built-in contract that notes delays and does not sleep."""
    return create_app(built_in, sleep=naps.append)


def test_the_application_is_flask_itself_without_overridden_methods(app: Flask) -> None:
    assert type(app) is Flask


def test_every_operation_of_the_contract_has_a_rule_of_flask(app: Flask, built_in: Contract) -> None:
    rules = {
        (rule.rule.replace("<p0>", "{}"), method) for rule in app.url_map.iter_rules() for method in rule.methods or ()
    }
    paths = {operation.path.replace(f"{{{name}}}", "{}") for operation in built_in.operations.values() for name in operation.path_names or ("",)}  # fmt: skip
    assert {path for path, _ in rules} >= paths


def test_a_delay_sleeps_in_the_request_where_the_server_cannot_hold_a_response(
    sleepless_app: Flask, naps: list[float]
) -> None:
    client = sleepless_app.test_client()
    assert client.post("/__mock/overrides", json={"operation": "getJob", "delay": "1500ms"}).status_code == 201
    assert client.get("/admin/jobs/job-7").status_code == 200
    assert naps == [1.5]


def test_the_fault_timeout_takes_a_minute_without_a_delay(sleepless_app: Flask, naps: list[float]) -> None:
    client = sleepless_app.test_client()
    client.post("/__mock/overrides", json={"operation": "getJob", "fault": "timeout"})
    with pytest.raises(ConnectionAbortedError):
        client.get("/admin/jobs/job-7").get_data()
    assert naps == [60.0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/jobs?limit=2"),
        ("HEAD", "/admin/jobs/job-7"),
        ("POST", "/admin/jobs/job-7/retry"),
        ("OPTIONS", "/admin/jobs"),
        ("OPTIONS", "/admin/queue"),
        ("DELETE", "/admin/jobs"),
        ("GET", "/nowhere"),
        ("GET", "/admin/jobs/%2F"),
        ("GET", "/__mock/in/elsewhere@empty/admin/jobs"),
        ("GET", "/__mock/clock"),
        ("GET", "/__mock/"),
        ("GET", "/__mock/assets/0/shared/none.js"),
    ],
)
def test_both_front_ends_give_the_same_response(built_in: Contract, method: str, path: str) -> None:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as server:
        sent = requests.request(method, server.url + path, timeout=SECONDS, headers={"Host": "localhost"})
    client = create_app(built_in).test_client()
    embedded = client.open(path, method=method, headers=dict(sent.request.headers), environ_overrides={"RAW_URI": path})
    headers = {name.lower(): value for name, value in embedded.headers.items()}
    assert embedded.status_code == sent.status_code
    assert embedded.get_data() == sent.content
    assert headers == {name.lower(): value for name, value in sent.headers.items() if name.lower() not in OF_SERVERS}
