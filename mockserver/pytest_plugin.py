"""The pytest plugin: a mock server for the session, and a sandbox of it for each test.

Until a fixture is used, it imports nothing of the server and no HTTP client: names of `mockserver` are imported at
first use.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import mockserver

if TYPE_CHECKING:
    from mockserver import Client

NAME_LIMIT = 64
MARKER = "mock(scenario=None, verdict=True, allow=()): scenario and verdict of the test's sandbox in the mock server"
HOW_TO_ALLOW = """
To allow refused requests: @pytest.mark.mock(allow=["CODE"]). To omit the verdict: @pytest.mark.mock(verdict=False)."""

# `random` is seeded alike in every session by pytest-randomly, and sessions may share a server.
_SESSION = os.urandom(4).hex()


class MockServer(NamedTuple):
    """The server of a test session, at `url`."""

    url: str


class MarkerOptions(NamedTuple):
    """The arguments of `@pytest.mark.mock`: `allow` are codes of refused requests that the verdict ignores."""

    scenario: str | None = None
    verdict: bool = True
    allow: tuple[str, ...] = ()


class RunningTest(NamedTuple):
    """The client and the options of a test that runs."""

    client: Client
    options: MarkerOptions


_RUNNING = pytest.StashKey[RunningTest]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings."""
    group = parser.getgroup("mockserver", "a mock server for tests")
    group.addoption("--mock-url", metavar="URL", help="a running mock server; without one, the session starts its own")
    group.addoption("--mock-artifacts", metavar="DIR", help="write a recording of each failed test's sandbox here")
    parser.addini("mock_url", "as --mock-url")
    parser.addini("mock_contract", "the contract of a server that the session starts: a directory or an OpenAPI file")
    parser.addini("mock_stateful", "keep state behind the OpenAPI file of mock_contract", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def mock_server(pytestconfig: pytest.Config) -> Iterator[MockServer]:
    """The mock server at `url`: that of --mock-url, or one that serves the contract of `mock_contract`."""
    option = pytestconfig.getoption("mock_url")
    address = option if option is not None else pytestconfig.getini("mock_url")
    if address:
        with _failing(ValueError, mockserver.MockError), mockserver.Client(address) as client:
            client.health()
        yield MockServer(address.rstrip("/"))
        return
    contract = _contract(pytestconfig)
    with _failing(
        mockserver.ContractError, reason=f"The contract {contract} (ini option mock_contract) is not valid:\n"
    ):
        app = mockserver.create_app(contract, stateful=pytestconfig.getini("mock_stateful"))
    with mockserver.BackgroundServer(app) as server:
        yield MockServer(server.url)


@pytest.fixture
def mock(request: pytest.FixtureRequest, mock_server: MockServer) -> Iterator[Client]:
    """A client of the mock server in a sandbox of this test, with which the test ends."""
    item = request.node
    with _failing(TypeError):
        options = read_markers(item)
    with mockserver.Client(mock_server.url, sandbox=sandbox_name(item.nodeid, item.name)) as client:
        if options.scenario is not None:
            with _failing(mockserver.MockError):
                client.scenario(options.scenario)
        item.stash[_RUNNING] = RunningTest(client, options)
        yield client
        del item.stash[_RUNNING]
        client.delete()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passed if the verdict of its sandbox does not."""
    result = yield
    running = item.stash.get(_RUNNING, None)
    if running is not None and running.options.verdict:
        with _failing(mockserver.MockError), _failing(mockserver.VerdictFailed, advice=HOW_TO_ALLOW):
            running.client.verdict(allow=running.options.allow)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the requests of the sandbox to the report of a failed test, and write its recording."""
    report = yield
    running = item.stash.get(_RUNNING, None)
    if running is not None and report.failed and call.when != "teardown":
        report.sections.append(("mock requests", _describe(running.client, item.config)))
    return report


def read_markers(item: pytest.Item) -> MarkerOptions:
    """The options of a test's markers; of the same option, the closest marker's value.

    Raises TypeError for arguments that `@pytest.mark.mock` does not have.
    """
    arguments: dict[str, Any] = {}
    for marker in item.iter_markers("mock"):
        unknown = [*map(repr, marker.args), *(set(marker.kwargs) - set(MarkerOptions._fields))]
        if unknown:
            names = ", ".join(f"{name}=" for name in MarkerOptions._fields)
            raise TypeError(f"@pytest.mark.mock has no argument {unknown[0]}; its arguments are {names}.")
        arguments = {**marker.kwargs, **arguments}
    options = MarkerOptions(**arguments)
    return options._replace(allow=(options.allow,) if isinstance(options.allow, str) else tuple(options.allow))


def sandbox_name(node_id: str, name: str) -> str:
    """A valid sandbox name: a test's node id as far as it fits, a digest of all of it, and a part of this session.

    `name` is the test's own name, with which the node id ends.
    """
    digest = hashlib.sha256(node_id.encode(errors="surrogatepass")).hexdigest()[:8]
    room = NAME_LIMIT - len(f"-{digest}-{_SESSION}")
    whole, short = _as_sandbox_name(node_id), _as_sandbox_name(name)
    # If it does not fit, folders are left out first, then the end of long parameters.
    kept = whole[-room:] if len(short) <= room else short[:room]
    return f"{kept}-{digest}-{_SESSION}".lstrip("-")


def _as_sandbox_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")


@contextlib.contextmanager
def _failing(*errors: type[Exception], reason: str = "", advice: str = "") -> Iterator[None]:
    """Turn these errors into failures of the test that show no traceback."""
    try:
        yield
    except errors as error:
        raise pytest.fail.Exception(f"{reason}{error}{advice}", pytrace=False) from None


def _contract(config: pytest.Config) -> Path | None:
    """The path in the setting, relative to the file that has it; None for the built-in contract."""
    path = config.getini("mock_contract")
    return (config.inipath.parent if config.inipath else config.rootpath) / path if path else None


def _describe(client: Client, config: pytest.Config) -> str:
    """The requests of a sandbox, and how to reproduce its state. Raises nothing: that would end the session."""
    from mockserver.client.report import describe_requests

    try:
        lines = [describe_requests(client.requests())]
        if folder := config.getoption("mock_artifacts"):
            contract, path = _contract(config), config.invocation_params.dir / folder / f"{client.sandbox}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(client.recording(), encoding="utf-8")
            options = ["--stateful"] if config.getini("mock_stateful") else []
            words = ["mockserver", "serve", *([str(contract)] if contract else []), *options, "--scenario", str(path)]
            lines.append(f"To reproduce the state: {shlex.join(words)}")
    except (mockserver.MockError, OSError) as error:
        return str(error)
    return "\n".join(lines)
