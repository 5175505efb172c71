"""One test or more for each class of vulnerability that was published for servers of this kind."""

from __future__ import annotations

import ast
import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

import mockserver
from mockserver import BackgroundServer, Contract, ContractError, create_app, load_contract
from mockserver.cli.terminal import TerminalFormatter
from tests.attack.raw_http import send, statuses
from tests.attack.scale import combine, some
from tests.cli.test_main import remaining_output, serving
from tests.conftest import MakeContract

SECONDS = 10
SANDBOX = {"X-Mock-Sandbox": "advisories"}
PASSWORDS = Path("/etc/passwd")
CONTROL_CHARACTERS = {"\x1b", "\x07", "\x08", "\r", "\x9b", "\u202e"}


@pytest.fixture(scope="module")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as running:
        yield running


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def was_called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def ask(server: BackgroundServer, method: str, path: str, **options: Any) -> requests.Response:
    options.setdefault("headers", SANDBOX)
    return requests.request(method, server.url + path, timeout=SECONDS, allow_redirects=False, **options)


# Path traversal: WireMock's __files, json-server's static folder, Mockoon's templated file paths.

TRAVERSALS = [
    "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%252f..%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "....//....//etc/passwd",
    "/etc/passwd", "%2fetc%2fpasswd", "..;/..;/etc/passwd", "%c0%ae%c0%ae/etc/passwd", "file:///etc/passwd", "~root/.bashrc", "..%00/etc/passwd",
    "console.js%00.html", "../__init__.py", "..%2f__init__.py", "../templates/console.html", ".", "..",
]  # fmt: skip


PREFIXES = [
    "/", "/__mock/assets/", "/__mock/assets/0/", "/__mock/assets/0/console/", "/__mock/docs/", "/__mock/in/a/", "/admin/",
]  # fmt: skip


@pytest.mark.parametrize(("prefix", "path"), combine(PREFIXES, TRAVERSALS))
def test_no_path_leads_to_a_file_outside_the_assets(server: BackgroundServer, prefix: str, path: str) -> None:
    request = f"GET {prefix}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    received = send(server.url, request)
    assert statuses(received)[0] in (400, 404, 405), received[:200]
    assert b"root:" not in received


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "baseline.yaml", "../scenarios/baseline", "a\\..\\b"]
)
def test_a_scenario_that_a_client_names_is_never_a_file(server: BackgroundServer, name: str) -> None:
    responses = [
        ask(server, "GET", "/admin/jobs", headers={"X-Mock-Scenario": name}),
        ask(server, "GET", f"/admin/jobs?__scenario={quote(name, safe='')}"),
        ask(server, "PUT", "/__mock/scenario", json={"name": name}),
    ]
    assert [(r.status_code, r.json()["code"]) for r in responses] == [
        (400, "unknown-scenario"), (400, "unknown-scenario"), (422, "unknown-scenario"),
    ]  # fmt: skip


# References: documents that make their reader fetch or disclose something.


def document(member: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "a", "content": {"application/json": member}}}}}},
    }


def references(port: int) -> list[str]:
    return [
        f"http://127.0.0.1:{port}/a.json", f"https://127.0.0.1:{port}/a.json", f"//127.0.0.1:{port}/a.json",
        f"ftp://127.0.0.1:{port}/a.json", "file:///etc/passwd", "/etc/passwd", "../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd", "file://localhost/etc/passwd", "data:application/json,{}", "jar:file:///a!/b", "\\\\127.0.0.1\\a",
    ]  # fmt: skip


@pytest.mark.parametrize("index", range(len(references(0))))
def test_a_reference_never_leads_outside_the_directory(tmp_path: Path, listener: socket.socket, index: int) -> None:
    reference = references(listener.getsockname()[1])[index]
    path = tmp_path / "a.json"
    for member in ({"schema": {"$ref": reference}}, {"examples": {"a": {"$ref": reference}}}):
        path.write_text(json.dumps(document(member)))
        contract = load_contract(path)
        assert list(contract.documents.sources) == ["file:///a.json"]
        assert contract.findings != ()
    assert not was_called(listener)


def test_an_external_example_is_not_fetched(tmp_path: Path, listener: socket.socket) -> None:
    path = tmp_path / "a.json"
    for value in (f"http://127.0.0.1:{listener.getsockname()[1]}/a", PASSWORDS.as_uri()):
        path.write_text(json.dumps(document({"schema": {}, "examples": {"a": {"externalValue": value}}})))
        with BackgroundServer(create_app(path), "127.0.0.1") as running:
            assert "root:" not in ask(running, "GET", "/a").text
    assert not was_called(listener)


# Server-side request forgery: proxies and recorders.


def test_a_request_for_another_host_is_not_forwarded(server: BackgroundServer, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    for target in (
        f"http://127.0.0.1:{port}/admin/jobs",
        f"//127.0.0.1:{port}/",
        f"/admin/jobs?url=http://127.0.0.1:{port}/",
    ):
        headers = (
            f"Host: 127.0.0.1:{port}\r\nX-Forwarded-Host: 127.0.0.1:{port}\r\nReferer: http://127.0.0.1:{port}/\r\n"
        )
        received = send(server.url, f"GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode())
        assert statuses(received)[0] in (200, 404, 422)
    assert not was_called(listener)


@pytest.mark.parametrize(
    "member", ["proxyBaseUrl", "httpForward", "proxy", "url", "callback", "bodyFileName", "file", "templateId"]
)
def test_an_override_has_no_member_that_reads_or_fetches(
    server: BackgroundServer, listener: socket.socket, member: str
) -> None:
    override = {"operation": "listJobs", "status": 503, member: f"http://127.0.0.1:{listener.getsockname()[1]}/"}
    assert ask(server, "POST", "/__mock/overrides", json=override).status_code == 422
    assert not was_called(listener)


# Code in templates: MockServer's Velocity and JavaScript, WireMock's Handlebars, Mockoon's helpers.

TEMPLATES = [
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% print(7*7) %}", "{{config}}", "{{''.__class__}}", "{{systemValue type='ENVIRONMENT' key='PATH'}}",
    "$!request", "#set($a=7*7)$a", "{0.__class__}", "%(asctime)s", "{file '/etc/passwd'}", "{{include '/etc/passwd'}}", "`id`", "$(id)",
]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_of_an_override_is_sent_as_it_is(server: BackgroundServer, template: str) -> None:
    body = {"type": "about:blank", "title": template, "status": 503, "detail": template, "code": "injected"}
    override = {"operation": "listJobs", "status": 503, "body": body, "headers": {"X-Text": template}}
    assert ask(server, "POST", "/__mock/overrides", json=override).status_code == 201
    response = ask(server, "GET", "/admin/jobs")
    assert response.json() == body
    assert response.headers["X-Text"] == template


# Response splitting.


@pytest.mark.parametrize(
    ("place", "text"),
    combine(["name", "value"], ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rb", "a\0b", "\r\n\r\n<script>"]),
)
def test_a_header_of_an_override_cannot_begin_another(server: BackgroundServer, place: str, text: str) -> None:
    headers = {text: "a"} if place == "name" else {"X-A": text}
    override = {"operation": "listJobs", "status": 503, "headers": headers}
    assert ask(server, "POST", "/__mock/overrides", json=override).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/admin/jobs%0d%0aX-Injected:1", "/admin/queue?__sandbox=a&b=%0d%0aX-Injected:1", "/admin/queue%0d%0aX-Injected:1?__sandbox=a",
        "/admin/jobs?__scenario=%0d%0aX-Injected:1", "/admin/jobs?__sandbox=%0d%0aX-Injected:1", "/__mock/in/a%0d%0aX-Injected:1/admin/jobs",
    ],
)  # fmt: skip
def test_no_part_of_an_address_becomes_a_header(server: BackgroundServer, path: str) -> None:
    response = ask(server, "GET", path, headers={"Sec-Fetch-Mode": "navigate", "Accept": "text/html"})
    assert "X-Injected" not in response.headers


def test_no_header_of_a_request_becomes_a_header(server: BackgroundServer) -> None:
    headers = b"Origin: http://a%0d%0aX-Injected: 1\r\nAccess-Control-Request-Method: GET\r\n"
    received = send(server.url, b"OPTIONS /admin/jobs HTTP/1.1\r\nHost: a\r\n" + headers + b"Connection: close\r\n\r\n")
    assert b"\r\nX-Injected" not in received


# Objects of YAML, and documents that expand to more than memory holds.

YAML = {
    "an object": "!!python/object/apply:os.system ['touch {path}']",
    "a name": "!!python/name:os.system ''",
    "a module": "!!python/module:os ''",
    "an object by state": "!!python/object:collections.OrderedDict {{a: 1}}",
    "a tag of our own": "!ruby/object:Gem::Installer {{i: x}}",
    "Java": '!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ["http://127.0.0.1/"]]]]',
}
BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" if n else "a0: &a0 [x]\n" for n in range(12))
MERGED = "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{n}x{k}: *a{n - 1}' for k in range(9))}}}\n" if n else "a0: &a0 {x: 1}\n"
    for n in range(12)
)


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_a_tag_of_a_programming_language_is_an_error(tmp_path: Path, make_contract: MakeContract, text: str) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(ContractError, match="not one of YAML's core schema"):
        load_contract(make_contract(**{"scenarios/a.yaml": "summary: " + text.format(path=trace)}))
    assert not trace.exists()


@pytest.mark.parametrize("text", [BOMB, MERGED], ids=["lists", "mappings"])
def test_aliases_do_not_expand_without_a_limit(make_contract: MakeContract, text: str) -> None:
    with pytest.raises(ContractError, match="its aliases expand to more than"):
        load_contract(make_contract(**{"scenarios/a.yaml": text}))


def test_no_module_reads_objects_or_evaluates_text() -> None:
    refused = {"pickle", "marshal", "shelve", "eval", "telnetlib"}
    result: list[str] = []
    for path in Path(mockserver.__file__).parent.rglob("*.py"):
        text = path.read_text()
        # Most modules have none of these names anywhere, and need not be parsed.
        for node in ast.walk(ast.parse(text)) if any(name in text for name in refused) else ():
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            names += [node.func.id] if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else []
            result += [f"{path.name}: {name}" for name in names if name in refused]
    assert result == []


# Entities of XML.


def test_an_entity_of_xml_is_not_resolved(server: BackgroundServer, listener: socket.socket) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    for system in (PASSWORDS.as_uri(), url):
        text = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{system}">]><a>&b;</a>'
        response = ask(
            server, "POST", "/admin/jobs/job-7/retry", data=text, headers={"Content-Type": "application/xml", **SANDBOX}
        )
        assert response.status_code in (400, 415)
        assert "root:" not in response.text
    assert not was_called(listener)


# Prototype pollution and members with a meaning to a programming language.


@pytest.mark.parametrize(
    "name", some(["__proto__", "constructor", "prototype", "__class__", "__init__", "__dict__"], 2)
)
def test_a_member_named_like_a_part_of_the_language_is_a_member(make_contract: MakeContract, name: str) -> None:
    with BackgroundServer(create_app(make_contract()), "127.0.0.1") as running:
        response = ask(running, "PATCH", "/jobs/a", json={name: {"status": "done"}})
        assert response.status_code in (400, 422)
        assert name in response.text
        assert [job["status"] for job in ask(running, "GET", "/jobs").json()] == ["done", "running", "queued", "queued"]


# Consoles and debuggers: Werkzeug's.


@pytest.mark.parametrize(
    "path",
    [
        "/console", "/__admin", "/__admin/mappings",
        "/mockserver/dashboard", "/actuator/env", "/debug/pprof", "/.env", "/.git/config", "/server-status", "/__mock/../console",
    ],
)  # fmt: skip
def test_there_is_no_console_of_another_kind(server: BackgroundServer, path: str) -> None:
    assert ask(server, "GET", path).status_code in (400, 404)


@pytest.mark.parametrize("query", ["cmd=resource&f=debugger.js", "cmd=printpin&s=a", "cmd=pinauth&pin=1&s=a"])
def test_no_query_starts_a_debugger(server: BackgroundServer, query: str) -> None:
    response = ask(server, "GET", f"/admin/jobs?__debugger__=yes&{query}")
    assert response.status_code == 422
    assert response.json()["code"] == "invalid-request"


def test_a_failure_shows_no_traceback_to_clients(
    built_in: Contract, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(built_in)

    def fail(*_: Any) -> None:
        raise RuntimeError("s3cret")

    monkeypatch.setattr(app.extensions["mockserver"].sandboxes, "get", fail)
    with BackgroundServer(app, "127.0.0.1") as running:
        response = ask(running, "GET", "/admin/jobs")
    assert response.status_code == 500
    assert response.json()["code"] == "internal-error"
    assert "s3cret" not in response.text
    assert "Traceback" not in response.text


# Forms with very many parts: Werkzeug's and others'.


def test_a_form_with_very_many_parts_is_answered(server: BackgroundServer) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x", **SANDBOX}
    response = ask(server, "POST", "/admin/jobs/job-7/retry", data=part * 50_000 + b"--x--\r\n", headers=headers)
    assert 400 <= response.status_code < 500


# Log injection.


@pytest.mark.parametrize(
    "text", ["a\r\nmockserver: forged", "\x1b[2J\x1b]0;title\x07", "\x9b31m", "\u202etxt.exe", "\x08\x08"]
)
def test_a_log_record_is_one_line_that_a_terminal_only_shows(text: str) -> None:
    record = logging.LogRecord("mockserver", logging.ERROR, "", 0, "GET %s failed", (text,), None)
    line = TerminalFormatter("mockserver: %(message)s").format(record)
    assert line.isprintable()


def test_a_traceback_is_shown_without_control_characters() -> None:
    try:
        raise ValueError("\x1b[2J")
    except ValueError as error:
        record = logging.LogRecord("a", logging.ERROR, "", 0, "failed", (), (ValueError, error, error.__traceback__))
    text = TerminalFormatter("%(message)s").format(record)
    assert text.splitlines()[-1] == "ValueError: \\x1b[2J"


HOSTILE: list[Callable[[dict[str, Any]], object]] = [
    lambda files: files["schemas/openapi.yaml"]["info"].update(title="\x1b[2Ja\r\nListening on http://evil.example"),
    lambda files: files["schemas/openapi.yaml"]["paths"]["/jobs"]["get"].update(operationId="\x1b[2J\r"),
    lambda files: files.update({"scenarios/\x1b[2J\u202e.yaml": {"fixtures": "small"}}),
]


@pytest.mark.parametrize("change", some(HOSTILE, 1))
def test_nothing_of_a_contract_controls_the_terminal(
    make_contract: MakeContract, change: Callable[[dict[str, Any]], object]
) -> None:
    root = make_contract(lambda files: (change(files), files["schemas/resources.yaml"]["operations"].pop("listJobs")))
    with serving(str(root)) as (process, url, lines):
        requests.get(f"{url}/%1b%5b2J%0d%0aforged", timeout=SECONDS)
        output = "".join(lines) + remaining_output(process)
    assert url.startswith("http://localhost:")
    assert {character for character in CONTROL_CHARACTERS if character in output} == set()


# File names of downloads.


def test_the_name_of_a_scenario_cannot_change_the_name_of_its_recording(make_contract: MakeContract) -> None:
    name = 'a"; filename="evil.exe'
    root = make_contract(lambda files: files.update({f"scenarios/{name}.yaml": {"fixtures": "small"}}))
    with BackgroundServer(create_app(root), "127.0.0.1") as running:
        headers = {"X-Mock-Scenario": name}
        disposition = ask(running, "GET", "/__mock/recording", headers=headers).headers["Content-Disposition"]
    assert 'filename="evil.exe' not in disposition
    assert disposition == "attachment; filename*=UTF-8''a%22%3B%20filename%3D%22evil.exe-recording.yaml"
