from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mockserver import Contract, load_contract
from mockserver.check.scenario_requests import ScenarioRequests
from mockserver.documents.nodes import Documents, Node
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http.pipeline import respond
from mockserver.openapi import parameter_decoding, parameter_encoding
from mockserver.openapi.model import ParameterStyle
from mockserver.schemas.shapes import Shape
from mockserver.web.services import create_service
from tests.openapi.test_parameter_styles import document


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    file = tmp_path_factory.mktemp("styles") / "openapi.json"
    file.write_text(json.dumps(document()))
    return load_contract(file)


def test_generated_requests_are_valid_in_every_style(styles: Contract) -> None:
    service = create_service(styles, Sandboxes(styles))
    scenario = ScenarioRequests(service, styles, styles.default_scenario)
    requests = [scenario.build(operation) for operation in styles.operations.values() if operation.method == "GET"]
    assert [request.target for request in requests if respond(service, request).status != 204] == []


ARRAY, OBJECT = ["blue", "black", "brown"], {"R": 100, "G": 200, "B": 150}


# The table of OpenAPI 3.1, section 4.8.12.4, and the deepObject that it leaves out for arrays.
@pytest.mark.parametrize(
    ("location", "style", "explode", "array", "members"),
    [
        ("path", "matrix", False, ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
        ("path", "matrix", True, ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
        ("path", "label", False, ".blue,black,brown", ".R,100,G,200,B,150"),
        ("path", "label", True, ".blue.black.brown", ".R=100.G=200.B=150"),
        ("path", "simple", False, "blue,black,brown", "R,100,G,200,B,150"),
        ("path", "simple", True, "blue,black,brown", "R=100,G=200,B=150"),
        ("header", "simple", False, "blue,black,brown", "R,100,G,200,B,150"),
        ("header", "simple", True, "blue,black,brown", "R=100,G=200,B=150"),
        ("query", "form", False, "color=blue,black,brown", "color=R,100,G,200,B,150"),
        ("query", "form", True, "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        ("query", "spaceDelimited", False, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
        ("query", "pipeDelimited", False, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
        ("query", "deepObject", True, "color%5B0%5D=blue&color%5B1%5D=black&color%5B2%5D=brown", "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ],
)  # fmt: skip
def test_arrays_and_objects_are_encoded_as_the_specification_shows(
    location: str, style: str, explode: bool, array: str, members: str
) -> None:
    encode = {
        "path": parameter_encoding.encode_path,
        "query": parameter_encoding.encode_query,
        "header": parameter_encoding.encode_header,
    }[location]
    notation = ParameterStyle("color", location, style, explode, Shape())
    assert encode(notation, ARRAY) == array
    assert encode(notation, OBJECT) == members


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ("matrix", {"city": "", "zip": "1;2"}, ";city;zip=1%3B2"),
        ("label", {"scale": "1.5", "unit": "m.s"}, ".scale=1.5.unit=m.s"),
        ("label", {"dot": ".", "after": "x"}, ".dot=..after=x"),
        ("simple", {"comma": ",", "equals": "="}, "comma=%2C,equals=%3D"),
    ],
)
def test_an_object_in_a_path_is_written_and_read_alike(style: str, value: dict[str, str], text: str) -> None:
    types = Node(Documents(), "", "", {"type": "object", "additionalProperties": {"type": "string"}})
    notation = ParameterStyle("place", "path", style, True, Shape.from_schema(types))
    assert parameter_encoding.encode_path(notation, value) == text
    assert parameter_decoding.decode_field(notation, [text], unquote) == value


def test_an_empty_value_in_the_style_matrix_is_its_name_alone() -> None:
    notation = ParameterStyle("place", "path", "matrix", False, Shape())
    assert parameter_encoding.encode_path(notation, "") == ";place"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (" a\r\n b\t", "a b"),
        ("\N{SNOWMAN} \N{LATIN SMALL LETTER E WITH ACUTE}", "\xe2\x98\x83 \xc3\xa9"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ([1, None, [2, 3], {"a": 4}], "1,,2,3,a,4"),
    ],
)
def test_a_header_is_one_line_of_latin_1_or_else_of_utf_8(value: Any, text: str) -> None:
    assert parameter_encoding.encode_header(ParameterStyle("p", "header", "simple", False, Shape()), value) == text


def test_a_header_that_is_declared_as_json_is_json_in_ascii() -> None:
    notation = ParameterStyle("p", "header", "simple", False, Shape(), "application/json")
    assert parameter_encoding.encode_header(notation, {"a": ["\N{SNOWMAN}", None]}) == '{"a":["\\u2603",null]}'


def test_a_cookie_is_percent_encoded() -> None:
    notation = ParameterStyle("p", "cookie", "form", False, Shape())
    assert parameter_encoding.encode_cookie(notation, ["a b", "\N{SNOWMAN}", None]) == "a%20b%2C%E2%98%83%2C"


@pytest.mark.parametrize(
    ("location", "style", "text"),
    [
        ("query", "tabDelimited", "p=a%20b%09c"), ("query", "spaceDelimited", "p=a%20b%20c"),
        ("path", "tabDelimited", "a%20b%09c"), ("path", "pipeDelimited", "a%20b%7Cc"),
        ("header", "tabDelimited", "a b\tc"), ("header", "pipeDelimited", "a b|c"),
    ],
)  # fmt: skip
def test_an_array_is_written_with_the_delimiter_of_its_style(location: str, style: str, text: str) -> None:
    encode = {
        "query": parameter_encoding.encode_query,
        "path": parameter_encoding.encode_path,
        "header": parameter_encoding.encode_header,
    }
    assert encode[location](ParameterStyle("p", location, style, False, Shape()), ["a b", "c"]) == text


@pytest.mark.parametrize(("style", "text"), [("form", "p=1,2&p=3"), ("pipeDelimited", "p=1%7C2&p=3")])
def test_the_items_of_an_array_are_written_in_their_own_style(style: str, text: str) -> None:
    items = ParameterStyle("p", "query", style, False, Shape())
    notation = ParameterStyle("p", "query", "form", True, Shape(), items=items)
    assert parameter_encoding.encode_query(notation, [[1, 2], [3]]) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a b": 1, "c": {"d": [True, None]}}, "p%5Ba%20b%5D=1&p%5Bc%5D%5Bd%5D%5B0%5D=true&p%5Bc%5D%5Bd%5D%5B1%5D="),
        ({}, ""),
    ],
)
def test_a_nested_member_of_a_deep_object_is_named_by_its_path(value: Any, text: str) -> None:
    assert parameter_encoding.encode_query(ParameterStyle("p", "query", "deepObject", True, Shape()), value) == text


def test_the_bench_measures_a_folder_of_documents(tmp_path: Path) -> None:
    from tests.bench.documents import row

    (tmp_path / "styles.json").write_text(json.dumps(document()))
    (tmp_path / "old.json").write_text('{"swagger": "1.2"}')
    cells, wrong = row(tmp_path / "styles.json")
    assert cells[2] == str(len(document()["paths"]))
    assert cells[5].split(" / ")[0] == cells[5].split(" / ")[1]
    assert wrong == []  # fmt: skip
    assert row(tmp_path / "old.json")[0][2].startswith("refused: old.json:1 /swagger: is a Swagger 1.2 document")
