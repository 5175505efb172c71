from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import mockserver
from mockserver.server import wsgi_bridge
from mockserver.server.wsgi_bridge import BadResponse

# Headers as the application's source names them: with a hyphen, in capitals, in quotes.
HEADERS = re.compile(r'"((?:X|Accept|Content|Idempotency|If|Sec|Access-Control-Request)-[A-Za-z-]+)"')
CONSTANT = wsgi_bridge.constant_environ(("127.0.0.1", 4080), ("127.0.0.1", 50000))


def environ(
    target: bytes = b"/", headers: list[tuple[bytes, bytes]] | None = None, body: bytes = b""
) -> dict[str, Any]:
    return wsgi_bridge.environ(CONSTANT, "GET", "1.1", target, headers or [], body)


def test_the_environ_has_what_pep_3333_asks_for() -> None:
    created = environ(b"/a%20b/%C3%A9?x=%2F", [(b"host", b"h"), (b"content-type", b"text/plain")], b"abc")
    assert created.pop("wsgi.input").read() == b"abc"
    assert created.pop("wsgi.errors")
    assert created == {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a b/\xc3\xa9", "QUERY_STRING": "x=%2F",
        "RAW_URI": "/a%20b/%C3%A9?x=%2F", "REQUEST_URI": "/a%20b/%C3%A9?x=%2F", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4080", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "50000",
        "HTTP_HOST": "h", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "3", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.multithread": False,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip


def test_headers_of_one_name_are_joined_cookies_by_semicolons() -> None:
    created = environ(headers=[(b"accept", b"a"), (b"accept", b"b"), (b"cookie", b"x=1"), (b"cookie", b"y=2")])
    assert created["HTTP_ACCEPT"] == "a, b"
    assert created["HTTP_COOKIE"] == "x=1; y=2"


def test_a_header_with_an_underscore_is_taken_as_it_is_and_gives_way_to_the_other_spelling() -> None:
    assert environ(headers=[(b"api_key", b"a"), (b"api_key", b"b")])["HTTP_API_KEY"] == "a, b"
    for headers in ([(b"api_key", b"a"), (b"api-key", b"b")], [(b"api-key", b"b"), (b"api_key", b"a")]):
        assert environ(headers=headers)["HTTP_API_KEY"] == "b"
    assert environ(headers=[(b"a_b-c", b"1"), (b"a-b_c", b"2")])["HTTP_A_B_C"] == "1"


SOURCES = [file.read_text() for file in Path(mockserver.__file__).parent.rglob("*.py")]
OF_ANSWERS = {
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Accept-Patch",
    "Accept-Post",
    "Content-Disposition",
    "Idempotency-Replayed",
}
MEANT = [name.encode() for name in sorted({name for item in SOURCES for name in HEADERS.findall(item)} - OF_ANSWERS)]


@pytest.mark.parametrize("name", [b"content-length", b"transfer-encoding", b"x-forwarded-host", *MEANT])
def test_a_header_with_an_underscore_passes_for_none_that_has_a_meaning(name: bytes) -> None:
    name = name.lower()
    assert wsgi_bridge.read_headers(((name, b"1"),)) != {}
    assert wsgi_bridge.read_headers(((name.replace(b"-", b"_"), b"1"),)) == {}
    assert wsgi_bridge.read_headers(((name.replace(b"-", b"_", 1), b"1"),)) == {}


def test_the_application_gives_a_meaning_to_headers() -> None:
    assert {b"X-Mock-Token", b"Idempotency-Key", b"Content-Type"} <= set(MEANT)


def test_the_environment_of_the_process_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://evil.example")
    assert "HTTP_PROXY" not in environ()


def test_bytes_beyond_ascii_in_a_header_are_latin_1() -> None:
    assert environ(headers=[(b"x-name", b"\xe9\xff")])["HTTP_X_NAME"] == "\xe9\xff"


def call(*headers: tuple[str, str], status: str = "200 OK", body: list[bytes] | None = None) -> tuple[bytes, bytes]:
    def app(_: Any, start_response: Any) -> list[bytes]:
        start_response(status, list(headers))
        return [b"ok"] if body is None else body

    return wsgi_bridge.call(app, environ())


def test_an_answer_gets_its_length_and_loses_what_is_between_neighbours() -> None:
    assert call(("X-A", "1"), ("Connection", "close"), ("Transfer-Encoding", "chunked")) == (
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n", b"ok",
    )  # fmt: skip


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_204_and_304_get_no_length(status: str) -> None:
    assert call(status=status, body=[]) == (f"HTTP/1.1 {status}\r\n".encode(), b"")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb"])
def test_a_line_break_in_a_header_is_not_sent(value: str) -> None:
    with pytest.raises(BadResponse):
        call(("X-A", value))


def test_an_application_that_starts_no_response_raises_an_error() -> None:
    with pytest.raises(BadResponse):
        wsgi_bridge.call(lambda *_: [b""], environ())


def test_the_answer_is_closed_even_when_reading_it_fails() -> None:
    closed = []

    class Failing:
        def __iter__(self) -> Any:
            raise RuntimeError("broken")

        def close(self) -> None:
            closed.append(True)

    with pytest.raises(RuntimeError):
        wsgi_bridge.call(lambda *_: Failing(), environ())
    assert closed == [True]
