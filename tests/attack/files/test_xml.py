"""Hostile XML: entities, DTDs, depth, sizes, encodings, and markup that comes from a value."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver.syntax.xml_elements import ELEMENT_LIMIT, MalformedXML, decode, parse
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import combine, some
from tests.conftest import Serve

TEXT = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    "Thing": {
        "xml": {"name": "thing"},
        "type": "object",
        "properties": {
            "text": TEXT,
            "number": {"type": "integer"},
            "list": {"type": "array", "items": {"type": "integer"}},
            "mark": {"type": "string", "xml": {"attribute": True}},
            "tree": {"$ref": "#/components/schemas/Tree"},
        },
        "additionalProperties": {"type": "array", "items": TEXT},
    },
    "Tree": {
        "oneOf": [
            {"type": "object", "required": ["leaf"], "properties": {"leaf": TEXT}},
            {
                "type": "object",
                "required": ["tree"],
                "properties": {"tree": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
            },
        ]
    },
}


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    content = {"application/xml": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    echo = {
        "operationId": "send",
        "requestBody": {"content": content},
        "responses": {"200": {"description": "x", "content": content}},
    }
    info = {"title": "x", "version": "1"}
    paths = {"/x": {"post": echo}}
    return serve({"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": SCHEMAS}})


def send(client: FlaskClient, data: bytes, content_type: str = "application/xml") -> TestResponse:
    return client.post("/x", data=data, content_type=content_type)


LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
DOCTYPES = {
    "billion laughs": f'<!DOCTYPE thing [<!ENTITY l0 "ha">{LAUGHS}]><thing><text>&l9;</text></thing>',
    "one long entity": f'<!DOCTYPE thing [<!ENTITY a "{"a" * 50_000}">]><thing><text>{"&a;" * 50_000}</text></thing>',
    "a file": '<!DOCTYPE thing [<!ENTITY a SYSTEM "file:///etc/passwd">]><thing><text>&a;</text></thing>',
    "a parameter entity": '<!DOCTYPE thing [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><thing/>',
    "an external DTD": '<!DOCTYPE thing SYSTEM "file:///etc/passwd"><thing/>',
    "a public DTD": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "xhtml1-strict.dtd"><thing/>',
    "default attributes": '<!DOCTYPE thing [<!ATTLIST thing mark CDATA "x">]><thing/>',
    "nothing but a name": "<!DOCTYPE thing><thing/>",
}


@pytest.mark.parametrize(("name", "charset"), combine(DOCTYPES, ["utf-8", "utf-16"]))
def test_a_document_with_a_doctype_is_malformed(client: FlaskClient, name: str, charset: str) -> None:
    response = send(client, DOCTYPES[name].encode(charset))
    assert (response.status_code, response.headers["X-Mock-Code"]) == (400, "malformed-body")
    assert "it has a DOCTYPE, and documents with a DTD or entities are not read" in response.get_json()["detail"]


def test_nothing_is_fetched_for_a_document(client: FlaskClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}/include"/>'
        for document in (
            f'<!DOCTYPE thing [<!ENTITY a SYSTEM "{address}/entity">]><thing>&a;</thing>',
            f'<!DOCTYPE thing SYSTEM "{address}/dtd"><thing/>',
            f"<thing>{include}</thing>",
            f'<?xml-stylesheet href="{address}/style"?><thing xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:noNamespaceSchemaLocation="{address}/schema"/>',
        ):
            send(client, document.encode())
        with pytest.raises(BlockingIOError):
            listener.accept()


MALFORMED = {
    "nothing but white space": (b" ", "no element found at line 1 column 2"),
    "an open element": (b"<thing>\n <text>", "no element found at line 2 column 8"),
    "crossed tags": (b"<thing>\n <text></thing>", "mismatched tag at line 2 column 10"),
    "two roots": (b"<thing/><thing/>", "junk after document element at line 1 column 9"),
    "an attribute twice": (b'<thing mark="1" mark="2"/>', "duplicate attribute at line 1 column 17"),
    "an entity that is not declared": (b"<thing><text>&nbsp;</text></thing>", "undefined entity at line 1 column 14"),
    "a prefix that is not declared": (b"<x:thing/>", "unbound prefix at line 1 column 1"),
    "a control character": (b"<thing>\x01</thing>", "not well-formed (invalid token) at line 1 column 8"),
    "a reference to one": (b"<thing>&#0;</thing>", "reference to invalid character number at line 1 column 8"),
    "bytes that are not UTF-8": (b"<thing>\xff</thing>", 'it is not valid "utf-8"'),
    "an odd number of bytes": ("<thing/>".encode("utf-16")[:-1], 'it is not valid "utf-16"'),
    "JSON": (b'{"a": 1}', "not well-formed (invalid token) at line 1 column 1"),
    "too deep": (b"<a>" * 300 + b"</a>" * 300, "nested deeper than 200 levels at line 1 column 601"),
    "very deep": (b"<a>" * 100_000, "nested deeper than 200 levels at line 1 column 601"),
}


@pytest.mark.parametrize(("data", "reason"), MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_xml_is_refused_with_its_place(client: FlaskClient, data: bytes, reason: str) -> None:
    response = send(client, data)
    assert (response.status_code, response.headers["X-Mock-Code"]) == (400, "malformed-body")
    assert reason in response.get_json()["detail"]


@pytest.mark.parametrize("declaration", ['<?xml version="1.0" encoding="base64"?>', '<?xml version="1.0" encoding="no-such"?>'])  # fmt: skip
def test_an_encoding_that_is_not_read_is_refused(client: FlaskClient, declaration: str) -> None:
    response = send(client, f"{declaration}<thing/>".encode())
    assert (response.status_code, response.headers["X-Mock-Code"]) == (415, "unsupported-charset")


@pytest.mark.parametrize("data", [b"<a/>" * ELEMENT_LIMIT, b"".join(b'<a b="" c=""/>' for _ in range(ELEMENT_LIMIT // 2))])  # fmt: skip
def test_a_document_with_very_many_elements_or_attributes_is_refused(client: FlaskClient, data: bytes) -> None:
    response = send(client, b"<thing>%s</thing>" % data)
    assert (response.status_code, response.headers["X-Mock-Code"]) == (400, "malformed-body")
    assert f"it has more than {ELEMENT_LIMIT} elements and attributes" in response.get_json()["detail"]


DOCUMENTS: dict[str, Callable[[int], str]] = {
    "attributes": lambda size: "<thing" + "".join(f" a{number}=''" for number in range(size)) + "/>",
    "namespaces": lambda size: "<thing" + "".join(f" xmlns:a{number}='u:{number}'" for number in range(size)) + "/>",
    "attributes in namespaces": lambda size: (
        "<thing" + "".join(f" xmlns:a{number}='u:{number}' a{number}:b=''" for number in range(size)) + "/>"
    ),
    "elements of different names": lambda size: f"<thing>{''.join(f'<a{number}/>' for number in range(size))}</thing>",
    "elements of one undeclared name": lambda size: f"<thing>{'<a/>' * size}</thing>",
    "items of a list": lambda size: f"<thing>{'<list>1</list>' * size}</thing>",
    "a member that is no list": lambda size: f"<thing>{'<number>1</number>' * size}</thing>",
    "wrong elements": lambda size: f"<thing>{'<mark/>' * size}</thing>",
    "references": lambda size: f"<thing><text>{'&amp;' * size}</text></thing>",
    "comments": lambda size: f"<thing><text>{'a<!-- -->' * size}</text></thing>",
    "white space": lambda size: f"<thing>{' ' * size}</thing>",
    "a long number": lambda size: f"<thing><number>{'1' * min(size, 4_000)}</number></thing>",
    "alternatives": lambda size: f"<thing><tree>{'<tree><leaf/></tree>' * size}</tree></thing>",
    "deep alternatives": lambda size: f"<thing>{'<tree>' * 190}{'<leaf/>' * size}{'</tree>' * 190}</thing>",
    "encoded names": lambda size: f"<thing><{'_x0041_' * size}/></thing>",
    "a long name": lambda size: f"<thing><{'a' * size}/></thing>",
    "a tag that does not end": lambda size: "<thing " + "a" * size,
    "opening brackets": lambda size: "<" * size,
    "a comment that does not end": lambda size: "<!--" + "-" * size,
}


@pytest.mark.parametrize("document", some(DOCUMENTS.values(), 7), ids=some(DOCUMENTS, 7))
def test_a_document_is_read_in_linear_time(client: FlaskClient, document: Callable[[int], str]) -> None:
    def prepare(size: int) -> Callable[[], object]:
        data = document(size).encode()
        return lambda: send(client, data)

    assert_grows_linearly(prepare, 2_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_declaration_is_found_in_linear_time(encoding: str) -> None:
    def read(data: bytes) -> None:
        try:
            parse(decode(data))
        except MalformedXML:
            return

    def prepare(size: int) -> Callable[[], object]:
        data = f'<?xml version="1.0"{" encoding" * size}'.encode(encoding)
        return lambda: read(data)

    assert_grows_linearly(prepare, 20_000)


@pytest.mark.parametrize("level", [lambda value: {"a": value}, lambda value: [value]])
def test_a_value_that_is_nested_as_deeply_as_json_may_be_is_written(
    serve: Serve, level: Callable[[Any], dict[str, Any] | list[Any]]
) -> None:
    content = {"application/xml": {"schema": {"type": ["object", "array"]}}}
    operation = {"operationId": "read", "responses": {"200": {"description": "x", "content": content}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": operation}}})
    value: Any = 1
    for _ in range(195):
        value = level(value)
    client.post("/__mock/overrides", json={"operation": "read", "body": value})
    response = client.get("/x")
    assert (response.status_code, response.text.count("</")) == (200, 196)


def test_many_alternatives_inside_each_other_are_decided_once_each(client: FlaskClient) -> None:
    data = f"<thing>{'<tree>' * 100}<wrong/>{'</tree>' * 100}</thing>".encode()
    assert send(client, data).status_code == 422
