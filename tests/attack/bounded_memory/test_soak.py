"""A server that is used in every way for a while, in rounds: its memory does not grow from round to round."""

from __future__ import annotations

import gc
import http.client
import socket
import struct
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from mockserver import BackgroundServer, Contract, create_app
from tests.attack.scale import rounds

SECONDS = 10
# The first rounds fill caches; each later one creates and deletes the same sandboxes again.
WARM_ROUNDS, MEASURED_ROUNDS = 4, rounds(4, 40)
SANDBOXES_IN_A_ROUND = rounds(8, 100)
RATIO = 1.02


@pytest.fixture
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as running:
        yield running


def abort(server: BackgroundServer, data: bytes) -> None:
    """Send a part of a request, and reset the connection."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(data)


def use_sandbox(client: http.client.HTTPConnection, name: str) -> list[int]:
    """Use a new sandbox in every way, and delete it. Returns the statuses."""
    requests = [
        ("GET", "/admin/jobs", None),
        ("GET", "/admin/jobs?limit=5&offset=2&status=failed", None),
        ("GET", f"/admin/jobs/{name}", None),
        ("POST", "/admin/jobs/job-7/retry", "{}"),
        ("POST", "/admin/jobs/job-3/cancel", "{}"),
        ("POST", "/admin/jobs/job-3/cancel", "{malformed"),
        ("GET", "/tutor/courses", None),
        ("GET", f"/unknown/{name}", None),
        ("GET", "/admin/jobs?unknown=1", None),
        ("PUT", "/__mock/scenario", '{"name": "fails-then-recovers"}'),
        ("POST", "/__mock/clock", '{"advance": "10m"}'),
        ("POST", "/__mock/clock", '{"rewind": "5m"}'),
        ("POST", "/__mock/overrides", '{"operation": "listJobs", "status": 503, "times": 1}'),
        ("GET", "/admin/jobs", None),
        ("GET", "/__mock/requests?limit=3", None),
        ("GET", "/__mock/recording", None),
        ("GET", "/__mock/verdict", None),
        ("POST", "/__mock/reset", "{}"),
        ("GET", "/__mock/", None),
        ("DELETE", f"/__mock/sandboxes/{name}", None),
    ]
    statuses = []
    for method, path, body in requests:
        client.request(method, path, body, {"X-Mock-Sandbox": name, "Content-Type": "application/json"})
        response = client.getresponse()
        response.read()
        statuses.append(response.status)
    return statuses


def memory() -> int:
    """The number of blocks of memory in use."""
    gc.collect()
    return sys.getallocatedblocks()


def test_memory_does_not_grow_from_round_to_round(server: BackgroundServer) -> None:
    place = urlsplit(server.url)
    client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=SECONDS)
    measured: list[int] = []
    seen: set[tuple[int, ...]] = set()
    try:
        for _ in range(WARM_ROUNDS + MEASURED_ROUNDS):
            for sandbox in range(SANDBOXES_IN_A_ROUND):
                seen.add(tuple(use_sandbox(client, f"soak-{sandbox:03}")))
                abort(server, b"POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
                abort(server, b"GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n")
            measured.append(memory())
    finally:
        client.close()
    assert seen == {
        (200, 200, 404, 200, 409, 400, 200, 404, 422, 200, 200, 200, 201, 503, 200, 200, 409, 200, 200, 204)
    }
    assert measured[-1] < measured[WARM_ROUNDS - 1] * RATIO, measured
