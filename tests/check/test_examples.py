from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.check.proof import Proof
from tests.conftest import MakeContract
from tests.documents.broken import document, load


def told(path: Path, schema: dict[str, Any], version: str = "3.1.0") -> list[tuple[str, str, str]]:
    proof = Proof(load(path, document({"Thing": schema}, version)))
    for _ in proof.steps():
        pass
    return [(one.level, one.problem.pointer, one.problem.message) for one in proof.findings]


def test_an_example_inside_a_schema_that_breaks_it_is_told(tmp_path: Path) -> None:
    schema = {
        "properties": {"a b": {"type": "integer", "examples": [1, "x"]}, "example": {"type": "string", "example": "y"}},
        "example": {"a b": 1},
    }
    message = 'the example breaks its schema: "x" is not of type integer'
    assert told(tmp_path, schema) == [("warning", "/components/schemas/Thing/properties/a b/examples/1", message)]


def test_an_example_may_be_of_either_direction(tmp_path: Path) -> None:
    secret, own = {"type": "string", "writeOnly": True}, {"type": "integer", "readOnly": True}
    schema = {"required": ["own", "secret"], "properties": {"own": own, "secret": secret}}
    assert told(tmp_path, {**schema, "example": {"own": 1}}, "3.0.3") == []
    assert told(tmp_path, {**schema, "example": {"secret": "x"}}, "3.0.3") == []
    assert [one[2] for one in told(tmp_path, {**schema, "example": {}}, "3.0.3")] == [
        'the example breaks its schema: "own" is required and missing',
        'the example breaks its schema: "secret" is required and missing',
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"nullable": True, "type": "string", "example": None},
        {"nullable": True, "allOf": [{"type": "string"}], "example": None},
        {"$ref": "#/components/schemas/Other", "example": 1},
    ],
)
def test_an_example_of_openapi_3_0_is_judged_as_that_has_it(tmp_path: Path, schema: dict[str, Any]) -> None:
    other = {"type": "string", "maximum": 1, "exclusiveMaximum": True}
    proof = Proof(load(tmp_path, document({"Thing": schema, "Other": other})))
    assert list(proof.steps()) != []
    assert proof.findings == []


def test_it_does_so_in_a_contract_directory_too(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        content = files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]["content"]
        content["application/json"]["schema"] = {"type": "string", "example": 7}

    proof = Proof(load_contract(make_contract(change)))
    assert list(proof.steps()) != []
    assert [(one.level, one.problem.message) for one in proof.findings if one.problem.code == "example"] == [
        ("warning", "the example breaks its schema: 7 is not of type string")
    ]
