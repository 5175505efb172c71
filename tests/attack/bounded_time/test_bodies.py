"""Bodies and parameters of a request are read, and refused, in linear time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.syntax import strict_json
from mockserver.syntax.strict_json import MalformedJSON
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import some
from tests.conftest import Serve

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MAP = {"type": "object", "additionalProperties": {"type": "integer"}}
INTEGERS = {"type": "array", "items": {"type": "integer"}}
THING = {"type": "object", "properties": {"map": MAP, "text": {"type": "string"}}}


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    operation = {
        "operationId": "create",
        "parameters": [
            {"name": "deep", "in": "query", "style": "deepObject", "schema": MAP},
            {"name": "list", "in": "query", "schema": INTEGERS},
            {"name": "commas", "in": "query", "explode": False, "schema": INTEGERS},
            {"name": "Numbers", "in": "header", "schema": INTEGERS},
        ],
        "requestBody": {
            "content": {
                **{name: {"schema": THING} for name in ("application/json", FORM, MULTIPART)},
                "text/plain": {"schema": {"type": "string"}},
            }
        },
        "responses": {"204": {"description": "done"}},
    }
    return serve({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}})


def attempt(data: bytes) -> None:
    try:
        strict_json.parse(data)
    except MalformedJSON:
        return


def members(size: int) -> bytes:
    return b",".join(b'"n%d":1' % number for number in range(size))


TEXTS: dict[str, Callable[[int], bytes]] = {
    "the last name twice": lambda size: b"{%s,%s}" % (members(size), b'"n%d":2' % (size - 1)),
    "the first name twice": lambda size: b'{%s,"n0":2}' % members(size),
    "a name twice in each object": lambda size: b"[%s]" % b",".join([b'{"a":1,"b":2}'] * size + [b'{"a":1,"a":2}']),
    "brackets": lambda size: b"[" * 150 + b"[]," * (size // 8),
    "deep at the end": lambda size: b"[\n" + b"[]," * size + b"[" * 201,
    "an open string": lambda size: b'["' + b'\\"' * size,
    "an open string in many arrays": lambda size: b"[" * 201 + b'"' + b"\\" * (2 * size + 1),
    "quotes": lambda size: b'"' * size,
    "digits": lambda size: b"[%s]" % (b"1" * size),
    "decimals": lambda size: b"[0.%s]" % (b"1" * size),
    "runs of digits": lambda size: b"[%s]" % b",".join([b"1" * 299] * (size // 50)),
    "lone surrogates": lambda size: b'["%s"]' % (b"\\ud800" * size),
    "white space": lambda size: b" " * size,
}


@pytest.mark.parametrize("name", some(TEXTS, 6))
def test_reading_json_grows_linearly(name: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        data = TEXTS[name](size)
        return lambda: attempt(data)

    assert_grows_linearly(prepare, 20_000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{%s,\n%s}" % (members(40_000), b'"n39999": 2'), 'the name "n39999" appears twice in one object at line 2 column 1'),
        (b'{"%s":1,"%s":2}' % (b"a" * 5_000, b"a" * 5_000), f'the name "{"a" * 99}… appears twice in one object at line 1 column 5007'),
        (b'{"a":1e400}', "1e400 is outside the range of a number"),
        (b"[%s]" % (b"9" * 100_000), f"{'9' * 40}… is outside the range of a number"),
        (b"[\n\n%s" % (b"[" * 200), "nested deeper than 200 levels at line 3 column 1"),
    ],
)  # fmt: skip
def test_large_json_is_refused_with_the_place(data: bytes, message: str) -> None:
    with pytest.raises(MalformedJSON) as caught:
        strict_json.parse(data)
    assert str(caught.value) == message


def part(name: str, *headers: str) -> bytes:
    lines = [f'Content-Disposition: form-data; name="{name}"', *headers]
    return b"--B\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n"


def json_map(value: str) -> Callable[[int], bytes]:
    return lambda size: b'{"map":{%s}}' % b",".join(f'"a{number}":{value}'.encode() for number in range(size))


BODIES: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "members": ("application/json", json_map("1"), 204),
    "wrong members": ("application/json", json_map('"x"'), 422),
    "form fields": (FORM, lambda size: b"&".join(b"a%d=1" % number for number in range(size)), 413),
    "form separators": (FORM, lambda size: b"&" * size, 204),
    "encoded form text": (FORM, lambda size: b"text=" + b"%41" * size, 204),
    "brackets in a name": (FORM, lambda size: b"map" + b"[b]" * size + b"=1", 422),
    "parts": (MULTIPART, lambda size: (part("a") + b"x\r\n") * size + b"--B--\r\n", 413),
    "nearly boundaries": (MULTIPART, lambda size: part("a") + b"\r\n--A" * size + b"\r\n--B--\r\n", 204),
    "line ends": (MULTIPART, lambda size: part("a") + b"\r\n" * size + b"\r\n--B--\r\n", 204),
    "a preamble": (MULTIPART, lambda size: b"\r\n--" * size + part("text") + b"x\r\n--B--\r\n", 204),
    "headers of a part": (MULTIPART, lambda size: part("text", *["a: b"] * size) + b"x\r\n--B--\r\n", 204),
    "parameters of a part": (MULTIPART, lambda size: part("text", "Content-Type: text/plain" + "; a=b" * size) + b"x\r\n--B--\r\n", 204),
    "a part without an end": (MULTIPART, lambda size: part("a") + b"x" * size, 400),
    "punycode": ("text/plain; charset=punycode", lambda size: b"a-" + b"9a" * size, 415),
    "punycode in a part": (
        MULTIPART, lambda size: part("text", "Content-Type: text/plain; charset=punycode") + b"9a" * size + b"\r\n--B--\r\n", 415,
    ),
    "utf-16": ("text/plain; charset=utf-16", lambda size: b"aa" * size, 204),
}  # fmt: skip


@pytest.mark.parametrize("name", some(BODIES, 8))
def test_reading_a_body_grows_linearly(client: FlaskClient, name: str) -> None:
    content_type, make, status = BODIES[name]
    content_type += "; boundary=B" if content_type == MULTIPART else ""

    def prepare(size: int) -> Callable[[], object]:
        data = make(size)
        return lambda: client.post("/x", data=data, content_type=content_type)

    assert client.post("/x", data=make(2_000), content_type=content_type).status_code == status
    assert_grows_linearly(prepare, 20_000)


QUERIES: dict[str, tuple[Callable[[int], str], int]] = {
    "undeclared": (lambda size: "&".join(f"a{number}=1" for number in range(size)), 204),
    "members of an object": (lambda size: "&".join(f"deep[a{number}]=1" for number in range(size)), 204),
    "wrong members of an object": (lambda size: "&".join(f"deep[a{number}]=x" for number in range(size)), 422),
    "members by index": (lambda size: "&".join(f"deep[{number}]=1" for number in range(size)), 204),
    "brackets": (lambda size: "deep" + "[a]" * size + "=1", 422),
    "a repeated parameter": (lambda size: "&".join(["list=1"] * size), 204),
    "a repeated wrong parameter": (lambda size: "&".join(["list=x"] * size), 422),
    "items": (lambda size: "commas=" + ",".join(["1"] * size), 204),
    "encoded commas": (lambda size: "commas=" + "%2C".join(["x"] * size), 422),
    "digits": (lambda size: "list=" + "1" * size, 422),
    "decimals": (lambda size: "list=0." + "1" * size, 422),
}


@pytest.mark.parametrize("name", some(QUERIES, 5))
def test_reading_a_query_grows_linearly(client: FlaskClient, name: str) -> None:
    make, status = QUERIES[name]

    def prepare(size: int) -> Callable[[], object]:
        query = make(size)
        return lambda: client.post(f"/x?{query}")

    assert client.post(f"/x?{make(500)}").status_code == status
    assert_grows_linearly(prepare, 3_000)


def test_of_many_wrong_items_in_a_header_the_first_hundred_are_listed(client: FlaskClient) -> None:
    response = client.post("/x", headers={"Numbers": ",".join(["x"] * 5_000)})
    violations = response.get_json(force=True)["violations"]
    assert [(each["pointer"], each["keyword"]) for each in violations] == [
        *((f"/{index}", "type") for index in range(100)),
        ("", "more"),
    ]


def test_of_many_undeclared_parameters_the_first_hundred_are_listed(app: Flask) -> None:
    query = "&".join(f"a{number}=1" for number in range(5_000))
    violations = app.test_client().get(f"/admin/jobs?{query}").get_json(force=True)["violations"]
    assert [each["name"] for each in violations[:-1]] == [f"a{number}" for number in range(100)]
    assert violations[-1] == {
        "location": "query",
        "pointer": "",
        "keyword": "more",
        "message": "there are 4900 more query parameters that are not declared",
    }


def multipart(head: bytes, content: bytes = b"v") -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="text"\r\n%s\r\n%s\r\n--x--\r\n' % (head, content)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (multipart(b"a: b\r\n" * 50_000), 204),
        (multipart(b"", b"a: b\r\n--xx\r\n" * 100_000), 204),
        (multipart(b"a: b\r\n" * 100_000), 400),
        (multipart(b"", b"\r\n--x\r\nContent-Disposition: form-data; name=b\r\n" + b"a: b\r\n" * 100_000), 400),
    ],
)
def test_the_headers_of_all_parts_are_bounded(client: FlaskClient, body: bytes, status: int) -> None:
    response = client.post("/x", data=body, content_type=f"{MULTIPART}; boundary=x")
    assert response.status_code == status
    assert status == 204 or response.json["code"] == "malformed-body"


def test_an_override_with_very_many_undeclared_members_is_refused_with_the_first(client: FlaskClient) -> None:
    entry = {"operation": "none", **{f"a{number}": 1 for number in range(10_000)}}
    violation = client.post("/__mock/overrides", json=entry).json["violations"][0]
    assert violation["message"].startswith('"a0", "a1", ')


@pytest.mark.parametrize(("number", "status"), [(1, 204), (2, 422)])
def test_the_items_of_a_delimited_array_are_bounded(serve: Serve, number: int, status: int) -> None:
    media = {"schema": {"type": "object", "properties": {"n": INTEGERS}}, "encoding": {"n": {"explode": False}}}
    operation = {"requestBody": {"content": {FORM: media}}, "responses": {"204": {"description": "done"}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}}
    field = "n=" + ",".join("1" for _ in range(60_000))
    response = serve(document).post("/x", data="&".join([field] * number), content_type=FORM)
    assert response.status_code == status
    assert status == 204 or response.json["violations"][0]["message"] == "it has more than 100,000 items"
