"""Streams under another WSGI server: a generator for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests
from werkzeug.serving import make_server

from mockserver import Contract, create_app
from mockserver.web import streams
from tests.push.conftest import STREAM


@pytest.fixture
def url(built_in: Contract) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(built_in), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def test_a_stream_has_the_changes_of_other_requests_and_ends_with_the_history(url: str) -> None:
    with requests.get(url + STREAM, stream=True, timeout=20) as response:
        lines = response.iter_lines(chunk_size=1)
        while next(lines) != b"event: ready":
            pass
        requests.post(f"{url}/admin/jobs/job-7/retry", timeout=20)
        while next(lines) != b"event: retry":
            pass
        requests.post(f"{url}/__mock/reset", json={}, timeout=20)
        assert b"event: reset" in list(lines)
    assert "Content-Length" not in response.headers


def test_a_silent_stream_sends_comments(built_in: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "COMMENT_SECONDS", 0.01)
    response = create_app(built_in).test_client().get(STREAM)
    body = iter(response.response)
    next(body)
    assert [next(body) for _ in range(2)] == [b":\n\n"] * 2
    response.close()


def test_a_client_that_goes_away_is_let_go(built_in: Contract) -> None:
    app = create_app(built_in)
    response = app.test_client().get(STREAM)
    body = iter(response.response)
    next(body)
    app.test_client().post("/admin/jobs/job-7/retry")
    assert "event: retry" in str(next(body))
    assert len(app.extensions["mockserver"].streams) == 1
    response.close()
    assert len(app.extensions["mockserver"].streams) == 0
