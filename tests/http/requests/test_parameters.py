"""Parameters over HTTP, in every style; what is read shows in what a schema says that refuses all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import load_contract
from mockserver.http.pipeline import prepare
from mockserver.http.request.addressing import build_request
from tests.conftest import Serve

COLOR = {"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}}}
PATTERNS = {
    "type": "object",
    "patternProperties": {
        "^s": {"type": "string"},
        "^n": {"type": "integer"},
        "^l": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
TUPLE = {
    "type": "array",
    "prefixItems": [{"type": "string"}, {"type": "integer"}],
    "items": {"type": "boolean"},
}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
TEXTS = {"type": "array", "items": {"type": "string"}}


def bare(path: str = "/x", method: str = "get", **operation: Any) -> dict[str, Any]:
    """A document with one operation."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "One", "version": "1"},
        "paths": {path: {method: {"operationId": "one", "responses": {"204": {"description": "ok"}}, **operation}}},
    }


def read(serve: Serve, parameter: dict[str, Any], target: str, **sent: Any) -> Any:
    """What the parameter is read as."""
    name = "{p}" if parameter["in"] == "path" else ""
    client = serve(bare(f"/x/{name}", parameters=[{"name": "p", "required": True, **parameter}]))
    assert client.get(target, **sent).status_code == 204
    request = build_request("GET", target, sent.get("headers", {}))
    call = prepare(client.application.extensions["mockserver"], request).call
    assert call is not None
    values = {"path": call.path, "query": call.query, "header": call.headers, "cookie": call.cookies}
    return values[parameter["in"]]["p"]


@pytest.mark.parametrize(
    ("parameter", "text", "expected"),
    [
        ({"schema": {"type": "integer"}}, "5", 5),
        ({"schema": TEXTS}, "a,b%2Cc,d%20e", ["a", "b,c", "d e"]),
        ({"schema": NUMBERS, "explode": True}, "1,2", [1, 2]),
        ({"schema": COLOR}, "R,100,G,200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "explode": True}, "R=100,G=200", {"R": 100, "G": 200}),
        ({"schema": {"type": "object", "additionalProperties": {"type": "string"}}, "explode": True}, "a%3Db=c%3Dd", {"a=b": "c=d"}),
        ({"schema": {"type": "integer"}, "style": "label"}, ".5", 5),
        ({"schema": NUMBERS, "style": "label"}, ".3,4,5", [3, 4, 5]),
        ({"schema": NUMBERS, "style": "label"}, ".3.4.5", [3, 4, 5]),
        ({"schema": NUMBERS, "style": "label", "explode": True}, ".3.4.5", [3, 4, 5]),
        ({"schema": COLOR, "style": "label"}, ".R,100,G,200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "style": "label", "explode": True}, ".R=100.G=200", {"R": 100, "G": 200}),
        ({"schema": {"type": "integer"}, "style": "matrix"}, ";p=5", 5),
        ({"schema": {"type": "string"}, "style": "matrix"}, ";p", ""),
        ({"schema": NUMBERS, "style": "matrix"}, ";p=3,4,5", [3, 4, 5]),
        ({"schema": NUMBERS, "style": "matrix", "explode": True}, ";p=3;p=4;p=5", [3, 4, 5]),
        ({"schema": TEXTS, "style": "matrix", "explode": True}, ";p=a%3Bb;p=%25", ["a;b", "%"]),
        ({"schema": COLOR, "style": "matrix"}, ";p=R,100,G,200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "style": "matrix", "explode": True}, ";R=100;G=200", {"R": 100, "G": 200}),
    ],
)  # fmt: skip
def test_a_path_parameter_is_read_by_its_style(
    serve: Serve, parameter: dict[str, Any], text: str, expected: Any
) -> None:
    assert read(serve, {"in": "path", **parameter}, f"/x/{text}") == expected


@pytest.mark.parametrize(
    ("parameter", "text", "expected"),
    [
        ({"schema": {"type": "string"}}, "p=a%26b+c%2Bd", "a&b c+d"),
        ({"schema": NUMBERS}, "p=1&p=2", [1, 2]),
        ({"schema": NUMBERS}, "p=1", [1]),
        ({"schema": TEXTS, "explode": False}, "p=a,b%2Cc", ["a", "b,c"]),
        ({"schema": NUMBERS, "explode": False}, "p=1%2C2", [1, 2]),
        ({"schema": NUMBERS, "explode": False}, "p=", []),
        ({"schema": TEXTS, "style": "spaceDelimited", "explode": False}, "p=a%20b+c", ["a", "b", "c"]),
        ({"schema": TEXTS, "style": "pipeDelimited", "explode": False}, "p=a|b%7Cc%2Cd", ["a", "b", "c,d"]),
        ({"schema": NUMBERS, "style": "pipeDelimited", "explode": True}, "p=1&p=2", [1, 2]),
        ({"schema": COLOR, "explode": False}, "p=R,100,G,200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "style": "spaceDelimited", "explode": False}, "p=R%20100%20G%20200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "style": "pipeDelimited", "explode": False}, "p=R%7C100%7CG%7C200", {"R": 100, "G": 200}),
        ({"schema": COLOR}, "R=100&G=200&other=1", {"R": 100, "G": 200}),
        ({"schema": {"type": "object", "additionalProperties": {"type": "integer"}}}, "a=1&b=2&__own=3", {"a": 1, "b": 2}),
        ({"schema": COLOR, "style": "deepObject"}, "p[R]=100&p%5BG%5D=200&R=1", {"R": 100, "G": 200}),
        ({"schema": PATTERNS, "style": "deepObject"}, "p[s1]=5&p[n1]=5&p[l1]=5", {"s1": "5", "n1": 5, "l1": ["5"]}),
        ({"schema": TUPLE}, "p=5&p=6&p=true", ["5", 6, True]),
        ({"schema": TUPLE, "explode": False}, "p=5,6", ["5", 6]),
        ({"schema": {"type": "object", "properties": {"a": TUPLE}}, "style": "deepObject"}, "p[a][]=5&p[a][]=6", {"a": ["5", 6]}),
        ({"schema": {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer", "minimum": 9}, {"type": "string"}]}}}, "style": "deepObject"}, "p[a]=5", {"a": "5"}),
        ({"schema": PATTERNS}, "s1=5&n1=5&l1=5", {"s1": "5", "n1": 5, "l1": ["5"]}),
        ({"schema": {"type": "object", "properties": {"a": NUMBERS, "b": COLOR}}, "style": "deepObject"}, "p[a][]=1&p[a][]=2&p[b][R]=3", {"a": [1, 2], "b": {"R": 3}}),
        ({"schema": {"type": "object", "properties": {"a": NUMBERS}}, "style": "deepObject"}, "p[a][10]=2&p[a][9]=1", {"a": [1, 2]}),
        ({"schema": {"type": "object", "properties": {"a": NUMBERS}}, "style": "deepObject"}, "p[a]=1&p[a]=2", {"a": [1, 2]}),
        ({"schema": {"anyOf": [{"type": "integer", "minimum": 9}, {"type": "string", "maxLength": 1}]}}, "p=5", "5"),
        ({"schema": {"type": ["integer", "null"]}}, "p=", None),
        ({"schema": {"type": ["string", "null"], "enum": ["a", None]}}, "p=", None),
        ({"schema": {"type": ["string", "null"], "enum": ["a", None]}}, "p=null", None),
        ({"schema": {"type": ["string", "null"]}}, "p=null", "null"),
        ({"schema": {"oneOf": [{"type": "integer"}, NUMBERS]}}, "p=5", 5),
        ({"schema": {"oneOf": [{"type": "integer"}, NUMBERS]}}, "p=5&p=6", [5, 6]),
        ({"schema": {}}, "p=true", True),
    ],
)  # fmt: skip
def test_a_query_parameter_is_read_by_its_style(
    serve: Serve, parameter: dict[str, Any], text: str, expected: Any
) -> None:
    assert read(serve, {"in": "query", **parameter}, f"/x/?{text}") == expected


@pytest.mark.parametrize(
    ("parameter", "text", "expected"),
    [
        ({"schema": NUMBERS}, "1, 2,3", [1, 2, 3]),
        ({"schema": {"type": "string"}}, "a, b%2C", "a, b%2C"),
        ({"schema": COLOR}, "R, 100, G, 200", {"R": 100, "G": 200}),
        ({"schema": COLOR, "explode": True}, "R=100, G=200", {"R": 100, "G": 200}),
        ({"schema": {"type": "string", "maxLength": 3}}, "ZoÃ«", "Zoë"),
        ({"schema": {"type": "string", "maxLength": 3}}, "Zo\xeb", "Zoë"),
    ],
)
def test_a_header_parameter_is_read_by_its_style(
    serve: Serve, parameter: dict[str, Any], text: str, expected: Any
) -> None:
    assert read(serve, {"in": "header", **parameter}, "/x/", headers={"P": text}) == expected


@pytest.mark.parametrize(
    ("parameter", "text", "expected"),
    [
        ({"schema": {"type": "string"}}, "p=a%20b", "a b"),
        ({"schema": NUMBERS, "explode": False}, "p=1,2", [1, 2]),
        ({"schema": NUMBERS}, "p=1; p=2", [1, 2]),
        ({"schema": NUMBERS}, "p=1&p=2", [1, 2]),
        ({"schema": COLOR, "explode": False}, "p=R,100,G,200", {"R": 100, "G": 200}),
        ({"schema": COLOR}, "R=100; G=200", {"R": 100, "G": 200}),
        ({"schema": {"type": "string"}, "style": "cookie"}, "p=a%20b", "a%20b"),
        ({"schema": NUMBERS, "style": "cookie"}, "p=1; p=2", [1, 2]),
        ({"schema": TEXTS, "style": "cookie"}, "p=a&b; p=c", ["a&b", "c"]),
        ({"schema": NUMBERS, "style": "cookie", "explode": False}, "p=1,2", [1, 2]),
        ({"schema": COLOR, "style": "cookie"}, "R=100; G=200", {"R": 100, "G": 200}),
        ({"schema": {"type": "string"}}, "p=Ada Lovelace, UK; q=1", "Ada Lovelace, UK"),
        ({"content": {"application/json": {"schema": COLOR}}}, 'p={"R": 1, "G": 2}; q=1', {"R": 1, "G": 2}),
    ],
)
def test_a_cookie_parameter_is_read_by_its_style(
    serve: Serve, parameter: dict[str, Any], text: str, expected: Any
) -> None:
    assert read(serve, {"in": "cookie", **parameter}, "/x/", headers={"Cookie": text}) == expected


def violations(client: FlaskClient, target: str, **request: Any) -> list[tuple[str, str, str, str]]:
    reported = client.get(target, **request).get_json(force=True)["violations"]
    return [(item["location"], item["name"], item["keyword"], item["message"]) for item in reported]


@pytest.mark.parametrize(
    ("parameter", "target", "violation"),
    [
        ({"in": "path", "style": "label", "schema": {"type": "string"}}, "/x/blue", ("style", '"blue" does not begin with ".", as the style label requires')),
        ({"in": "path", "style": "matrix", "schema": NUMBERS}, "/x/;q=1", ("style", '";q=1" does not begin with ";p=", as the style matrix requires')),
        ({"in": "path", "style": "matrix", "explode": True, "schema": COLOR}, "/x/;R=a;G=2", ("type", '"a" is not of type integer')),
        ({"in": "query", "schema": NUMBERS}, "/x/?p=1,2", ("style", '"1,2" is one item: several are sent as p=a&p=b')),
        ({"in": "query", "schema": NUMBERS}, "/x/?p=1%2C2", ("style", '"1,2" is one item: several are sent as p=a&p=b')),
        ({"in": "query", "schema": NUMBERS}, "/x/?p=1,b", ("type", '"1,b" is not of type integer')),
        ({"in": "query", "schema": NUMBERS}, "/x/?p[]=1&p[]=2", ("required", 'the query parameter "p" is required and missing; p[] was sent, but an array is sent as p=a&p=b')),
        ({"in": "query", "schema": {"type": "string"}}, "/x/?p[]=1", ("required", 'the query parameter "p" is required and missing')),
        ({"in": "query", "schema": COLOR, "explode": False}, "/x/?p=R,100,G", ("type", '"R,100,G" is not of type object')),
        ({"in": "query", "schema": NUMBERS}, "/x/?p=1&p=b", ("type", '"b" is not of type integer')),
        ({"in": "query", "schema": COLOR, "style": "deepObject"}, "/x/?p[R]=red", ("type", '"red" is not of type integer')),
        ({"in": "query", "schema": {"type": "object"}, "style": "deepObject"}, "/x/?p[a]=1&p[a][b]=2", ("style", '"a" is both a value and an object')),
        ({"in": "query", "schema": {"type": "object"}, "style": "deepObject"}, "/x/?p" + "[a]" * 30 + "=1", ("style", "nested deeper than 20 levels")),
        ({"in": "query", "content": {"application/json": {"schema": NUMBERS}}}, "/x/?p=[1,", ("content", '"[1," is not valid JSON: expecting value at line 1 column 4')),
        ({"in": "query", "content": {"application/json": {"schema": NUMBERS}}}, "/x/?p=[1,%22a%22]", ("type", '"a" is not of type integer')),
        ({"in": "query", "schema": {"type": "boolean"}}, "/x/?p=", ("type", '"" is not of type boolean')),
        ({"in": "query", "schema": {"type": "integer", "format": "int32"}}, "/x/?p=2147483648", ("maximum", "2147483648 is greater than the maximum of 2147483647")),
        ({"in": "query", "schema": {"type": "integer", "format": "int64"}}, "/x/?p=-9223372036854775809", ("minimum", "-9223372036854775809 is less than the minimum of -9223372036854775808")),
        ({"in": "query", "schema": {"type": "integer"}}, "/x/?p=007", ("type", '"007" is not of type integer')),
    ],
)  # fmt: skip
def test_what_is_not_written_as_declared_is_refused_with_the_text_that_was_sent(
    serve: Serve, parameter: dict[str, Any], target: str, violation: tuple[str, str]
) -> None:
    name = "{p}" if parameter["in"] == "path" else ""
    client = serve(bare(f"/x/{name}", parameters=[{"name": "p", "required": True, **parameter}]))
    assert violations(client, target) == [(parameter["in"], "p", *violation)]


def test_all_violations_are_reported_at_once(serve: Serve) -> None:
    parameters = [
        {"name": "p", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "q", "in": "query", "schema": {"type": "boolean"}},
        {"name": "X-H", "in": "header", "schema": {"type": "integer"}},
        {"name": "c", "in": "cookie", "required": True, "schema": {"type": "string"}},
    ]
    content = {"application/json": {"schema": {"type": "array"}}}
    client = serve(bare("/x/{p}", "post", parameters=parameters, requestBody={"content": content}))
    response = client.post("/x/a?q=b", json={}, headers={"X-H": "c"})
    reported = response.get_json(force=True)["violations"]
    assert [(item["location"], item.get("name"), item["keyword"]) for item in reported] == [
        ("path", "p", "type"), ("query", "q", "type"), ("header", "X-H", "type"), ("cookie", "c", "required"), ("body", None, "type"),
    ]  # fmt: skip


def test_an_allowed_empty_parameter_is_not_validated(serve: Serve) -> None:
    client = serve(
        bare(parameters=[{"name": "p", "in": "query", "allowEmptyValue": True, "schema": {"type": "integer"}}])
    )
    assert [client.get(target).status_code for target in ("/x?p=", "/x?p", "/x?p=1", "/x?p=a")] == [204, 204, 204, 422]


def test_reserved_characters_are_read_as_they_are(serve: Serve) -> None:
    parameter = {"in": "query", "allowReserved": True, "schema": {"type": "string"}}
    assert read(serve, parameter, "/x/?p=a/b?c:@") == "a/b?c:@"


def test_a_path_may_hold_several_parameters_in_one_segment(serve: Serve) -> None:
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in "ab"]
    client = serve(bare("/x/{a}...{b}", parameters=parameters))
    assert client.get("/x/1...2").status_code == 204
    assert violations(client, "/x/1...z")[0][1] == "b"


def test_a_response_header_is_validated_by_its_schema_types(serve: Serve) -> None:
    header = {"schema": {"type": "array", "items": {"type": "integer"}, "minItems": 1}, "required": True}
    client = serve(bare(responses={"204": {"description": "ok", "headers": {"X-Numbers": header}}}))
    assert client.get("/x").status_code == 204


def test_a_parameter_with_an_invalid_style_for_its_location_is_reported_and_ignored(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(bare(parameters=[{"name": "p", "in": "header", "style": "label", "schema": {}}])))
    contract = load_contract(file)
    assert contract.operations["one"].parameters == ()
    assert [item.message for item in contract.warnings] == [
        '"label" is not a valid style of a header parameter; valid: simple'
    ]


@pytest.mark.parametrize(
    ("schema", "cookie", "value"),
    [
        ({"type": "string"}, "p=a; p=b", "a"),
        ({"type": "integer"}, "p=1; p=x", 1),
        ({"type": "string"}, "other=1; p=; p=b", ""),
        ({"type": "array", "items": {"type": "string"}}, "p=a; p=b", ["a", "b"]),
    ],
)
def test_of_a_cookie_that_comes_twice_the_first_counts(
    serve: Serve, schema: dict[str, Any], cookie: str, value: Any
) -> None:
    assert read(serve, {"in": "cookie", "schema": schema}, "/x/", headers={"Cookie": cookie}) == value


@pytest.mark.parametrize("explode", [{}, {"explode": False}, {"explode": True}])
@pytest.mark.parametrize(
    ("query", "status"), [("p=1", 422), ("p=a,1", 422), ("p", 422), ("p=", 422), ("p[a]=1", 204), ("", 204)]
)
def test_a_deep_object_is_sent_member_by_member(serve: Serve, explode: dict[str, Any], query: str, status: int) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    parameter = {"name": "p", "in": "query", "style": "deepObject", "schema": schema, **explode}
    client = serve(bare(parameters=[parameter]))
    assert client.get(f"/x?{query}").status_code == status


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"type": "number", "enum": [0, 1]}, ["0", "1", "1.0"], ["2", "x"]),
        ({"type": "number", "const": 5}, ["5"], ["6"]),
        ({"type": "integer", "enum": [1.0, 2.0]}, ["1", "2"], ["3"]),
        ({"enum": [0, 1.5, "x"]}, ["0", "1.5", "x"], ["2"]),
        ({"allOf": [{"type": "number"}, {"enum": [3]}]}, ["3"], ["4"]),
        ({"type": "array", "items": {"type": "number", "enum": [1, 2]}}, ["1", "2"], ["3"]),
    ],
)
def test_an_integer_is_a_number(serve: Serve, schema: dict[str, Any], valid: list[str], invalid: list[str]) -> None:
    client = serve(bare(parameters=[{"name": "p", "in": "query", "schema": schema}]))
    assert {text: client.get(f"/x?p={text}").status_code for text in valid + invalid} == {
        **dict.fromkeys(valid, 204), **dict.fromkeys(invalid, 422),
    }  # fmt: skip


@pytest.mark.parametrize("location", ["query", "header", "cookie"])
def test_a_parameter_without_a_schema_is_any_text(serve: Serve, location: str) -> None:
    client = serve(bare(parameters=[{"name": "p", "in": location, "required": True}]))
    sent = {"query": client.get("/x?p=1"), "header": client.get("/x", headers={"p": "1"}), "cookie": client.get("/x", headers={"Cookie": "p=1"})}  # fmt: skip
    assert client.get("/x").status_code == 422
    assert sent[location].status_code == 204


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"not": {"const": "bad"}}, ["good", "5"], ["bad"]),
        ({"not": {"enum": ["a", "b"]}}, ["c"], ["a", "b"]),
        ({"not": {"const": 5}}, ["6", "x"], ["5"]),
        ({"minLength": 3}, ["abc", "123"], ["ab", "12"]),
        ({"minimum": 10}, ["10"], ["9"]),
        ({"pattern": "^[0-9]+$"}, ["5"], ["x"]),
        ({}, ["a", "5", "a,b"], []),
    ],
)
@pytest.mark.parametrize("location", ["query", "header"])
def test_a_schema_without_a_type_is_about_text_too(
    serve: Serve, location: str, schema: dict[str, Any], valid: list[str], invalid: list[str]
) -> None:
    client = serve(bare(parameters=[{"name": "p", "in": location, "schema": schema}]))

    def status(text: str) -> int:
        if location == "query":
            return client.get(f"/x?p={text}").status_code
        return client.get("/x", headers={"p": text}).status_code

    assert {text: status(text) for text in valid + invalid} == {
        **dict.fromkeys(valid, 204), **dict.fromkeys(invalid, 422),
    }  # fmt: skip


QUERY_FORM = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": TEXTS}, "additionalProperties": False}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "schema", "target", "expected"),
    [
        ("application/x-www-form-urlencoded", QUERY_FORM, "/x/?a=1&b=x&b=y+z&__scenario=baseline", []),
        ("application/x-www-form-urlencoded", QUERY_FORM, "/x/?b=x", ["required"]),
        ("application/x-www-form-urlencoded", QUERY_FORM, "/x/?a=x&c=1", ["type", "additionalProperties"]),
        ("application/json", QUERY_FORM, "/x/?%7B%22a%22%3A1%7D", []),
        ("application/json", QUERY_FORM, "/x/?%7B%22a%22%3A%22+%22%7D", ["type"]),
        ("application/json", QUERY_FORM, "/x/?a=1", ["content"]),
        ("text/plain", {"type": "string", "maxLength": 3}, "/x/?a+b", []),
        ("text/plain", {"type": "string", "maxLength": 3}, "/x/?a%20bc", ["maxLength"]),
    ],
)
def test_the_whole_query_may_be_one_parameter(
    serve: Serve, kind: str, schema: dict[str, Any], target: str, expected: list[str]
) -> None:
    parameter = {"name": "q", "in": "querystring", "required": True, "content": {kind: {"schema": schema}}}
    client = serve(bare("/x/", parameters=[parameter]))
    response = client.get(target)
    reported = [] if response.status_code != 422 else response.get_json(force=True)["violations"]
    assert [(item["location"], item["name"], item["keyword"]) for item in reported] == [
        ("query", "q", keyword) for keyword in expected
    ]
    assert client.get("/x/").get_json(force=True)["violations"][0]["keyword"] == "required"


@pytest.mark.parametrize(("text", "hint"), [("2026-01-15T09:00:00+02:00", True), ("yesterday", False)])
def test_a_plus_that_is_a_space_is_explained(serve: Serve, text: str, hint: bool) -> None:
    at = {"name": "at", "in": "query", "schema": {"type": "string", "format": "date-time"}}
    client = serve(bare(parameters=[at]))
    (violation,) = client.get(f"/x?at={text}").get_json()["violations"]
    assert violation["message"].endswith('; a "+" in a query is a space, and "%2B" is a plus') is hint
