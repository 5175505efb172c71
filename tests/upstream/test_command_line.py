"""`mockserver serve --upstream`."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from click.testing import CliRunner

from mockserver import create_app, load_contract
from mockserver.cli.main import main
from mockserver.cli.serve import app_from_environment
from mockserver.contract.server_settings import with_upstream
from mockserver.server.server import BackgroundServer
from mockserver.web.reload import ReloadingApp
from tests.conftest import MakeContract
from tests.ports import free_port
from tests.upstream.backend import connect, exchange, get, status_of
from tests.upstream.conftest import StartBackend

SECONDS = 20


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, str]]:
    """The address of a server, and what it has printed before."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--host", "127.0.0.1", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        printed = ""
        while (match := re.search(r"Listening on (\S+)", printed)) is None:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield match[1], printed
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["serve", *arguments])
    assert result.exit_code == 2
    return result.output.rstrip("\n").rpartition("\n")[2]


def test_requests_are_passed_on(backend: StartBackend) -> None:
    upstream = backend()
    with serving("--upstream", upstream.url, "--pass", "getJob", "--pass", "GET /tutor/*") as (url, printed):
        statuses = [
            status_of(exchange(url, get(path))) for path in ("/x", "/admin/jobs/1", "/tutor/courses", "/admin/jobs")
        ]
    assert statuses == [200] * 4
    assert [request.target for request in upstream.received] == ["/x", "/admin/jobs/1", "/tutor/courses"]
    assert f"Upstream: {upstream.url} gets what no operation matches, getJob, GET /tutor/*\n" in printed


def test_workers_pass_requests_on(backend: StartBackend, redis: Any) -> None:
    upstream = backend()
    with serving("--upstream", upstream.url, "--workers", "2", "--store", redis.url) as (url, _):
        assert [status_of(exchange(url, get("/x"))) for _ in range(6)] == [200] * 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--upstream", "localhost:8000"],
            'Error: --upstream: "localhost:8000" needs the scheme http:// or https://, for example http://localhost:8000',
        ),
        (
            ["--upstream", "http://h", "--pass", "getJbo"],
            'Error: --pass: There is no operation "getJbo" to pass on. Did you mean "getJob"? '
            "A pattern is written as GET /jobs/*",
        ),
        (["--pass", "getJob"], "Error: --pass: There is no upstream to pass anything on to: name it with --upstream."),
        (
            ["--upstream", "https://h", "--upstream-ca", "/no/such/file"],
            "Error: --upstream-ca: /no/such/file cannot be read: No such file or directory.",
        ),
        (
            ["--upstream", "http://h", "--upstream-timeout", "soon"],
            "Error: Invalid value for '--upstream-timeout': 'soon' is not a duration such as 2s, 500ms or 1m (up to an hour).",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_options_is_said_at_the_start(arguments: list[str], message: str) -> None:
    assert refusal(*arguments) == message


@pytest.mark.parametrize(
    ("upstream", "host"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("localhost", "localhost")],
)
def test_the_server_itself_is_no_upstream(upstream: str, host: str) -> None:
    port = free_port()
    message = f"Error: --upstream http://{upstream}:{port} is the address of this server itself: name that of the real backend."
    assert refusal("--upstream", f"http://{upstream}:{port}", "--host", host, "--port", str(port)) == message


def test_variables_name_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSERVER_UPSTREAM", "http://localhost:8000")
    monkeypatch.setenv("MOCKSERVER_PASS", "getJob, GET /tutor/*")
    monkeypatch.setenv("MOCKSERVER_UPSTREAM_TIMEOUT", "5s")
    upstream = app_from_environment().extensions["mockserver"].contract.upstream
    assert upstream.address.url == "http://localhost:8000"
    assert upstream.operations == {"getJob"}
    assert [pattern.text for pattern in upstream.patterns] == ["GET /tutor/*"]
    assert upstream.timeout == 5.0


def test_an_upstream_that_is_edited_is_the_one_of_new_connections(
    backend: StartBackend, make_contract: MakeContract
) -> None:
    first, second = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"), backend()
    root = make_contract()
    app = ReloadingApp(create_app(root).extensions["mockserver"], lambda: with_upstream(load_contract(root), None))
    with BackgroundServer(app, "127.0.0.1") as server:
        results = [str(requests.get(f"{server.url}/x", timeout=10).status_code)]
        for upstream in (first, second):
            declare(root, upstream.url)
            assert app.reload() == []
            results.append(requests.get(f"{server.url}/x", timeout=10).text)
        declare(root, "nowhere")
        problems = [problem.code for problem in app.reload()]
        results.append(requests.get(f"{server.url}/x", timeout=10).text)
    assert results == ["404", "1", "ok", "ok"]
    assert problems == ["upstream"]


def test_an_upstream_that_is_added_is_the_one_of_open_connections(
    backend: StartBackend, make_contract: MakeContract
) -> None:
    upstream, root = backend(), make_contract()
    app = ReloadingApp(create_app(root).extensions["mockserver"], lambda: with_upstream(load_contract(root), None))
    with BackgroundServer(app, "127.0.0.1") as server, connect(server.url) as first, connect(server.url) as second:
        second.sendall(keep_alive("/x")[:20])
        first.sendall(keep_alive("/x"))
        before = status_of(first.recv(65536))
        declare(root, upstream.url)
        assert app.reload() == []
        first.sendall(keep_alive("/x") * 2)
        passed = read_all_of(first, b"ok", 2)
        second.sendall(keep_alive("/x")[20:])
        begun_before = status_of(second.recv(65536))
    assert (before, passed.count(b"HTTP/1.1 200 OK"), begun_before) == (404, 2, 503)


def keep_alive(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: mock.test\r\n\r\n".encode()


def read_all_of(connection: socket.socket, part: bytes, times: int) -> bytes:
    """What comes until a part has come so many times."""
    received = b""
    while received.count(part) < times and (data := connection.recv(65536)):
        received += data
    return received


def test_check_contacts_no_upstream(backend: StartBackend, make_contract: MakeContract) -> None:
    upstream = backend()

    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["upstream"] = {"url": upstream.url, "pass": ["getJob"]}
        responses = [{"operation": "*", "upstream": True, "headers": {"X-A": "1"}}]
        files["scenarios/baseline.yaml"]["responses"] = responses

    result = CliRunner().invoke(main, ["check", str(make_contract(change))])
    assert result.exit_code == 0, result.output
    assert upstream.received == [], result.output


def declare(root: Path, url: str) -> None:
    file = root / "schemas" / "resources.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "upstream": url}))
