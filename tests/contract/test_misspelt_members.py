"""A misspelt member hides no other mistake of its file: all of them are reported at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract
from mockserver.errors import ContractError
from tests.documents.shapes import TEXT, array_of, document, operation, record

THING = record(id=TEXT)


def mistakes(directory: Path, resources: Any = None, scenario: Any = None) -> list[str]:
    """The places of the mistakes of a contract whose things can be listed and created."""
    paths = {"/things": {"get": operation(schema=array_of(THING)), "post": operation(status=201, schema=THING)}}
    paths["/things"]["get"]["operationId"], paths["/things"]["post"]["operationId"] = "listThings", "createThing"
    files = {
        "schemas/openapi.json": document(paths),
        "schemas/thing.json": THING,
        "schemas/resources.yaml": resources or {"resources": {"things": {"schema": "thing.json", "key": "id"}}},
        "scenarios/baseline.yaml": scenario or {},
    }
    for name, data in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(json.dumps(data))
    with pytest.raises(ContractError) as error:
        load_contract(directory)
    return sorted(problem.pointer for problem in error.value.problems)


RESOURCES = {"things": {"schema": "thing.json", "key": "id"}}


@pytest.mark.parametrize(
    ("scenario", "pointers"),
    [
        ({"sumary": "x", "generate": {"thing": {"count": 1}}}, ["", "/generate/thing"]),
        ({"a": 1, "b": 2, "clock": {"on": ["none"], "mode": "per-request", "step": "1s"}}, ["", "/clock/on/0"]),
        ({"clock": {"started": 1}, "fixtures": "none"}, ["/clock", "/fixtures"]),
        ({"summary": 1, "records": {"things": [{}]}}, ["/records/things/0", "/summary"]),
        ({"fixture": "x", "records": {"things": [{"id": 1}]}}, [""]),
        (
            {"responses": [{"operatoin": "x", "status": 500}, {"operation": "none", "status": 500}]},
            ["/responses/0", "/responses/0", "/responses/1/operation"],
        ),
        ({"responses": [{"operation": "listThings", "stats": 1, "status": 299}]}, ["/responses/0", "/responses/0/status"]),
        ({"responses": [{"operation": "none", "stats": 1, "status": 500}]}, ["/responses/0", "/responses/0/operation"]),
        ({"progress": {"things": [{}]}, "seed": "x"}, ["/progress/things/0"] * 3 + ["/seed"]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_scenario_are_reported(tmp_path: Path, scenario: Any, pointers: list[str]) -> None:
    assert mistakes(tmp_path, scenario=scenario) == pointers


@pytest.mark.parametrize(
    ("resources", "pointers"),
    [
        (
            {"resources": RESOURCES, "operations": {"listThings": {"list": "things", "envelop": {}}, "none": {"list": "things"}}},
            ["/operations/listThings", "/operations/none"],
        ),
        (
            {"resources": RESOURCES, "operations": {"listThings": {"list": "thing", "a": 1, "b": 2}}},
            ["/operations/listThings", "/operations/listThings/list"],
        ),
        ({"resources": {"things": {"schema": "thing.json", "keys": "id", "sort": ["none"]}}}, ["/resources/things", "/resources/things/sort"]),
        ({"resource": {}, "resources": RESOURCES, "operations": {"none": {"list": "things"}}}, ["", "/operations/none"]),
        ({"resources": RESOURCES, "operations": {"listThings": {"list": "things", "show": "id"}}}, ["/operations/listThings/show"]),
        ({"resources": RESOURCES, "operations": {"createThing": {"delete_all": "things", "show": "id"}}}, ["/operations/createThing"]),
    ],
)  # fmt: skip
def test_all_mistakes_of_the_resources_are_reported(tmp_path: Path, resources: Any, pointers: list[str]) -> None:
    assert mistakes(tmp_path, resources=resources) == pointers


def test_all_mistakes_of_an_override_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    paths = {"/things": {"get": operation(schema=array_of(THING)) | {"operationId": "listThings"}}}
    file.write_text(json.dumps(document(paths)))
    override = {"operation": "listThings", "stats": 1, "status": 299}
    response = create_app(file).test_client().post("/__mock/overrides", json=override)
    assert response.status_code == 422
    assert [entry["pointer"] for entry in response.json["violations"]] == ["", "/status"]
