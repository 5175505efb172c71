"""What an application's own server requests belongs to the sandbox of the request that caused it, by `baggage`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from mockserver import BackgroundServer, create_app
from tests.attack.scale import rounds
from tests.cli.test_main import SECONDS
from tests.conftest import require_program
from tests.ports import free_port

HERE = Path(__file__).parent
NEXT = HERE / "next"
OPEN_TELEMETRY = ["--import", "./instrumentation.mjs"]
SANDBOXES, LOADS, PARALLEL = 10, rounds(50, 100), 25
BUILD_SECONDS = 240


@pytest.fixture
def api() -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(), "127.0.0.1") as server:
        yield server


@pytest.fixture
def node() -> str:
    return require_program(shutil.which("node"), "Node.js is not installed; on Debian: apt-get install nodejs")


@contextlib.contextmanager
def run(command: list[str], api_url: str, folder: Path = HERE) -> Iterator[subprocess.Popen[str]]:
    """A program with the settings of the tests; it is stopped at the end."""
    environment = {
        **os.environ,
        "API_URL": api_url,
        "NEXT_TELEMETRY_DISABLED": "1",
        **dict.fromkeys(("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"), "none"),
    }
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS)


def prepare(api: BackgroundServer) -> dict[str, str]:
    """What a page shows in each sandbox: the number of jobs, which differs, and a job that is retried in every other."""
    pages = {}
    for number in range(SANDBOXES):
        sandbox = f"test-{number}"
        headers = {"X-Mock-Sandbox": sandbox}
        requests.put(f"{api.url}/__mock/scenario", json={"name": "baseline"}, headers=headers, timeout=SECONDS)
        for job in range(number):
            url = f"{api.url}/__mock/state/jobs/job-{20 + job}"
            assert requests.delete(url, headers=headers, timeout=SECONDS).status_code == 204
        if number % 2:
            requests.post(f"{api.url}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
        pages[sandbox] = f"jobs: {36 - number}, job-7: {'queued' if number % 2 else 'failed'}"
    return pages


def load_pages(url: str, pages: dict[str, str]) -> None:
    """Load pages in all sandboxes at the same time, and compare each with what its sandbox has."""

    def load(number: int) -> tuple[str, str]:
        sandbox = f"test-{number % SANDBOXES}"
        page = requests.get(url, headers={"baggage": f"user=7,mock-sandbox={sandbox}"}, timeout=SECONDS).text
        return sandbox, re.findall(r"jobs: \d+, job-7: \w+", page)[0]

    with ThreadPoolExecutor(PARALLEL) as pool:
        loaded = list(pool.map(load, range(LOADS)))
    assert [(sandbox, page) for sandbox, page in loaded if page != pages[sandbox]] == []


@pytest.mark.parametrize("command", [[*OPEN_TELEMETRY, "server.mjs"], ["server-with-middleware.mjs"]])
def test_a_node_server_renders_each_page_from_the_sandbox_of_its_request(
    api: BackgroundServer, node: str, command: list[str]
) -> None:
    require_program(
        shutil.which("node") if (HERE / "node_modules").exists() else None,
        "OpenTelemetry is not installed; `make test` does that with npm (Debian: apt-get install npm)",
    )
    pages = prepare(api)
    with run([node, *command], api.url) as process:
        assert process.stdout is not None
        load_pages(process.stdout.readline().strip(), pages)
    assert requests.get(f"{api.url}/__mock/requests", timeout=SECONDS).json()["total"] == 0


# Next.js is installed only for `make attack`.
@pytest.mark.full
def test_a_next_app_renders_each_page_from_the_sandbox_of_its_request(api: BackgroundServer, node: str) -> None:
    pages, next_command = prepare(api), [node, str(NEXT / "node_modules" / "next" / "dist" / "bin" / "next")]
    with run([*next_command, "build"], api.url, NEXT) as build:
        output, _ = build.communicate(timeout=BUILD_SECONDS)
        assert build.returncode == 0, output
    port = free_port()
    with run([*next_command, "start", "-H", "127.0.0.1", "-p", str(port)], api.url, NEXT) as process:
        wait_for(f"http://127.0.0.1:{port}/", process)
        load_pages(f"http://127.0.0.1:{port}/", pages)
        load_pages(f"http://127.0.0.1:{port}/recipe", pages)


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            requests.get(url, headers={"baggage": "mock-sandbox=first"}, timeout=SECONDS)
        except requests.ConnectionError:
            assert process.poll() is None, "Next.js has ended"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def test_the_documentation_shows_the_files_that_are_tested() -> None:
    text = (HERE.parent.parent.parent / "docs" / "frontend.md").read_text()
    for path in (HERE / "instrumentation.mjs", NEXT / "fetch-from-api.js", HERE / "middleware.mjs"):
        assert f"```js\n// {path.name}\n{path.read_text()}```" in text
