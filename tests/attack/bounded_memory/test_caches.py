"""What clients send is not kept in caches in a form that takes many times as much."""

from __future__ import annotations

import tracemalloc

from flask.testing import FlaskClient

HEADERS, LENGTH = 3, 30_000


def test_long_accept_headers_are_kept_in_little_more_than_their_bytes(client: FlaskClient) -> None:
    # What every first request keeps is not counted.
    assert client.get("/admin/jobs").status_code == 200
    tracemalloc.start()
    try:
        for number in range(HEADERS):
            accept = f"*/*,text/x-{number};q=0.{number}," + "a/b," * (LENGTH // 4)
            assert client.get("/admin/jobs", headers={"Accept": accept}).status_code == 200
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * HEADERS * LENGTH
