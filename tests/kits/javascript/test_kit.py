"""The JavaScript package in its users' tools: installed by npm, and run by Node, Playwright, Vitest and TypeScript."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

import mockserver
from mockserver import BackgroundServer
from tests.attack.scale import IS_FULL, rounds
from tests.browser.conftest import CHROMIUM, QUIET
from tests.conftest import require_program
from tests.ports import free_port
from tests.push.reader import Reader

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
KIT = Path(mockserver.__file__).parent / "kit"
TOOLS = HERE / "node_modules"
SECONDS = 300
# Refused: what npm asks of a registry would be an error.
NO_REGISTRY = "http://127.0.0.1:9"
# The tests that change the same job, in each set-up.
RETRIES = rounds(1, 12)
SET_UPS = ["a dev proxy", *(["another origin"] if IS_FULL else []), "a third party"]
REPEATS = rounds(1, 2)
# What Playwright says of each attempt to pass a test of `failing.spec.js`.
ATTEMPTS = {
    "fails by itself": ["failed"],
    "requests an unknown path": ["failed"],
    "never uses an override": ["failed"],
    "requests an unknown path and passes": ["passed"],
    "is skipped": ["skipped"],
    "passes in its second attempt": ["failed", "passed"],
    "is expected to fail": ["failed"],
}
# After each failure, Playwright starts another process. In the short form, only one test fails by its verdict, and none
# has a second attempt, which one of those of Vitest has.
LEFT_OUT = () if IS_FULL else ("never uses an override", "passes in its second attempt")
PLAYWRIGHT = ("node", "node_modules/@playwright/test/cli.js", "test")
# The tests of `project` are plain JavaScript, which each process of Playwright would convert all the same.
AS_IT_IS = {} if IS_FULL else {"PW_DISABLE_TS_ESM": "1"}
DOCUMENTATION = (ROOT / "docs" / "testing-javascript.md").read_text() + (ROOT / "README.md").read_text()
CLIENT = (KIT / "client.js").read_text()
TYPES = (KIT / "client.d.ts").read_text()
# Every process of the suite reads it; the reader in C takes a tenth of the time.
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONTROL = yaml.load((KIT.parent / "control" / "control.yaml").read_text(), Loader=YAML_LOADER)

OVERRIDE = json.loads((KIT.parent / "contract" / "formats" / "override.schema.json").read_text())


class ThirdParty(http.server.ThreadingHTTPServer):
    """A server of somebody else: any page may read it, but not with headers that need a CORS preflight."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), ThirdPartyHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class ThirdPartyHandler(http.server.BaseHTTPRequestHandler):
    """Notes each request."""

    protocol_version = "HTTP/1.1"
    server: ThirdParty

    def do_GET(self) -> None:
        self.respond(200, b"hello", {"Access-Control-Allow-Origin": "*"})

    def do_OPTIONS(self) -> None:
        self.respond(403, b"", {})

    def respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.server.seen.append((self.command, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def third_party() -> Iterator[ThirdParty]:
    """A server that is neither the mock nor the app."""
    with ThirdParty() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def npm() -> str:
    return require_program(shutil.which("npm"), "npm is not installed; on Debian: apt-get install npm")


@pytest.fixture(scope="module")
def project(npm: str, server: BackgroundServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which npm has installed the package from the server, with the tools of the tests."""
    require_program(
        str(TOOLS) if TOOLS.is_dir() else None, "the tools are not installed; `make test` does that with npm"
    )
    folder = tmp_path_factory.mktemp("javascript") / "project"
    shutil.copytree(HERE / "project", folder)
    (folder / "documented").mkdir()
    for name, text in re.findall(r"```js\n// (\S+)\n(.*?)```", DOCUMENTATION, re.DOTALL):
        (folder / "documented" / Path(name).name).write_text(text.replace("http://127.0.0.1:4080", server.url))
    install(npm, folder, f"{server.url}/__mock/kit.tgz")
    for path in TOOLS.iterdir():
        if not (folder / "node_modules" / path.name).exists():
            (folder / "node_modules" / path.name).symlink_to(path)
    return folder


def install(npm: str, folder: Path, package: str) -> None:
    """Have npm install a package."""
    options = ["--no-audit", "--no-fund", "--loglevel", "error", "--fetch-retries", "0", "--registry", NO_REGISTRY]
    check([npm, "install", "--save-dev", package, *options], folder)


def check(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command; its output is the failure of the test."""
    result = execute(command, folder, **environment)
    if result.returncode != 0:
        pytest.fail(result.stdout[-10_000:] + result.stderr[-10_000:], pytrace=False)
    return result


def execute(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "NODE_OPTIONS")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**variables, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.fixture(scope="module")
def environment(server: BackgroundServer, project: Path, third_party: ThirdParty) -> Iterator[dict[str, str]]:
    """The addresses of the mock, of the app behind a dev server that proxies to the mock, and of a third party."""
    chromium = require_program(CHROMIUM, "Chromium is not installed; on Debian: apt-get install chromium")
    port = free_port()
    command = ["node", "node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    variables = {**os.environ, "MOCKSERVER_URL": server.url, "NO_COLOR": "1"}
    with subprocess.Popen(command, cwd=project, env=variables, stdout=subprocess.PIPE, text=True) as vite:
        try:
            assert any("Local:" in line for line in vite.stdout or ())
            yield {
                "MOCKSERVER_URL": server.url,
                "APP_URL": f"http://127.0.0.1:{port}",
                "THIRD_PARTY_URL": third_party.url,
                "CHROMIUM": chromium,
                "CHROMIUM_ARGS": " ".join(QUIET),
            }
        finally:
            vite.terminate()


@pytest.fixture(scope="module")
def reported(project: Path, environment: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The results of all tests, those that must fail included, run by one start of Playwright in two workers."""
    result = execute(
        [*PLAYWRIGHT, f"--repeat-each={REPEATS}", *(["--grep-invert", "|".join(LEFT_OUT)] if LEFT_OUT else [])],
        project, **environment, **AS_IT_IS, RESULTS="results.json", RETRIES=str(RETRIES), SET_UPS=", ".join(SET_UPS),
    )  # fmt: skip
    assert (project / "results.json").exists(), result.stdout + result.stderr
    return played(project / "results.json")


def played(report: Path) -> dict[str, list[dict[str, Any]]]:
    """The results of each test in Playwright's report, one for each attempt, by its title."""
    results: dict[str, list[dict[str, Any]]] = {}
    waiting = json.loads(report.read_text())["suites"]
    while waiting:
        suite = waiting.pop()
        waiting += suite.get("suites", [])
        for spec in suite.get("specs", []):
            for test in spec["tests"]:
                results.setdefault(spec["title"], []).extend(
                    {**result, "outcome": test["status"]} for result in test["results"]
                )
    return results


def test_npm_installs_the_package_from_a_server(project: Path) -> None:
    manifest = json.loads((project / "package.json").read_text())
    assert list(manifest["devDependencies"]) == ["mockserver-kit"]
    installed = json.loads((project / "node_modules" / "mockserver-kit" / "package.json").read_text())
    assert installed["version"] == mockserver.__version__


def test_npm_installs_the_directory_that_the_command_writes(npm: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    check([sys.executable, "-m", "mockserver", "kit", "vendor/kit"], tmp_path, PYTHONPATH=str(ROOT))
    install(npm, tmp_path, "./vendor/kit")
    listed = json.loads(check([npm, "ls", "--json"], tmp_path).stdout)["dependencies"]
    assert {name: entry["version"] for name, entry in listed.items()} == {"mockserver-kit": mockserver.__version__}
    check(
        ["node", "--input-type=module", "-e", "import { Client } from 'mockserver-kit'; new Client('http://x')"],
        tmp_path,
    )


@pytest.mark.parametrize("name", sorted(path.name for path in (HERE / "project" / "node").glob("*.test.js")))
def test_a_module_passes_its_tests_in_node(project: Path, server: BackgroundServer, name: str) -> None:
    check(["node", f"node/{name}"], project, MOCKSERVER_URL=server.url)


def test_typescript_accepts_right_uses_and_refuses_wrong_ones(project: Path) -> None:
    compiler = require_program(shutil.which("tsc", path=TOOLS / ".bin"), "TypeScript is not installed")
    check([compiler, "--project", "."], project)


def test_what_must_pass_in_playwright_passes(reported: dict[str, list[dict[str, Any]]]) -> None:
    assert {
        title: [result["errors"] for result in results]
        for title, results in reported.items()
        if title not in ATTEMPTS and {result["outcome"] for result in results} != {"expected"}
    } == {}


def test_parallel_tests_that_change_the_same_job_never_meet(
    reported: dict[str, list[dict[str, Any]]], third_party: ThirdParty
) -> None:
    """In up to three set-ups: a dev proxy, another origin, and requests to third parties."""
    outcomes = Counter(
        result["outcome"]
        for title, results in reported.items()
        for result in results
        if title.endswith("retries the job that every test retries")
    )
    assert outcomes == {"expected": RETRIES * len(SET_UPS) * REPEATS}
    assert {method for method, _ in third_party.seen} == {"GET"}
    names = {name for _, headers in third_party.seen for name in headers}
    assert [name for name in names if "mock" in name or name == "baggage"] == []


def test_every_kind_of_request_selects_the_sandbox_which_is_deleted(
    reported: dict[str, list[dict[str, Any]]], server: BackgroundServer
) -> None:
    assert "`page.request` selects the sandbox" in reported
    sandboxes = requests.get(f"{server.url}/__mock/sandboxes", timeout=SECONDS).json()["sandboxes"]
    assert [sandbox["name"] for sandbox in sandboxes if sandbox["name"].startswith("e2e-")] == []


def test_a_failed_test_shows_why(reported: dict[str, list[dict[str, Any]]]) -> None:
    results = {title: reported[title] for title in ATTEMPTS if title not in LEFT_OUT}
    assert {title: [result["status"] for result in attempts] for title, attempts in results.items()} == {
        title: statuses * REPEATS for title, statuses in ATTEMPTS.items() if title not in LEFT_OUT
    }
    attached = {
        title: [entry["name"] for entry in attempts[-1]["attachments"] if entry["name"].startswith("mock-")]
        for title, attempts in results.items()
    }
    files = ["mock-requests", "mock-journal", "mock-recording"]
    expected = {"fails by itself": [*files, "mock-verdict"], "requests an unknown path": files, "never uses an override": files}  # fmt: skip
    assert attached == {title: expected.get(title, []) for title in results}
    (error,) = results["requests an unknown path"][0]["errors"]
    assert "VerdictFailed" in error["message"]
    assert "similar: listJobs GET /admin/jobs" in error["message"]


def test_a_stream_of_events_comes_through_the_dev_proxy(environment: dict[str, str]) -> None:
    with Reader(environment["APP_URL"], "/admin/jobs/stream?__sandbox=proxied") as reader:
        ready = reader.next()
        headers = {"X-Mock-Sandbox": "proxied"}
        requests.post(f"{environment['APP_URL']}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
        retry = reader.next()
    assert ready is not None
    assert retry is not None
    assert (ready.event, retry.event, retry.data["id"]) == ("ready", "retry", "job-7")


def test_vitest_has_a_sandbox_for_each_test(project: Path, server: BackgroundServer) -> None:
    result = execute(["node", "node_modules/vitest/vitest.mjs", "run"], project, MOCKSERVER_URL=server.url)
    files = json.loads((project / "vitest.json").read_text())["testResults"]
    tests = {test["title"]: test for file in files for test in file["assertionResults"]}
    failed = {title for title, test in tests.items() if test["status"] == "failed"}
    assert failed == {"fails by itself", "requests an unknown path"}, result.stdout + result.stderr
    assert {title for title, test in tests.items() if test["status"] in ("skipped", "pending")} == {"is skipped"}
    assert sum(test["status"] == "passed" for test in tests.values()) == 11
    assert "VerdictFailed: verdict-failed (409)" in tests["requests an unknown path"]["failureMessages"][0]
    assert (
        'Requests of "fails by itself" to the mock server:\n#1 POST /admin/jobs/job-7/retry'
        in result.stdout + result.stderr
    )


def test_the_documented_playwright_tests_pass(project: Path, environment: dict[str, str]) -> None:
    configuration = project / "documented" / "playwright.config.js"
    configuration.write_text(configuration.read_text().replace("http://127.0.0.1:5173", environment["APP_URL"]))
    check([*PLAYWRIGHT, "--config", "documented.config.js"], project, **environment)


def test_the_documented_client_runs(project: Path) -> None:
    check(["node", "documented/client.test.js"], project)


def test_the_documented_cypress_test_is_javascript(project: Path) -> None:
    check(["node", "--check", "documented/queue.cy.js"], project)


def called_operations() -> set[tuple[str, str]]:
    """The method and the path of each operation that the client calls, with its path parameters as `{}`."""
    calls = re.findall(r"#(call|send)\(\s*\"(\w+)\",\s*[\"`]([^\"`]+)[\"`]", CLIENT)
    prefixes = {"call": "/__mock", "send": ""}
    return {(method, prefixes[kind] + re.sub(r"\$\{[^}]*\}", "{}", path)) for kind, method, path in calls}


def declared_operations() -> set[tuple[str, str]]:
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, item in CONTROL["paths"].items()
        for method in item
        if method != "parameters"
    }


def test_the_client_calls_every_operation_of_the_control_api_but_the_package() -> None:
    assert called_operations() == declared_operations() - {("GET", "/__mock/kit.tgz")}


def members(interface: str) -> set[str]:
    """The members of an interface or class in `client.d.ts`."""
    body = re.search(rf"^export (?:interface|class) {interface}\b[^{{]*{{\n(.*?)^}}", TYPES, re.M | re.S)
    assert body is not None, interface
    return set(re.findall(r"^  (?:readonly )?(\w+)\??[:(]", body[1], re.M))


def parameters(path: str) -> set[str]:
    return {parameter["name"] for parameter in CONTROL["paths"][path]["get"].get("parameters", ())}


def schema(name: str) -> set[str]:
    return set(CONTROL["components"]["schemas"][name]["properties"])


def test_the_types_declare_the_members_of_the_client() -> None:
    methods = set(re.findall(r"^  (?:async |get )?(\w+)\([^)]*\) {$", CLIENT, re.M)) | {"waitFor", "verify", "verdict"}
    assert members("Client") == methods


def test_the_documentation_lists_the_members_of_the_client() -> None:
    table = DOCUMENTATION.partition("| member | |")[2]
    assert set(re.findall(r"`(\w+)(?:\([^`]*\))?`", table.partition("\n\n")[0])) - {"timeout"} == members("Client") - {
        "constructor"
    }


@pytest.mark.parametrize("name", ["Run", "Violation", "Message", "Entry", "Breach", "Expectation", "PlacedOverride"])
def test_a_type_has_the_members_of_its_schema(name: str) -> None:
    assert members(name) == schema(name)


def test_the_filters_are_the_parameters_of_the_journal() -> None:
    assert members("RequestFilters") | {"times", "wait"} == parameters("/__mock/requests")
    assert members("StateFilters") == parameters("/__mock/state")


def test_the_fields_of_an_override_are_those_of_its_schema() -> None:
    assert members("OverrideFields") == set(OVERRIDE["properties"]) - {"operation"}
