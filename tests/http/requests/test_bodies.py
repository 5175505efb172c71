from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.http import service
from mockserver.http.request import forms
from tests.conftest import Serve

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "marks": {"type": "array", "items": {"type": "integer"}},
        "owner": {"type": "object", "properties": {"id": {"type": "integer"}}},
        "photo": {"type": "string", "maxLength": 4},
        "odd": {"anyOf": [{"type": "integer", "minimum": 9}, {"type": "string", "maxLength": 1}]},
    },
    "additionalProperties": False,
}


def document(content: dict[str, Any], method: str = "post", **body: Any) -> dict[str, Any]:
    item = {
        "operationId": "one",
        "requestBody": {"required": True, "content": content, **body},
        "responses": {"204": {"description": "ok"}},
    }
    return {"openapi": "3.1.0", "info": {"title": "Bodies", "version": "1"}, "paths": {"/x": {method: item}}}


@pytest.fixture
def serve(serve: Serve) -> Serve:
    def make(content: dict[str, Any], method: str = "post", **body: Any) -> FlaskClient:
        return serve(document(content, method, **body))

    return make


def told(answer: Any) -> list[tuple[str, str]]:
    """Pointer and keyword of each violation; empty where the request was taken."""
    if answer.status_code == 204:
        return []
    assert answer.status_code == 422, answer.text
    return [(item["pointer"], item["keyword"]) for item in answer.get_json(force=True)["violations"]]


@pytest.mark.parametrize(
    ("text", "violations"),
    [
        ("name=Rex&age=4&tags=a&tags=b&marks=1&owner=%7B%22id%22%3A1%7D", []),
        ("name=Rex&tags=only", []),
        ("name=Rex&tags[]=a&tags[]=b&owner[id]=1", []),
        ("name=12&odd=5", []),
        ("name=R%26+x", []),
        ("", [("", "required")]),
        ("name=R&age=x", [("/name", "minLength"), ("/age", "type")]),
        ("name=Rex&marks=1&marks=x", [("/marks/1", "type")]),
        ("name=Rex&owner=x", [("/owner", "content")]),
        ("name=Rex&owner[id]=x", [("/owner/id", "type")]),
        ("name=Rex&nme=1", [("", "additionalProperties")]),
        ("name=Rex&owner[id]=1&owner=2", [("/owner", "style")]),
    ],
)
def test_a_form_is_read_field_by_field(serve: Serve, text: str, violations: list[tuple[str, str]]) -> None:
    client = serve({FORM: {"schema": PET}})
    assert sorted(told(client.post("/x", data=text, content_type=FORM))) == sorted(violations)


@pytest.mark.parametrize("data", ["näme=Zoë".encode(), "näme=Zoë".encode("latin-1"), b"n%C3%A4me=Zo%C3%AB"])
def test_a_form_may_have_characters_beyond_ascii_as_they_are(serve: Serve, data: bytes) -> None:
    schema = {"type": "object", "properties": {"näme": {"const": "Zoë"}}, "required": ["näme"]}
    assert told(serve({FORM: {"schema": schema}}).post("/x", data=data, content_type=FORM)) == []


@pytest.mark.parametrize(
    ("encoding", "text", "violations"),
    [
        ({"marks": {"style": "form", "explode": False}}, "name=Rex&marks=1,2", []),
        ({"marks": {"style": "pipeDelimited", "explode": False}}, "name=Rex&marks=1%7C2", []),
        ({"marks": {"style": "spaceDelimited"}}, "name=Rex&marks=1+x", [("/marks/1", "type")]),
        ({"owner": {"style": "deepObject"}}, "name=Rex&owner[id]=7", []),
    ],
)
def test_a_field_is_read_by_its_encoding(
    serve: Serve, encoding: dict[str, Any], text: str, violations: list[tuple[str, str]]
) -> None:
    client = serve({FORM: {"schema": PET, "encoding": encoding}})
    assert told(client.post("/x", data=text, content_type=FORM)) == violations


def multipart(*parts: tuple[str, bytes]) -> dict[str, Any]:
    data = b"".join(b"--B\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--B--\r\n"
    return {"data": data, "content_type": f"{MULTIPART}; boundary=B"}


@pytest.mark.parametrize(
    ("boundary", "data", "reason"),
    [
        ("", b"", "its Content-Type has no boundary."),
        ("; boundary*=UTF-8''%E2%98%83", b"", "its Content-Type has no boundary of ASCII characters."),
        ("; boundary=B", b"--C--", "it is not a valid multipart form: no line --B begins a part."),
        ("; boundary=B", b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "it is not a valid multipart form: the line --B-- at its end is missing."),
        ("; boundary=B", b"--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", "it is not a valid multipart form: a part has no name."),
    ],
)  # fmt: skip
def test_what_is_no_multipart_form_is_malformed(serve: Serve, boundary: str, data: bytes, reason: str) -> None:
    response = serve({MULTIPART: {"schema": {}}}).post("/x", data=data or b"x", content_type=f"{MULTIPART}{boundary}")
    assert response.get_json()["detail"] == f"The request body cannot be read: {reason}"


def named(name: str, more: str = "", *headers: str) -> str:
    return "\r\n".join([f'Content-Disposition: form-data; name="{name}"{more}', *headers])


@pytest.mark.parametrize(
    ("items", "encoding", "text", "expected"),
    [
        ({"type": "integer"}, {"contentType": "application/json"}, "[1,2]", []),
        ({"type": "integer"}, {"contentType": "application/json"}, '["x"]', [("/list/0", "type")]),
        ({"type": "integer"}, {}, "[1,2]", [("/list/0", "type")]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {}, '[{"a":1},{"a":2}]', []),
        ({"type": "array", "items": {"type": "integer"}}, {"contentType": "application/json"}, "[1,2]", []),
    ],
)
def test_a_whole_array_may_be_sent_as_json(
    serve: Serve, items: Any, encoding: dict[str, Any], text: str, expected: list[tuple[str, str]]
) -> None:
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": items}}}
    entry = {"schema": schema, "encoding": {"list": encoding}}
    client = serve({FORM: entry, MULTIPART: entry})
    assert told(client.post("/x", data={"list": text}, content_type=FORM)) == expected
    assert told(client.post("/x", **multipart((named("list"), text.encode())))) == expected


def test_parts_are_text_files_json_and_arrays_by_what_is_declared(serve: Serve) -> None:
    client = serve({MULTIPART: {"schema": PET}})
    sent = multipart(
        (named("name"), b"Rex"),
        (named("age"), b"4"),
        (named("tags"), b"a"),
        (named("tags"), "é".encode()),
        (named("marks[]"), b"1"),
        (named("owner"), b'{"id": 1}'),
        (named("photo", '; filename="rex.png"', "Content-Type: image/png"), b"\xff\x00\xfe\x01"),
    )
    assert told(client.post("/x", **sent)) == []
    sent = multipart(
        (named("name"), b"R"),
        (named("age"), b"x"),
        (named("owner", "", "Content-Type: application/json"), b'{"id": "a"}'),
        (named("photo", '; filename="rex.png"'), b"\xff\x00\xfe\x01\x02"),
    )
    assert sorted(told(client.post("/x", **sent))) == [
        ("/age", "type"), ("/name", "minLength"), ("/owner/id", "type"), ("/photo", "maxLength"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", [{}, {"owner": {"contentType": "application/xml"}}])
@pytest.mark.parametrize(
    ("data", "violations"),
    [
        (b"<owner><id>1</id></owner>", []),
        (b"<owner><id>x</id></owner>", [("/owner/id", "type")]),
        (b"<person><id>1</id></person>", [("/owner", "xml")]),
        (b"<owner>", [("/owner", "content")]),
        (b"<!DOCTYPE owner><owner/>", [("/owner", "content")]),
    ],
)
def test_a_part_in_xml_is_read_by_its_schema(
    serve: Serve, encoding: dict[str, Any], data: bytes, violations: list[tuple[str, str]]
) -> None:
    owner = {"type": "object", "properties": {"id": {"type": "integer"}}, "xml": {"name": "owner"}}
    schema = {"type": "object", "properties": {"owner": owner}}
    client = serve({MULTIPART: {"schema": schema, "encoding": encoding}})
    assert (
        told(client.post("/x", **multipart((named("owner", "", "Content-Type: application/xml"), data)))) == violations
    )


def test_repeated_files_are_an_array(serve: Serve) -> None:
    schema = {"type": "object", "properties": {"files": {"type": "array", "maxItems": 2, "items": {"type": "string"}}}}
    client = serve({MULTIPART: {"schema": schema}})
    for count, violations in ((1, []), (2, []), (3, [("/files", "maxItems")])):
        data = {"files": [(io.BytesIO(b"x"), f"{number}.txt") for number in range(count)]}
        assert told(client.post("/x", data=data)) == violations


def test_a_part_comes_in_a_declared_media_type_with_its_declared_headers(serve: Serve) -> None:
    encoding = {
        "photo": {
            "contentType": "image/png, image/jpeg",
            "headers": {"X-Width": {"required": True, "schema": {"type": "integer"}}},
        },
        "owner": {"contentType": "application/json"},
    }
    client = serve({MULTIPART: {"schema": PET, "encoding": encoding}})
    for headers, violations in (
        (["Content-Type: image/jpeg", "X-Width: 9"], []),
        (["Content-Type: image/gif", "X-Width: 9"], [("/photo", "contentType")]),
        (["Content-Type: image/png"], [("/photo", "required")]),
        (["Content-Type: image/png", "X-Width: wide"], [("/photo", "type")]),
    ):
        sent = multipart((named("name"), b"Rex"), (named("photo", '; filename="a"', *headers), b"x"))
        assert told(client.post("/x", **sent)) == violations
    assert told(client.post("/x", **multipart((named("name"), b"Rex"), (named("owner"), b"{")))) == [
        ("/owner", "content")
    ]


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"x", MULTIPART, 400, "malformed-body"),
        (b"x", f"{MULTIPART}; boundary=B", 400, "malformed-body"),
        (b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx", f"{MULTIPART}; boundary=B", 400, "malformed-body"),
        (b"--B\r\nX: y\r\n\r\nx\r\n--B--", f"{MULTIPART}; boundary=B", 400, "malformed-body"),
        (b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", f"{MULTIPART}; boundary=B", 400, "malformed-body"),
        (b"a=1&" * 1_001, FORM, 413, "too-many-parts"),
        (b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n" * 1_001 + b"--B--", f"{MULTIPART}; boundary=B", 413, "too-many-parts"),
        (b" " * (11 << 20), FORM, 413, "body-too-large"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_read_is_refused(
    serve: Serve, data: bytes, content_type: str, status: int, code: str
) -> None:
    client = serve({FORM: {"schema": PET}, MULTIPART: {"schema": PET}})
    response = client.post("/x", data=data, content_type=content_type)
    assert response.status_code == status
    assert response.headers["X-Mock-Code"] == code
    assert forms.PART_LIMIT == 1_000


JSON_PART = b'--B\r\nContent-Disposition: form-data; name=%s\r\nContent-Type: application/json\r\n\r\n{"c":[1,2]}\r\n'


@pytest.mark.parametrize(
    ("data", "content_type", "limit"),
    [
        (b"[1,2,3]", "application/json", 4),
        (b'{"a,[{": "\\",[", "b": [], "c": { }}', "application/json", 4),
        ("[1,2,3]".encode("utf-16"), "application/json; charset=utf-16", 4),
        (b"[1,2]\n[3,4]", "application/jsonl", 5),
        (JSON_PART % b"a" + JSON_PART % b"b" + b"--B--\r\n", f"{MULTIPART}; boundary=B", 8),
        (b'a={"c":[1,2]}&b={}', FORM, 5),
        (b"[1,2,3]", None, 4),
    ],
)
def test_the_json_values_of_a_body_are_bounded(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, data: bytes, content_type: str | None, limit: int
) -> None:
    objects = {"schema": {"properties": {name: {"type": "object"} for name in "ab"}}}
    lines = {"schema": {"type": "array"}}
    client = serve({"application/json": {}, "application/jsonl": lines, FORM: objects, MULTIPART: objects})
    for number, status in ((limit, 204), (limit - 1, 413)):
        monkeypatch.setattr(service, "JSON_VALUE_LIMIT", number)
        monkeypatch.setattr(service, "BYTES_PER_VALUE", 10 << 20)
        response = client.post("/x", data=data, content_type=content_type)
        assert response.status_code == status
    assert (response.json["code"], response.json["limit"]) == ("too-many-values", limit - 1)


def test_a_larger_body_may_have_more_json_values(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document({"application/json": {}})))
    data = b"[%s]" % b",".join([b"1"] * 300_000)
    sizes = (1_000_000, 10 << 20, 20 << 20)
    clients = [create_app(path, body_limit=size).test_client() for size in sizes]
    responses = [client.post("/x", data=data, content_type="application/json") for client in clients]
    assert [response.status_code for response in responses] == [413, 413, 204]
    assert [response.json["limit"] for response in responses[:2]] == [250_000, 262_144]


def test_a_body_with_too_many_json_values_matches_as_text(tmp_path: Path) -> None:
    definition = document({})
    del definition["paths"]["/x"]["post"]["requestBody"]
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(definition))
    client = create_app(path).test_client()
    for kind in ("array", "string"):
        entry = {"operation": "one", "status": 299, "body": kind, "violate": True, "match": {"body": {"type": kind}}}
        assert client.post("/__mock/overrides", json=entry).status_code == 201
    response = client.post("/x", data=b"[%s]" % b",".join([b"1"] * 300_000), content_type="application/json")
    assert response.json == "string"


@pytest.mark.parametrize(
    ("content", "data", "content_type", "violations"),
    [
        ({"application/json": {"schema": PET}}, '{"name": "é"}'.encode("latin-1"), "application/json; charset=latin-1", [("/name", "minLength")]),
        ({"application/json": {"schema": PET}}, '{"name": "éé"}'.encode("utf-16"), "application/json; charset=utf-16", []),
        ({"application/merge-patch+json": {"schema": PET}}, b'{"name": "Re"}', "application/merge-patch+json", []),
        ({"text/plain": {"schema": {"type": "string", "maxLength": 2}}}, "éé".encode(), "text/plain", []),
        ({"text/plain": {"schema": {"type": "string", "maxLength": 2}}}, b"abc", "text/plain; charset=us-ascii", [("", "maxLength")]),
        ({"text/plain": {"schema": {"type": "integer"}}}, b"12", "text/plain", []),
        ({"text/plain": {"schema": {"type": "integer"}}}, b"1x", "text/plain", [("", "type")]),
        ({"application/octet-stream": {"schema": {"type": "string", "maxLength": 2}}}, b"\xff\xfe", "application/octet-stream", []),
        ({"application/octet-stream": {"schema": {"type": "string", "maxLength": 2}}}, b"\xff\xfe\xfd", "application/octet-stream", [("", "maxLength")]),
        ({"application/octet-stream": {}}, b"\xff\xfe\xfd", "application/octet-stream", []),
        ({"application/xml": {"schema": PET}}, b"<pet><name>Re</name></pet>", "application/xml", []),
        ({"application/xml": {}}, b"<pet/>", "application/xml", []),
        ({"image/*": {"schema": {"maxLength": 1}}, "image/png": {}, "*/*": {"schema": {"maxLength": 2}}}, b"xx", "image/png", []),
        ({"image/*": {"schema": {"maxLength": 1}}, "image/png": {}, "*/*": {"schema": {"maxLength": 2}}}, b"xx", "image/gif", [("", "maxLength")]),
        ({"image/*": {"schema": {"maxLength": 1}}, "image/png": {}, "*/*": {"schema": {"maxLength": 2}}}, b"xx", "video/gif", []),
        ({"application/jsonl": {"itemSchema": PET}}, b'{"name": "Re"}\n\n{"name": "x"}\n{}\n', "application/jsonl", [("/1/name", "minLength"), ("/2", "required")]),
        ({"application/x-ndjson": {"schema": PET}}, b'{"name": "Re"}\r\n{"name": "Re", "age": "x"}', "application/x-ndjson", [("/1/age", "type")]),
        ({"application/x-ndjson": {"schema": {"type": "array", "maxItems": 1, "items": PET}}}, b'{"name": "Re"}\n{"name": "R"}', "application/x-ndjson", [("", "maxItems"), ("/1/name", "minLength")]),
        ({"application/x-ndjson": {"schema": {"type": "string", "maxLength": 3}}}, b"1\n2\n", "application/x-ndjson", [("", "maxLength")]),
        ({"application/x-ndjson": {}}, b"not JSON", "application/x-ndjson", []),
        ({"application/json-seq": {"itemSchema": {"type": "integer"}}}, b'\x1e1\n\x1e"a"\n', "application/json-seq", [("/1", "type")]),
        ({"application/*+json": {"schema": {"const": 1}}, "application/json": {"schema": {"const": 2}}, "application/*": {"schema": {"const": 3}}}, b"1", "application/vnd.a+json", []),
        ({"application/*+json": {"schema": {"const": 1}}, "application/json": {"schema": {"const": 2}}, "application/*": {"schema": {"const": 3}}}, b"2", "application/json", []),
        ({"application/*+json": {"schema": {"const": 1}}}, b"1", "application/json", []),
        ({"application/*+xml": {}, "application/*+json": {"schema": {"const": 1}}}, b"2", "application/vnd.a+json", [("", "const")]),
        ({"application/json;v=1": {"schema": {"const": 1}}, "application/json;v=2": {"schema": {"const": 2}}}, b"2", "application/json; v=2", []),
        ({"text/csv": {"schema": {"type": "string"}}}, b"a,b", None, []),
    ],
)  # fmt: skip
def test_a_body_is_validated_by_its_media_type(
    serve: Serve, content: dict[str, Any], data: bytes, content_type: str | None, violations: list[tuple[str, str]]
) -> None:
    assert told(serve(content).post("/x", data=data, content_type=content_type)) == violations


@pytest.mark.parametrize("content_type", ["application/json; charset=us-ascii", "application/json; charset=utf-16"])
def test_json_that_is_not_in_its_charset_is_malformed(serve: Serve, content_type: str) -> None:
    response = serve({"application/json": {}}).post("/x", data=b'"\xff"', content_type=content_type)
    assert response.status_code == 400
    assert response.headers["X-Mock-Code"] == "malformed-body"


@pytest.mark.parametrize(("method", "name"), [("post", "Accept-Post"), ("patch", "Accept-Patch"), ("put", None)])
def test_a_415_says_what_is_taken(serve: Serve, method: str, name: str | None) -> None:
    client = serve({"application/json": {}, "text/*": {}}, method)
    response = client.open("/x", method=method.upper(), data=b"x", content_type="image/png")
    assert response.status_code == 415
    assert response.headers["Accept"] == "application/json, text/*"
    others = {item: response.headers[item] for item in ("Accept-Post", "Accept-Patch") if item in response.headers}
    assert others == ({name: "application/json, text/*"} if name else {})


CHARSETS = ["utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize(
    "charset", ["punycode", "klingon", "idna", "utf-7", "rot13", "base64", "zlib", "unicode_escape", "''"]
)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_a_charset_that_http_does_not_use_is_415_with_those_that_are_supported(
    serve: Serve, media_type: str, charset: str
) -> None:
    client = serve({"application/json": {}, "text/plain": {"schema": {"type": "string"}}})
    response = client.post("/x", data=b"1", content_type=f"{media_type}; charset={charset}")
    assert response.status_code == 415
    assert response.headers["X-Mock-Code"] == "unsupported-charset"
    assert response.get_json(force=True)["available"] == CHARSETS


def test_a_part_in_a_charset_that_http_does_not_use_is_415(serve: Serve) -> None:
    part = named("name", "", "Content-Type: text/plain; charset=punycode"), b"Rex"
    response = serve({MULTIPART: {"schema": PET}}).post("/x", **multipart(part))
    assert response.status_code == 415
    assert response.headers["X-Mock-Code"] == "unsupported-charset"


@pytest.mark.parametrize(
    "charset", ["UTF-8", "utf8", '"utf-8"', "ISO_8859-1", "latin1", "Windows-1252", "cp1252", "ISO-8859-15"]
)
def test_a_charset_has_its_usual_names(serve: Serve, charset: str) -> None:
    client = serve({"text/plain": {"schema": {"const": "é"}}})
    data = "é".encode("utf-8" if "8" in charset and "utf" in charset.lower() else "latin-1")
    assert told(client.post("/x", data=data, content_type=f"text/plain; charset={charset}")) == []


def test_an_unknown_coding_is_415_with_the_codings_that_are_decoded(serve: Serve) -> None:
    headers = {"Content-Encoding": "gzip, br"}
    response = serve({"application/json": {}}).post("/x", data=b"x", content_type="application/json", headers=headers)
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "gzip, deflate"
    assert response.json["available"] == ["gzip", "deflate"]
    assert "Accept" not in response.headers


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
        ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    ],
)
def test_a_compressed_body_is_validated_and_logged_as_it_was_before(
    serve: Serve, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    client = serve({"application/json": {"schema": PET}})
    for body, missing in (({"name": "Rex"}, []), ({}, [("", "required")])):
        data = compress(json.dumps(body).encode())
        headers = {"Content-Encoding": coding}
        assert told(client.post("/x", data=data, content_type="application/json", headers=headers)) == missing
        entry = client.get("/__mock/requests?limit=1").json["requests"][0]
        assert entry["request"]["body"] == body


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"{}", 400, "malformed-body"),
        (gzip.compress(b"{}", mtime=0)[:-1], 400, "malformed-body"),
        (gzip.compress(b" " * 2_000, mtime=0), 413, "body-too-large"),
    ],
    ids=["of no coding", "cut short", "a bomb"],
)
def test_a_body_that_cannot_be_decompressed_is_refused(tmp_path: Path, data: bytes, status: int, code: str) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document({"application/json": {}})))
    client = create_app(load_contract(tmp_path / "api.json"), body_limit=1_000).test_client()
    response = client.post("/x", data=data, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.json["code"]) == (status, code)


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_a_body_that_the_operation_ignores_may_have_any_coding(tmp_path: Path, coding: str) -> None:
    api = document({"application/json": {}})
    del api["paths"]["/x"]["post"]["requestBody"]
    (tmp_path / "api.json").write_text(json.dumps(api))
    client = create_app(load_contract(tmp_path / "api.json")).test_client()
    response = client.post("/x", data=b"x", content_type="text/plain", headers={"Content-Encoding": coding})
    assert response.headers.get("X-Mock-Code") is None
    assert client.get("/__mock/requests?limit=1").json["requests"][0]["request"]["body"] == "x"


def test_a_body_has_few_codings(serve: Serve) -> None:
    data, client = b"{}", serve({"application/json": {}})
    codes = []
    for number in range(1, 8):
        data, headers = zlib.compress(data), {"Content-Encoding": ", ".join(["deflate"] * number)}
        response = client.post("/x", data=data, content_type="application/json", headers=headers)
        codes.append(response.headers.get("X-Mock-Code"))
    assert codes == [None] * 5 + ["malformed-body"] * 2


def test_a_body_that_is_not_required_may_be_left_out(serve: Serve) -> None:
    client = serve({"application/json": {"schema": PET}, FORM: {"schema": PET}}, required=False)
    assert client.post("/x").status_code == 204
    assert client.post("/x", data=b"", content_type=FORM).status_code == 204
    assert told(client.post("/x", json={})) == [("", "required")]


def test_an_empty_file_is_a_body(serve: Serve) -> None:
    client = serve({"application/octet-stream": {}})
    assert client.post("/x", data=b"", content_type="application/octet-stream").status_code == 204
    assert told(client.post("/x")) == [("", "required")]


OWNED = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string"},
        "nick": {"type": "string", "deprecated": True},
        "inner": {"$ref": "#/components/schemas/Inner"},
    },
}
INNER = {
    "allOf": [
        {"type": "object", "properties": {"at": {"$ref": "#/components/schemas/At"}}},
        {"required": ["at", "to"], "properties": {"to": {"type": "integer"}}},
    ]
}


@pytest.fixture
def owned(tmp_path: Path) -> FlaskClient:
    written = document({"application/json": {"schema": {"$ref": "#/components/schemas/Owned"}}})
    written["components"] = {"schemas": {"Owned": OWNED, "Inner": INNER, "At": {"type": "string", "readOnly": True}}}
    written["paths"]["/x"]["get"] = {
        "deprecated": True,
        "parameters": [{"name": "old", "in": "query", "deprecated": True, "schema": {}}],
        "responses": {
            "200": {
                "description": "ok",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Owned"}}},
            }
        },
    }
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(written))
    return create_app(file).test_client(use_cookies=False)


def test_what_is_read_only_is_not_demanded_of_a_request_but_of_an_answer(owned: FlaskClient) -> None:
    assert told(owned.post("/x", json={"name": "a", "inner": {"to": 1}})) == []
    assert sorted(told(owned.post("/x", json={"inner": {}}))) == [("", "required"), ("/inner", "required")]
    assert "id" in owned.get("/x").get_json()


def test_what_is_read_only_may_be_sent_and_the_journal_says_so(owned: FlaskClient) -> None:
    assert told(owned.post("/x", json={"name": "a", "id": "1", "nick": "b", "inner": {"at": "c", "to": 1}})) == []
    note = owned.get("/__mock/requests").get_json()["requests"][0]["note"]
    assert sorted(note.split("; ")) == [
        '"/id" of the body is readOnly and should not be sent by clients',
        '"/inner/at" of the body is readOnly and should not be sent by clients',
        '"/nick" of the body is deprecated',
    ]
    assert told(owned.post("/x", json={"name": "a", "id": 1})) == [("/id", "type")]


def test_a_deprecated_operation_responds_as_usual_with_a_notice(owned: FlaskClient) -> None:
    response = owned.get("/x?old=1")
    assert response.status_code == 200
    assert "Deprecation" not in response.headers
    note = owned.get("/__mock/requests").get_json()["requests"][0]["note"]
    assert note == 'the operation GET /x is deprecated; the query parameter "old" is deprecated'


def test_what_the_server_owns_stays_when_a_client_sends_it_back(make_contract: Any) -> None:
    def own(files: dict[str, Any]) -> None:
        for name in ("id", "status", "updated_at"):
            files["schemas/job.json"]["properties"][name]["readOnly"] = True

    client = create_app(make_contract(own)).test_client()
    job = client.get("/jobs/a").get_json()
    changed = {**job, "id": "z", "status": "done", "updated_at": "2020-01-01T00:00:00.000Z", "note": "hi"}
    for method in ("PUT", "PATCH"):
        after = client.open("/jobs/a", method=method, json=changed).get_json()
        assert {**after, "updated_at": ""} == {**job, "updated_at": "", "note": "hi"}
        assert after["updated_at"] > job["updated_at"]
    created = client.post("/jobs", json=changed).get_json()
    assert created["id"] != "z"
    assert created["status"] == "queued"
    assert created["note"] == "hi"


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"1\n{\n", "item 2 of the sequence is not JSON: "),
        (b"1\n" * 100_001, "it has more than 100,000 items"),
    ],
)
def test_lines_that_are_not_json_are_malformed(serve: Serve, data: bytes, detail: str) -> None:
    response = serve({"application/jsonl": {"itemSchema": {"type": "integer"}}}).post(
        "/x", data=data, content_type="application/jsonl"
    )
    assert response.status_code == 400
    assert response.get_json()["detail"].startswith(f"The request body cannot be read: {detail}")


def test_of_many_invalid_lines_the_first_are_listed(serve: Serve) -> None:
    client = serve({"application/jsonl": {"itemSchema": {"type": "integer"}}})
    response = client.post("/x", data=b"null\n" * 50, content_type="application/jsonl")
    assert told(response) == [(f"/{number}", "type") for number in range(20)] + [("", "more")]


@pytest.mark.parametrize(
    ("media_type", "schema", "data", "violations"),
    [
        ("*/*", {}, b"\x00\xff", []),
        ("application/*", {"type": "string", "maxLength": 2}, b"{a}", [("", "maxLength")]),
        ("*/*", PET, b'{"name": "R"}', [("/name", "minLength")]),
        ("*/*", {"type": "string", "maxLength": 2}, b'"abc"', [("", "maxLength")]),
        ("application/octet-stream", {"type": "string", "maxLength": 2}, b"\x00\xff", []),
    ],
)
def test_a_body_without_a_content_type_is_what_it_looks_like(
    serve: Serve, media_type: str, schema: dict[str, Any], data: bytes, violations: list[tuple[str, str]]
) -> None:
    assert told(serve({media_type: {"schema": schema}}).post("/x", data=data)) == violations


def test_a_body_without_a_content_type_is_json_where_the_schema_allows_no_text(serve: Serve) -> None:
    response = serve({"*/*": {"schema": PET}}).post("/x", data=b'{"name": ')
    assert response.get_json()["code"] == "malformed-body"
