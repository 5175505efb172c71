"""The surface over real HTTP, as a client of any language meets it."""

from __future__ import annotations

import hashlib
import os
import random
import re
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from mockserver import BackgroundServer
from tests.attack.scale import FUZZER, rounds
from tests.cli.test_main import SECONDS, serving


def raw(url: str, request: bytes) -> bytes:
    """What comes back for the bytes of a request, until the server closes."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS) as connection:
        connection.sendall(request)
        result = b""
        while part := connection.recv(65536):
            result += part
        return result


@pytest.mark.parametrize("job_id", ["a/b", "%2e%2e", "a%2Fb", "%C3%A9", "x" * 10_000, "..", "%00"])
def test_an_odd_target_as_sent_is_never_a_server_error(server: BackgroundServer, job_id: str) -> None:
    request = f"GET /admin/jobs/{job_id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert raw(server.url, request.encode()).startswith(b"HTTP/1.1 404 ")


def test_a_name_with_a_line_break_never_becomes_a_header(server: BackgroundServer) -> None:
    request = (
        b"GET /admin/jobs?__sandbox=a%0d%0aSet-Cookie:%20x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    response = raw(server.url, request)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"set-cookie" not in response.partition(b"\r\n\r\n")[0].lower()


def test_a_body_that_is_too_large_is_413(server: BackgroundServer) -> None:
    response = requests.post(f"{server.url}/admin/jobs/job-7/retry", data=b" " * (11 << 20), timeout=SECONDS)
    assert response.status_code == 413
    assert response.json()["code"] == "body-too-large"


def test_thirty_two_clients_on_one_job_agree_on_one_winner(server: BackgroundServer) -> None:
    def attempt(number: int) -> int:
        path = "/admin/jobs/job-2/cancel" if number % 2 else "/__mock/state/jobs/job-2/succeed"
        headers = {"X-Mock-Sandbox": "race"}
        return requests.post(server.url + path, headers=headers, timeout=SECONDS).status_code

    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(attempt, range(64)))
    assert sorted(set(statuses)) == [200, 409]
    state = requests.get(f"{server.url}/__mock/state", headers={"X-Mock-Sandbox": "race"}, timeout=SECONDS).json()
    assert state["revision"] == 1


def test_parallel_sandboxes_answer_byte_for_byte_alike(server: BackgroundServer) -> None:
    script = [
        ("GET", "/admin/jobs"), ("POST", "/admin/jobs/job-7/retry"), ("POST", "/admin/jobs/job-1/cancel"),
        ("GET", "/admin/jobs?limit=3"), ("GET", "/tutor/courses/course-algebra/sessions"), ("POST", "/admin/jobs/job-3/retry"),
    ]  # fmt: skip

    def play(number: int) -> str:
        digest = hashlib.sha256()
        with requests.Session() as session:
            session.headers["X-Mock-Sandbox"] = f"play-{number}"
            for method, path in script * 5:
                digest.update(session.request(method, server.url + path, timeout=SECONDS).content)
        return digest.hexdigest()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(play, range(rounds(12, 24))))) == 1


def script(count: int) -> list[tuple[str, str, dict[str, str], Any]]:
    """Requests of every kind, in an order drawn once: reads, actions, clocks, overrides, mistakes."""
    draw = random.Random(7)
    scenarios = ["baseline", "large-queue", "fails-then-recovers", "flaky-actions", "cancel-race", "forbidden", "none"]
    created: list[tuple[str, str, dict[str, str], Any]] = []
    for _ in range(count):
        job = f"job-{draw.randint(1, 40)}"
        headers = {"X-Mock-Scenario": draw.choice(scenarios), "X-Mock-Sandbox": draw.choice(["one", "two"])}
        method, path, body = draw.choice(
            [
                ("GET", f"/admin/jobs?limit={draw.randint(0, 200)}&sort=type,-id", None),
                ("GET", f"/admin/jobs/{job}", None),
                ("GET", f"/admin/jobs/{job}/events", None),
                ("GET", "/tutor/courses/course-algebra/sessions", None),
                ("POST", f"/admin/jobs/{job}/{draw.choice(['retry', 'cancel'])}", None),
                ("POST", f"/__mock/state/jobs/{job}/{draw.choice(['start', 'fail', 'succeed'])}", None),
                ("POST", "/__mock/clock", {draw.choice(["advance", "rewind"]): f"{draw.randint(0, 90)}s"}),
                ("POST", "/__mock/overrides", {"operation": "getJob", "status": 503, "times": 1}),
                ("GET", draw.choice(["/__mock/state", "/__mock/recording", "/__mock/verdict", "/openapi.json"]), None),
                ("GET", f"/admin/{draw.choice(['job', 'jobs/', 'queues'])}", None),
            ]
        )
        if method == "POST" and path.startswith("/admin"):
            headers["Idempotency-Key"] = f'"{draw.randint(1, 50)}"'
        created.append((method, path, headers, body))
    return created


def test_two_servers_answer_hundreds_of_requests_byte_for_byte_alike(tmp_path: Path) -> None:
    digests = set()
    for seed, zone, locale in (("1", "UTC", "C"), ("2", "America/St_Johns", "tr_TR.UTF-8")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        digest, statuses = hashlib.sha256(), Counter[int]()
        with serving(env=env) as (_, url, _lines), requests.Session() as session:
            for method, path, headers, body in script(rounds(120, 500)):
                response = session.request(method, url + path, headers=headers, json=body, timeout=SECONDS)
                statuses[response.status_code] += 1
                varies = {"date", "content-length"} if path == "/__mock/verdict" else {"date"}
                reported = sorted(
                    (name, value) for name, value in response.headers.items() if name.lower() not in varies
                )
                # A verdict quotes the requests, which went to another port and took their time.
                text = re.sub(rb'"milliseconds":[0-9.e-]+|"Host":"[^"]*"', b"", response.content)
                digest.update(repr((response.status_code, reported, text)).encode())
        assert {200, 201, 400, 403, 404, 409, 422, 503} <= statuses.keys(), statuses
        digests.add(digest.hexdigest())
    assert len(digests) == 1


def test_a_recording_answers_alike_in_another_process(tmp_path: Path) -> None:
    paths = ["/admin/jobs", "/admin/jobs/job-7/events", "/tutor/courses/course-algebra/sessions", "/admin/jobs/job-2"]
    result = []
    headers = {"X-Mock-Scenario": "fails-then-recovers"}
    with serving() as (_, url, _lines), requests.Session() as session:
        session.headers.update(headers)
        session.post(f"{url}/admin/jobs/job-7/retry", timeout=SECONDS)
        session.post(f"{url}/__mock/clock", json={"advance": "25s"}, timeout=SECONDS)
        session.post(f"{url}/admin/jobs/job-1/cancel", timeout=SECONDS)
        result.append([session.get(url + path, timeout=SECONDS).content for path in paths])
        recording = tmp_path / "bug.yaml"
        recording.write_bytes(session.get(f"{url}/__mock/recording", timeout=SECONDS).content)
    with serving("--scenario", str(recording)) as (_, url, lines):
        assert "bug" in lines[-1]
        result.append([requests.get(url + path, timeout=SECONDS).content for path in paths])
    assert result[0] == result[1]


# Left out is that valid requests are accepted: where a clock can go, and whether an idempotency key was used before,
# depends on earlier requests, which no schema can say.
@pytest.mark.parametrize("document", ["/openapi.json", pytest.param("/__mock/openapi.json", marks=pytest.mark.full)])
def test_a_schema_driven_fuzzer_finds_nothing(server: BackgroundServer, document: str, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", server.url + document, "--checks", "all", "--seed", "1",
        *FUZZER, "--header", "X-Mock-Sandbox: fuzz", "--no-color", "--exclude-checks", "positive_data_acceptance",
    ]  # fmt: skip
    # A stream is read until the time of a request is over.
    stream = '[[operations]]\ninclude-operation-id = "streamJobs"\nrequest-timeout = 0.3\n'
    (tmp_path / "schemathesis.toml").write_text(stream)
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout
