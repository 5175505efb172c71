"""WireMock in the benchmark: finds or installs its jar, and starts it with stubs that correspond to our contract.

The stubs are in WireMock's favour wherever the two differ. The list is a stub with a fixed body of the same bytes.
Retry and cancel are one stub each: a regular expression over the path, a fixed job as the body, and a change of the
state of one WireMock scenario. A scenario for each job would be nearer to what mockserver does, but WireMock tries its
stubs one after the other, so hundreds of them would slow down each request.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.servers import Server, free_port, start_and_wait

# The npm package has the version of the jar that it contains.
VERSION = "3.13.2"
JOURNAL = ("--max-request-journal-entries", "1000")
NO_JOURNAL = ("--no-request-journal",)
INSTALL_SECONDS = 180


class WireMockMissing(Exception):
    """Java, or the jar and a way to install it, is not available."""


def find_jar() -> Path:
    """WireMock's jar: WIREMOCK_JAR, or the npm package in the user's cache, installed on first use.

    Raises WireMockMissing.
    """
    if shutil.which("java") is None:
        raise WireMockMissing("java is not installed")
    if named := os.environ.get("WIREMOCK_JAR"):
        return Path(named)
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mockserver-bench" / VERSION
    jar = folder / "node_modules" / "wiremock" / "build" / f"wiremock-standalone-{VERSION}.jar"
    if not jar.exists():
        _install(folder)
    if not jar.exists():
        raise WireMockMissing(f"the npm package wiremock {VERSION} has no {jar.name}")
    return jar


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise WireMockMissing("neither WIREMOCK_JAR is set nor npm installed")
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    try:
        subprocess.run(
            [npm, "install", *options, f"wiremock@{VERSION}"],
            capture_output=True, check=True, timeout=INSTALL_SECONDS, cwd=folder,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        raise WireMockMissing(f"npm could not install wiremock {VERSION}") from None


def stubs(jobs: bytes, job: bytes) -> list[dict[str, Any]]:
    """The mappings for the list with the body `jobs`, and for retry and cancel with the body `job`."""
    return [
        {
            "request": {"method": "GET", "url": "/admin/jobs?limit=20"},
            "response": _response(jobs),
        },
        *(
            {
                "request": {"method": "POST", "urlPathPattern": f"/admin/jobs/[^/]+/{action}"},
                "response": _response(job),
                "scenarioName": "job",
                "newScenarioState": state,
            }
            for action, state in (("retry", "queued"), ("cancel", "cancelled"))
        ),
    ]


def _response(body: bytes) -> dict[str, Any]:
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body.decode()}


@contextlib.contextmanager
def wiremock(jar: Path, mappings: list[dict[str, Any]], *options: str) -> Iterator[Server]:
    """A WireMock server with these stubs."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "mappings").mkdir()
        (folder / "mappings" / "stubs.json").write_text(json.dumps({"mappings": mappings}))
        fixed = ["--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", str(folder), "--disable-banner"]
        with start_and_wait(["java", "-jar", str(jar), *fixed, *options], port, "/__admin/health") as server:
            yield server
