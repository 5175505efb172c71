"""Environment variables mean the same to `mockserver serve` and to `mockserver.wsgi`."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from mockserver.cli.environment import Size
from mockserver.cli.main import main
from mockserver.cli.serve import app_from_environment, serve_command
from mockserver.http.service import Service
from tests.attack.scale import some
from tests.documents.kennel import write


@pytest.fixture
def serve_from(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the application of `mockserver.wsgi` for variables, whose names are given without their prefix."""

    def make(**variables: str) -> Flask:
        for name, value in variables.items():
            monkeypatch.setenv(f"MOCKSERVER_{name}", value)
        return app_from_environment()

    return make


def service_of(app: Flask) -> Service:
    service: Service = app.extensions["mockserver"]
    return service


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("1000", 1_000),
        ("1000B", 1_000),
        ("512KB", 512_000),
        ("512 kb", 512_000),
        ("10MB", 10_000_000),
        ("10MiB", 10 * 1024 * 1024),
        ("10mib", 10 * 1024 * 1024),
        ("4KiB", 4096),
        ("1GB", 1_000_000_000),
        ("1GiB", 1 << 30),
        ("1.5MB", 1_500_000),
        ("10M", 10_000_000),
        (" 10MB ", 10_000_000),
    ],
)
def test_a_size_has_decimal_and_binary_units(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "x", "10XB", "-1", "0", "0.1", "MB", "10MBB", "1e3", "10 M B", "²", "1_000"])
def test_what_is_no_size_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a size such as 10MB, 512KB, 10MiB or 1000"):
        Size().convert(text, None, None)


@pytest.mark.parametrize("text", some(["1", "true", "True", "TRUE", "yes", "on", "t", "y"], 3))
def test_a_boolean_is_true_in_every_spelling(serve_from: Any, text: str) -> None:
    app = serve_from(NO_PAGES=text, STRICT=text)
    assert service_of(app).strict
    assert app.test_client().get("/__mock/").status_code == 404


@pytest.mark.parametrize("text", some(["0", "false", "False", "no", "off", "n"], 2))
def test_a_boolean_is_false_in_every_spelling(serve_from: Any, text: str) -> None:
    app = serve_from(NO_PAGES=text, STRICT=text)
    assert not service_of(app).strict
    assert app.test_client().get("/__mock/").status_code == 200


def test_every_option_of_the_application_is_read(serve_from: Any) -> None:
    app = serve_from(
        SCENARIO="empty", SEED="7", TOKEN="secret", BODY_LIMIT="2KB", ALLOW_HOST="mock api", STATEFUL="True"
    )
    service = service_of(app)
    assert service.token == "secret"
    assert service.body_limit == 2_000
    assert service.hosts == frozenset({"mock", "api", "localhost"})
    assert service.contract.default_scenario == "empty"
    assert {scenario.seed for scenario in service.contract.scenarios.values()} == {7}


def test_stateful_is_read(serve_from: Any, tmp_path: Any) -> None:
    assert service_of(serve_from(CONTRACT=str(write(tmp_path)))).contract.inferred == {}
    assert service_of(serve_from(STATEFUL="True")).contract.inferred != {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEED", "x"),
        ("SEED", "-1"),
        ("STATEFUL", "maybe"),
        ("STRICT", "2"),
        ("NO_PAGES", "nope"),
        ("BODY_LIMIT", "10XB"),
        ("PORT", "eighty"),
        ("TOKEN", " "),
        ("WORKERS", "0"),
    ],
)
def test_a_value_that_cannot_be_read_is_an_error_that_names_the_variable(
    serve_from: Any, name: str, value: str
) -> None:
    with pytest.raises(ValueError, match=f"Invalid value for MOCKSERVER_{name}: .*{value}"):
        serve_from(**{name: value})
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert f"MOCKSERVER_{name}" in result.stderr


def test_an_error_on_the_command_line_names_the_option() -> None:
    result = CliRunner().invoke(main, ["serve", "--body-limit", "10XB"])
    assert result.exit_code == 2
    assert "'--body-limit'" in result.stderr


@pytest.mark.parametrize(("value", "port"), [("tcp://10.96.0.17:4080", 4080), ("udp://[::1]:9", 4080), ("5000", 5000)])
def test_the_port_of_a_service_in_kubernetes_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, value: str, port: int
) -> None:
    monkeypatch.setenv("MOCKSERVER_PORT", value)
    assert serve_command.read_environment()["port"] == port
