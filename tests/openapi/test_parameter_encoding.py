from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, load_contract
from mockserver.check.requests import ScenarioRequests
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http.pipeline import respond
from mockserver.openapi import parameter_encoding
from mockserver.openapi.model import ParameterStyle
from mockserver.schemas.shapes import Shape
from mockserver.web.app import create_service
from tests.openapi.test_parameter_styles import document


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    file = tmp_path_factory.mktemp("styles") / "openapi.json"
    file.write_text(json.dumps(document()))
    return load_contract(file)


def test_what_is_asked_is_written_in_every_style_as_it_is_read(styles: Contract) -> None:
    service = create_service(styles, Sandboxes(styles))
    scenario = ScenarioRequests(service, styles, styles.default_scenario)
    requests = [scenario.build(operation) for operation in styles.operations.values() if operation.method == "GET"]
    assert [request.target for request in requests if respond(service, request).status != 204] == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a b": 1, "c": {"d": [True, None]}}, "p%5Ba%20b%5D=1&p%5Bc%5D%5Bd%5D%5B0%5D=true&p%5Bc%5D%5Bd%5D%5B1%5D="),
        ({}, ""),
    ],
)
def test_what_lies_deep_is_written_with_the_way_to_it(value: Any, written: str) -> None:
    assert parameter_encoding.query(ParameterStyle("p", "query", "deepObject", True, Shape()), value) == written


def test_a_real_folder_of_documents_can_be_measured(tmp_path: Path) -> None:
    from tests.bench.documents import row

    (tmp_path / "styles.json").write_text(json.dumps(document()))
    (tmp_path / "old.json").write_text('{"swagger": "2.0"}')
    cells, wrong = row(tmp_path / "styles.json")
    assert (cells[2], cells[5].split(" / ")[0] == cells[5].split(" / ")[1], wrong) == (str(len(document()["paths"])), True, [])  # fmt: skip
    assert row(tmp_path / "old.json")[0][2].startswith("refused: old.json:1 /swagger: is a Swagger 2.0 document")
