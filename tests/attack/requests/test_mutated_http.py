"""Mutated and ambiguous HTTP: it is rejected or the connection closed, never a 5xx, and the next connection served."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from mockserver import BackgroundServer, Contract, create_app
from tests.attack.raw_http import GOOD, send, statuses
from tests.attack.scale import rounds

Mutate = Callable[[bytes, random.Random], bytes]
# Without 501 and 505, which refuse what HTTP has and this server does not.
SERVER_ERRORS = {500, 502, 503, 504}
SEED = 20_260_115
POST = b"POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nX-Mock-Sandbox: a\r\nContent-Type: application/json\r\n"
GET = b"GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
# A request that a proxy in front of the server would have taken for a part of the one before.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
REQUESTS = [
    GET + b"Accept: application/json\r\nCookie: a=b; mock_sandbox=c\r\n\r\n",
    b"GET /admin/jobs?status=failed&limit=1&__code=404 HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"a\"\r\n\r\n",
    POST + b"Content-Length: 2\r\nIdempotency-Key: \"k\"\r\n\r\n{}",
    CHUNKED + b"2;a=b\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n",
    b"PUT /__mock/scenario HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 16\r\n\r\n{\"name\":\"empty\"}",
    b"POST /__mock/clock HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
    b"Content-Length: 16\r\n\r\n{\"advance\":\"1s\"}",
    b"OPTIONS /admin/jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:1\r\n"
    b"Access-Control-Request-Method: GET\r\n\r\n",
    b"GET /__mock/in/a@empty/admin/jobs HTTP/1.0\r\n\r\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as running:
        yield running


def flip_bits(request: bytes, chance: random.Random) -> bytes:
    mutated = bytearray(request)
    for _ in range(chance.randint(1, 4)):
        mutated[chance.randrange(len(mutated))] ^= 1 << chance.randrange(8)
    return bytes(mutated)


def replace_bytes(request: bytes, chance: random.Random) -> bytes:
    mutated = bytearray(request)
    for _ in range(chance.randint(1, 4)):
        mutated[chance.randrange(len(mutated))] = chance.choice(b'\x00\t\n\r "%,/:;=?@\\\x7f\x80\xff')
    return bytes(mutated)


def insert_bytes(request: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(request))
    inserted = chance.choice([b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%00", b"%", b"\xff" * 8, b"A" * 9_000])
    return request[:at] + inserted + request[at:]


def delete_bytes(request: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(request))
    return request[:at] + request[at + chance.randint(1, 8) :]


def truncate(request: bytes, chance: random.Random) -> bytes:
    return request[: chance.randrange(len(request))]


def duplicate_line(request: bytes, chance: random.Random) -> bytes:
    lines = request.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return b"".join([*lines[:at], *[lines[at]] * chance.choice([2, 3, 200]), *lines[at + 1 :]])


def delete_line(request: bytes, chance: random.Random) -> bytes:
    lines = request.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def shuffle_lines(request: bytes, chance: random.Random) -> bytes:
    lines = request.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def splice(request: bytes, chance: random.Random) -> bytes:
    other = chance.choice(REQUESTS)
    return request[: chance.randrange(len(request))] + other[chance.randrange(len(other)) :]


def change_number(request: bytes, chance: random.Random) -> bytes:
    digits = [index for index, byte in enumerate(request) if 48 <= byte <= 57]
    at = chance.choice(digits)
    number = chance.choice([b"-1", b"0", b"00", b"1e9", b"0x10", b"+1", b"9" * 30, b"2147483648", b"1.1", b""])
    return request[:at] + number + request[at + 1 :]


MUTATIONS: list[Mutate] = [
    flip_bits, replace_bytes, insert_bytes, delete_bytes, truncate, duplicate_line, delete_line, shuffle_lines, splice,
    change_number,
]  # fmt: skip


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_mutated_request_is_never_a_server_error(server: BackgroundServer, mutate: Mutate) -> None:
    chance = random.Random(f"{SEED} {mutate.__name__}")
    for _ in range(rounds(40, 4_000)):
        request = mutate(chance.choice(REQUESTS), chance)
        assert {*statuses(send(server.url, request))} & SERVER_ERRORS == set(), request
    assert statuses(send(server.url, GOOD)) == [200]


def test_random_bytes_are_rejected(server: BackgroundServer) -> None:
    chance = random.Random(SEED)
    for _ in range(rounds(40, 4_000)):
        request = chance.randbytes(chance.randint(1, 500))
        assert statuses(send(server.url, request)) in ([], [400], [505]), request
    assert statuses(send(server.url, GOOD)) == [200]


AMBIGUOUS = {
    "Content-Length and Transfer-Encoding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding and Content-Length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths that differ": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a list of lengths that differ": POST + b"Content-Length: 2, 3\r\n\r\n{}",
    "a length with a plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "an empty length": POST + b"Content-Length: \r\n\r\n{}",
    "a space before the colon of a length": POST + b"Content-Length : 2\r\n\r\n{}",
    "a length on a folded line": POST + b"Content-Length:\r\n 2\r\n\r\n{}",
    "an encoding on a folded line": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "an encoding that only ends in chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "an encoding after a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked that is not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked that is quoted": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "identity": POST + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "a negative chunk": CHUNKED + b"-1\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "an empty chunk size": CHUNKED + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk size before a space": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "a chunk size that ends in a bare LF": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "a chunk extension that ends in a bare LF": CHUNKED + b"2;a\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\n{}{}\r\n0\r\n\r\n",
    "a chunk without a line end": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "lines that end in a bare LF": b"GET /admin/jobs HTTP/1.1\nHost: localhost\n\n",
    "lines that end in a bare CR": b"GET /admin/jobs HTTP/1.1\rHost: localhost\r\r",
    "a bare CR in a value": GET + b"X: a\rContent-Length: 9\r\n\r\n",
    "a bare LF in a value": GET + b"X: a\nb: c\n\r\n\r\n",
    "NUL in a name": GET + b"X\0: a\r\n\r\n",
    "NUL in a value": GET + b"X: a\0b\r\n\r\n",
    "NUL in the target": b"GET /admin/jobs\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a control character in the target": b"GET /a\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a folded line": GET + b"X: a\r\n b\r\n\r\n",
    "a space before the first header": b"GET /admin/jobs HTTP/1.1\r\n X: a\r\nHost: localhost\r\n\r\n",
    "a header without a colon": GET + b"X\r\n\r\n",
    "an empty header name": GET + b": a\r\n\r\n",
    "a length in a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 100\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\n\r\n",
    "no host": b"GET /admin/jobs HTTP/1.1\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_ambiguous_request_is_refused_and_ends_the_connection(
    server: BackgroundServer, request_bytes: bytes
) -> None:
    received = send(server.url, request_bytes + SMUGGLED)
    assert statuses(received) in ([400], [501], [505])
    assert b"connection: close" in received.lower()


@pytest.mark.parametrize(
    "request_bytes",
    [
        CHUNKED + b"2;a=b\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"02\r\n{}\r\n000\r\n\r\n",
        POST + b"Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n",
        POST + b"Content-Length: 2\r\n\r\n{}",
        POST + b"Content-Length: 002\r\n\r\n{}",
    ],
    ids=["chunk extension", "leading zeros", "case", "trailers", "length", "length with zeros"],
)
def test_the_end_of_a_valid_body_is_where_the_next_request_begins(
    server: BackgroundServer, request_bytes: bytes
) -> None:
    assert statuses(send(server.url, request_bytes + SMUGGLED)) == [200, 404]


def test_a_body_that_looks_like_a_request_is_not_one(server: BackgroundServer) -> None:
    request = POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
    assert statuses(send(server.url, request)) == [400]
    assert b"smuggled" not in send(server.url, request).lower()
