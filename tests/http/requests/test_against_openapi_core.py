"""Requests judged by openapi-core as well: one verdict and the same values, save where the rules below say why not."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from mockserver import create_app
from mockserver.http.messages import join_headers
from mockserver.http.pipeline import prepare
from mockserver.http.request.addressing import build_request

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
Document = dict[str, Any]
# Its check of the document takes most of the time, and ours has been through it.
UNCHECKED = Config(spec_validator_cls=None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Sent:
    """A request, as the text that goes over the wire."""

    path: str = "/x/0"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()
    body: bytes | None = None
    kind: str | None = None


def document(
    parameters: list[dict[str, Any]], *, components: dict[str, Any] | None = None, **operation: Any
) -> Document:
    number = {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
    in_path = [item for item in parameters if item["in"] == "path"]
    item = {"operationId": "one", "parameters": parameters + ([] if in_path else [number]), **operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Two readers", "version": "1"},
        "paths": {
            "/x/{p}" if in_path else "/x/{n}": {"post": {**item, "responses": {"204": {"description": "ok"}}}},
        },
        **({"components": components} if components else {}),
    }


def environ(sent: Sent) -> dict[str, Any]:
    headers = [*sent.headers, *([("Cookie", "; ".join(sent.cookies))] if sent.cookies else [])]
    target = sent.path + (f"?{sent.query}" if sent.query else "")
    created = EnvironBuilder(target, method="POST", headers=headers, data=sent.body, content_type=sent.kind)
    return {**created.get_environ(), "RAW_URI": target}


def ours(written: Document, sent: Sent) -> tuple[bool, Any]:
    """Our verdict, and the values by location and name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(json.dumps(written))
        app = create_app(file, serve_pages=False)
    environment = environ(sent)
    response = app.test_client(use_cookies=False).open(environ_overrides=environment, method="POST")
    assert response.status_code in (204, 422, 400, 401), response.text
    headers = join_headers(
        (name.removeprefix("HTTP_"), value)
        for name, value in environment.items()
        if name.startswith(("HTTP_", "CONTENT_TYPE"))
    )
    request = build_request("POST", environment["RAW_URI"], headers, environment["wsgi.input"].getvalue())
    call = prepare(app.extensions["mockserver"], request).call
    if call is None:
        return response.status_code == 204, None
    # Without the members of an object that are sent as parameters of their own.
    (path,) = written["paths"].values()
    declared = {parameter["name"] for parameter in path["post"]["parameters"]}
    query = {name: value for name, value in call.query.items() if name in declared}
    values = {"path": call.path, "query": query, "header": call.headers, "cookie": call.cookies}
    return response.status_code == 204, (values, call.body)


def theirs(written: Document, sent: Sent) -> tuple[bool, Any]:
    """openapi-core's verdict, and the values by location and name."""
    result = OpenAPI.from_dict(written, config=UNCHECKED).unmarshal_request(
        WerkzeugOpenAPIRequest(Request(environ(sent)))
    )
    read = result.parameters
    by_location = {name: dict(getattr(read, name)) for name in ("path", "query", "header", "cookie")}
    return not result.errors, (by_location, result.body)


def agree(written: Document, sent: Sent) -> None:
    (valid, values), (also_valid, others) = ours(written, sent), theirs(written, sent)
    assert valid == also_valid, (values, others)
    if valid:
        assert values == others


# No delimiter of a style in it: what that means is a rule of its own, below.
TEXT = st.text("abzé &/?#%+'\"", min_size=1, max_size=4).filter(lambda text: text == text.strip())
SCALARS: dict[str, tuple[st.SearchStrategy[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "integer": (
        st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-3, 3), "maximum": st.integers(-3, 3)}),
        st.integers(-5, 5),
    ),
    "number": (
        st.fixed_dictionaries({"type": st.just("number")}, optional={"exclusiveMinimum": st.integers(-3, 3)}),
        st.integers(-50, 50).map(lambda number: number / 8),
    ),
    "boolean": (st.just({"type": "boolean"}), st.booleans()),
    "string": (
        st.fixed_dictionaries({"type": st.just("string")}, optional={"maxLength": st.integers(1, 4), "pattern": st.just("^[ab]")}),
        TEXT,
    ),
}  # fmt: skip
WAYS = [
    ("path", "simple", False), ("path", "simple", True),
    ("query", "form", False), ("query", "form", True), ("query", "pipeDelimited", False), ("query", "deepObject", True),
    ("header", "simple", False), ("cookie", "form", False),
]  # fmt: skip


def plainly(text: str) -> str:
    """Without what openapi-core does not get through: WSGI decodes a path, and it does not decode cookies."""
    return text.translate(dict.fromkeys(map(ord, "/?#%&+ é\"'"), "a"))


ENCODERS: dict[str, Callable[[str], str]] = {
    "path": plainly,
    "query": quote_plus,
    "header": lambda text: text.replace('"', "'"),
    "cookie": plainly,
}


def written_scalar(value: Any) -> str:
    return json.dumps(value) if not isinstance(value, str) else value


@st.composite
def scalars(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A schema, and a value that may keep it."""
    kind = draw(st.sampled_from(sorted(SCALARS)))
    schema = draw(SCALARS[kind][0])
    other = draw(st.integers(0, 9)) == 0
    return schema, draw(TEXT if other else SCALARS[kind][1])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, Sent]:
    """One parameter in one style, and a request that brings it, or does not."""
    location, style, explode = draw(st.sampled_from(WAYS))
    kinds = ["scalar", "array", "object"]
    if style in ("deepObject", "pipeDelimited"):
        kinds = ["object"] if style == "deepObject" else ["array"]
    elif (location, style, explode) == ("query", "form", True):
        kinds = ["scalar", "array"]
    kind = draw(st.sampled_from(kinds))
    encode = ENCODERS[location]
    schema, value = draw(scalars())
    pieces: list[str]
    if kind == "scalar":
        pieces = [encode(written_scalar(value))]
    elif kind == "array":
        values = [value, *(draw(SCALARS[schema["type"]][1]) for _ in range(draw(st.integers(0, 2))))]
        schema = {"type": "array", "items": schema, **({"maxItems": 2} if draw(st.booleans()) else {})}
        pieces = [encode(written_scalar(item)) for item in values]
    else:
        second, other = draw(scalars())
        schema = {"type": "object", "required": ["a"], "properties": {"a": schema, "b": second}}
        pairs = [("a", encode(written_scalar(value))), ("b", encode(written_scalar(other)))][draw(st.integers(0, 1)) :]
        if style == "deepObject":
            pieces = [f"p[{name}]={text}" for name, text in pairs]
        else:
            pieces = (
                [f"{name}={text}" for name, text in pairs] if explode else [text for pair in pairs for text in pair]
            )
    parameter = {"name": "p", "in": location, "style": style, "explode": explode, "schema": schema}
    parameter["required"] = location == "path" or draw(st.booleans())
    if location != "path" and draw(st.integers(0, 9)) == 0:
        return document([parameter]), Sent()
    joined = {"pipeDelimited": "%7C"}.get(style, ",").join(pieces)
    if location == "path":
        return document([parameter]), Sent(path=f"/x/{joined}")
    if location == "header":
        return document([parameter]), Sent(headers=(("p", joined.encode().decode("latin-1")),))
    if location == "cookie":
        return document([parameter]), Sent(cookies=(f"p={joined}",))
    if style == "deepObject":
        return document([parameter]), Sent(query="&".join(pieces))
    return document([parameter]), Sent(query="&".join(f"p={item}" for item in pieces) if explode else f"p={joined}")


@given(cases())
def test_both_read_and_judge_a_parameter_alike(case: tuple[Document, Sent]) -> None:
    agree(*case)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Document, Sent]:
    """An object with scalar and array members, as JSON or as a form."""
    members = {name: draw(scalars()) for name in draw(st.sets(st.sampled_from("abc"), min_size=1))}
    properties: dict[str, Any] = {name: schema for name, (schema, _) in members.items()}
    value: dict[str, Any] = {name: item for name, (_, item) in members.items() if draw(st.integers(0, 3))}
    for name in value:
        if draw(st.booleans()):
            properties[name] = {"type": "array", "items": properties[name], "maxItems": 2}
            value[name] = [value[name]] * draw(st.integers(1, 3))
    schema = {"type": "object", "required": draw(st.sets(st.sampled_from(sorted(members)))), "properties": properties}
    schema["required"] = sorted(schema["required"])
    kind = draw(st.sampled_from([JSON, FORM])) if value else JSON
    written = document([], requestBody={"required": True, "content": {kind: {"schema": schema}}})
    if kind == JSON:
        return written, Sent(body=json.dumps(value).encode(), kind=kind)
    fields = [(name, item) for name, some in value.items() for item in (some if isinstance(some, list) else [some])]
    text = "&".join(f"{name}={quote_plus(written_scalar(item))}" for name, item in fields)
    return written, Sent(body=text.encode(), kind=kind)


@given(bodies())
def test_both_read_and_judge_a_body_alike(case: tuple[Document, Sent]) -> None:
    agree(*case)


SCHEMES = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "word": {"type": "apiKey", "in": "query", "name": "word"},
    "biscuit": {"type": "apiKey", "in": "cookie", "name": "sid"},
}
WAYS_IN: st.SearchStrategy[list[dict[str, list[str]]]] = st.lists(
    st.dictionaries(st.sampled_from(sorted(SCHEMES)), st.builds(list[str]), max_size=2), max_size=3
)


@given(WAYS_IN, st.sampled_from(["", "Basic eDp5", "Bearer x"]), st.booleans(), st.booleans(), st.booleans())
def test_both_ask_for_credentials_alike(
    security: Any, authorization: str, key: bool, word: bool, biscuit: bool
) -> None:
    written = document([], security=security, components={"securitySchemes": SCHEMES})
    headers = [("Authorization", authorization)] * bool(authorization) + [("X-Key", "x")] * key
    sent = Sent(query="word=x" if word else "", headers=tuple(headers), cookies=("sid=x",) if biscuit else ())
    assert ours(written, sent)[0] == theirs(written, sent)[0]


@pytest.mark.parametrize(
    ("rule", "schema", "more", "query", "own", "other"),
    [
        ("a number is written as JSON has it: a server that is stricter than Python would refuse it", {"type": "integer"}, {}, "p=007", None, 7),
        ("nor does white space belong to it", {"type": "integer"}, {}, "p=+5", None, 5),
        ("nor underscores", {"type": "integer"}, {}, "p=1_0", None, 10),
        ("infinity is no JSON number", {"type": "number"}, {}, "p=inf", None, float("inf")),
        ("a boolean is true or false", {"type": "boolean"}, {}, "p=True", None, True),
        ("an encoded delimiter is part of the value (RFC 6570, section 3.2.8)", {"type": "array", "items": {"type": "string"}}, {"explode": False}, "p=a%2Cb", ["a,b"], ["a", "b"]),
        ("of several readings the one counts that is valid", {"anyOf": [{"type": "integer", "minimum": 9}, {"type": "string"}]}, {}, "p=5", "5", None),
        ("an exploded object's members are parameters of their own (OpenAPI 3.1, section 4.8.12)", {"type": "object", "properties": {"a": {"type": "integer"}}}, {}, "a=5", {"a": 5}, None),
        ("a space delimits, encoded as it must be", {"type": "array", "items": {"type": "integer"}}, {"style": "spaceDelimited", "explode": False}, "p=5%206", [5, 6], None),
        ("arrays within deep objects are taken as clients send them", {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}, {"style": "deepObject"}, "p[a][]=1&p[a][]=2", {"a": [1, 2]}, None),
    ],
)  # fmt: skip
def test_they_differ_on_purpose(rule: str, schema: Any, more: Any, query: str, own: Any, other: Any) -> None:
    written = document([{"name": "p", "in": "query", "required": True, "schema": schema, **more}])
    for (valid, values), expected in (
        (ours(written, Sent(query=query)), own),
        (theirs(written, Sent(query=query)), other),
    ):
        assert (values[0]["query"]["p"] if valid else None) == expected, rule


def test_an_object_in_a_form_is_json_by_default() -> None:
    """openapi-core casts no text to an object; OpenAPI 3.1, section 4.8.15.1.1, has it be JSON."""
    schema = {"type": "object", "properties": {"a": {"type": "object"}}}
    written = document([], requestBody={"content": {FORM: {"schema": schema}}})
    sent = Sent(body=b"a=%7B%22b%22%3A1%7D", kind=FORM)
    assert ours(written, sent)[0] is True
    assert theirs(written, sent)[0] is False
