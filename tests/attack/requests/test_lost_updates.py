"""Of several changes that are conditional on the same version of a record, one is made, whichever threads make them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from mockserver import Contract, create_app
from tests.attack.scale import some
from tests.conftest import start_redis

THREADS = 8
ROUNDS = 10
SWITCH_SECONDS = 1e-6


@pytest.fixture(autouse=True)
def switching_often() -> Iterator[None]:
    former = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield
    sys.setswitchinterval(former)


@pytest.fixture(params=["memory", "store"])
def apps(request: pytest.FixtureRequest, small: Contract, tmp_path: Any) -> Iterator[list[Flask]]:
    """Applications that share their sandboxes: one, called by many threads, or two over one store."""
    if request.param == "memory":
        yield [create_app(small)]
        return
    server = start_redis(tmp_path)
    yield [create_app(small, store=server.url) for _ in range(2)]
    server.stop()


def race(apps: list[Flask], method: str, path: str, bodies: list[Any], condition: dict[str, str]) -> Counter[int]:
    """How often each status came, where each body is sent by a thread of its own at the same time."""
    barrier = Barrier(len(bodies))

    def send(number: int) -> int:
        client = apps[number % len(apps)].test_client(use_cookies=False)
        barrier.wait()
        return client.open(path, method=method, json=bodies[number], headers=condition).status_code

    with ThreadPoolExecutor(len(bodies)) as pool:
        return Counter(pool.map(send, range(len(bodies))))


@pytest.mark.parametrize("method", some(["PUT", "PATCH"], 1))
def test_one_of_many_changes_with_the_same_tag_is_made(apps: list[Flask], method: str) -> None:
    client = apps[0].test_client()
    read: Any = client.get("/jobs/a").json
    job = {name: value for name, value in read.items() if name != "updated_at"}
    for turn in range(ROUNDS):
        tag = client.get("/jobs/a").headers["ETag"]
        notes = [{"note": f"{turn}-{number}"} for number in range(THREADS)]
        bodies = [{**job, **note} if method == "PUT" else note for note in notes]
        assert race(apps, method, "/jobs/a", bodies, {"If-Match": tag}) == {200: 1, 412: THREADS - 1}


def test_one_of_many_deletions_with_the_same_tag_is_made(apps: list[Flask]) -> None:
    tag = apps[0].test_client().get("/jobs/a").headers["ETag"]
    assert race(apps, "DELETE", "/jobs/a", [None] * THREADS, {"If-Match": tag}) == {204: 1, 404: THREADS - 1}


def test_one_of_many_creations_of_the_same_record_is_made(apps: list[Flask]) -> None:
    bodies = [{"id": "new", "owner_id": 1}] * THREADS
    assert race(apps, "POST", "/jobs", bodies, {"If-None-Match": "*"}) == {201: 1, 412: THREADS - 1}
