"""Which texts are JSON (RFC 8259), for request bodies and for files; the cases follow those of the public suites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, create_app
from mockserver.documents.source import Report, parse_source
from mockserver.syntax import strict_json
from tests.attack.scale import some

SECONDS = 10
ANY_BODY: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Any", "version": "1"},
    "paths": {
        "/any": {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
                "responses": {"204": {"description": "accepted"}},
            }
        }
    },
}

ACCEPTED: list[tuple[bytes, Any]] = [
    # Values alone.
    (b"null", None), (b"true", True), (b"false", False), (b"0", 0), (b'""', ""), (b"[]", []), (b"{}", {}),
    # Numbers.
    (b"-0", 0), (b"-1", -1), (b"123", 123), (b"-123", -123), (b"1.5", 1.5), (b"-0.0", -0.0), (b"0.1", 0.1),
    (b"1e1", 10.0), (b"1E1", 10.0), (b"1e+1", 10.0), (b"1e-1", 0.1), (b"0e1", 0.0), (b"0e+1", 0.0), (b"20e1", 200.0),
    (b"123.456e78", 1.23456e80), (b"1.7976931348623157e308", 1.7976931348623157e308), (b"5e-324", 5e-324),
    (b"1e-400", 0.0), (b"-1e-400", -0.0), (b"0e99999999999", 0.0), (b"9007199254740993", 2**53 + 1),
    (b"18446744073709551615", 2**64 - 1), (b"-9223372036854775808", -(2**63)),
    (b"100000000000000000000", 10**20), (b"0." + b"0" * 500 + b"1", 0.0), (b"1" * 300, int("1" * 300)),
    # White space: space, tab, line feed, carriage return.
    (b" 1 ", 1), (b"\t1\t", 1), (b"\n1\n", 1), (b"\r1\r", 1), (b"[ ]", []), (b"{ }", {}), (b'{ "a" : 1 , "b" : 2 }', {"a": 1, "b": 2}),
    (b" " * 10_000 + b"1", 1),
    # Arrays and objects.
    (b"[1,2]", [1, 2]), (b"[null,1,\"1\",{}]", [None, 1, "1", {}]), (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    (b'{"":0}', {"": 0}), (b'{"a\\u0000b":1}', {"a\0b": 1}), (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    (b'{"__proto__":1,"constructor":2}', {"__proto__": 1, "constructor": 2}),
    (b"[" * 200 + b"]" * 200, None), (b'{"a":' * 200 + b"1" + b"}" * 200, None),
    # Escapes.
    (rb'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'), (rb'"\u0041\u00e9\u20AC"', "A\xe9\u20ac"), (rb'"\u0000"', "\0"),
    (rb'"\u001f\u007f"', "\x1f\x7f"), (rb'"\ud83d\ude00"', "\U0001f600"), (rb'"\uD834\uDd1e"', "\U0001d11e"),
    (rb'"\uFFFF\uFDD0\uFEFF"', "\uffff\ufdd0\ufeff"), (rb'"\\u0041"', "\\u0041"), (rb'"\\ud800"', "\\ud800"),
    (rb'"\u2028\u2029"', "\u2028\u2029"), (rb'"\udbff\udfff"', "\U0010ffff"),
    # Characters as they are.
    ('"é€😀"'.encode(), "é€😀"), (b'"\x7f"', "\x7f"), ('"\u2028\u2029\u200b\u202e"'.encode(), "\u2028\u2029\u200b\u202e"),
    ('"\uffff\U0010ffff"'.encode(), "\uffff\U0010ffff"), (b'"/* no comment */"', "/* no comment */"),
    # A byte order mark may be ignored (RFC 8259, section 8.1).
    (b"\xef\xbb\xbf1", 1), (b"\xef\xbb\xbf{}", {}),
]  # fmt: skip

REJECTED: list[bytes] = [
    # Nothing, or more than one value.
    b"", b" ", b"\n", b"1 2", b"{}{}", b"[][]", b"1,", b"null null", b"{} x", b"[]]", b"{}}", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf1",
    # Words.
    b"nul", b"NULL", b"True", b"FALSE", b"undefined", b"NaN", b"-NaN", b"nan", b"Infinity", b"-Infinity", b"inf", b"None",
    b"[NaN]", b'{"a":Infinity}', b"truefalse", b"a", b"'a'", b"`a`", b"\xc3\xa9",
    # Numbers.
    b"+1", b"01", b"-01", b"00", b"-", b"--1", b"1.", b".1", b"-.1", b"1.e1", b"1e", b"1e+", b"1e1.5", b"1e1e1", b"0x1",
    b"0b1", b"0o1", b"1_000", b"1,000", b"1 000", b"1f", b"1n", b"1e999", b"-1e999", b"[1e400]", b"1" * 5_000, b"\xef\xbc\x91",
    b"\xd9\xa1", b"1\x00", b"2.0.0", b"0.1.2", b"Infinity1", b"-Inf",
    # White space of other kinds.
    b"\x0b1", b"\x0c1", b"\xc2\xa01", b"\xe2\x80\xa81", b"\xe2\x81\xa01", b"\x001", b"1\x00", b"[\x0c]", b"\xe3\x80\x801", b"\x1f1",
    # Arrays and objects.
    b"[", b"]", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1 2]", b"[1;2]", b"[1:2]", b"{", b"}", b'{"a"', b'{"a":',
    b'{"a":1', b'{"a":1,', b'{"a":1,}', b"{,}", b'{,"a":1}', b'{"a":1,,"b":2}', b'{"a" 1}', b'{"a":1 "b":2}', b'{"a","b"}',
    b'{"a":}', b"{:1}", b"{1:1}", b"{a:1}", b"{'a':1}", b"{null:1}", b'{"a"::1}', b"[}", b"{]", b'[{"a":1]', b'{"a":[1}',
    b"(1)", b'["a":1]', b'{"a":1]',
    # Names that appear twice, spelled in the same way or not.
    b'{"a":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'[{"b":{"a":1,"a":2}}]', b'{"":1,"":2}',
    # Strings.
    b'"', b'"a', b'a"', b'"a"b"', b'"\\"', b'"\n"', b'"\t"', b'"\x00"', b'"\x1f"', b'"\r\n"', b'"\\a"', b'"\\x41"', b'"\\0"', b'"\\\'"',
    b'"\\u"', b'"\\u0"', b'"\\u004"', b'"\\u004g"', b'"\\U00000041"', b'"\\u{41}"', b'"\\u+041"', b'"\\u 041"', b'"\\ "', b'"\\\n"', b'"\\\xc3\xa9"',
    # Surrogates without their other half.
    b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\ud800"', b'"\\ude00\\ud83d"', b'"\\ud83dx\\ude00"', b'"\\ud83d\\u0041"', b'{"\\ud800":1}', b'["a","\\uDFFF"]',
    b'"\\ud800\\"',
    # Bytes that are not UTF-8.
    b'"\xff"', b'"\xc3"', b'"\x80"', b'"\xc0\xaf"', b'"\xe0\x80\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"',
    b"\xff", b"\xfe\xff\x001", b"\xff\xfe1\x00", "1".encode("utf-16"), '{"a":1}'.encode("utf-32"), b'"\xe9"', b"[1]\xff",
    # Comments and others' notations.
    b"1//a", b"//a\n1", b"/*a*/1", b"1/*a*/", b"#a\n1", b"1#a", b'{"a":1}//', b"<!--1-->", b"<a/>", b"a: 1", b"- 1", b"---\n1", b"1;", b"x(1)", b")]}',\n1",
    b'"a"+"b"', b'"""a"""', b"*a", b"&a 1", b"!!str 1",
    # Nesting.
    b"[" * 201 + b"]" * 201, b"[" * 100_000, b'{"a":' * 100_000, b'[{"a":' * 50_000, b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 201 + b"1" + b"}" * 201,
]  # fmt: skip


def name(data: Any) -> str:
    return f"{data[:40]!r} {len(data)}" if isinstance(data, bytes) else ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    path = tmp_path_factory.mktemp("any") / "openapi.json"
    path.write_bytes(strict_json.dump(ANY_BODY))
    with BackgroundServer(create_app(path), "127.0.0.1") as running:
        yield running


def post(server: BackgroundServer, data: bytes) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    return requests.post(f"{server.url}/any", data=data, headers=headers, timeout=SECONDS)


@pytest.mark.parametrize(("data", "value"), some(ACCEPTED, 30), ids=name)
def test_a_file_of_json_is_read_as_its_value(data: bytes, value: Any) -> None:
    report = Report()
    source = parse_source("x.json", data, report)
    assert report.problems == []
    assert source is not None
    assert value is None or (source.data, type(source.data)) == (value, type(value))


@pytest.mark.parametrize("data", some(REJECTED, 40), ids=name)
def test_a_file_of_anything_else_is_malformed(data: bytes) -> None:
    report = Report()
    assert parse_source("x.json", data, report) is None
    assert [problem.code for problem in report.problems] == ["malformed"]


@pytest.mark.parametrize("data", some((data for data, _ in ACCEPTED), 25), ids=name)
def test_a_body_of_json_is_accepted(server: BackgroundServer, data: bytes) -> None:
    assert post(server, data).status_code == 204


# An empty body is a missing one.
@pytest.mark.parametrize("data", some((data for data in REJECTED if data), 50), ids=name)
def test_a_body_of_anything_else_is_a_400(server: BackgroundServer, data: bytes) -> None:
    response = post(server, data)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("data", some((data for data, value in ACCEPTED if value is not None), 20), ids=name)
def test_what_was_read_is_written_as_json_of_the_same_value(data: bytes) -> None:
    value = strict_json.parse(data)
    assert strict_json.parse(strict_json.dump(value)) == value
