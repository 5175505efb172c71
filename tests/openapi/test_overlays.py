from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, ContractError, create_app, load_contract
from mockserver.documents import overlays
from tests.documents.broken import load

Actions = list[dict[str, Any]]
PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets", "old"],
                "parameters": [{"name": "old", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "ok", "content": {"application/json": {"example": [1]}}}},
            }
        },
        "/secret": {"get": {"x-internal": True, "responses": {"204": {"description": "ok"}}}},
    },
}


def overlay(actions: Any, extends: Any = "api.json", **members: Any) -> dict[str, Any]:
    return {
        "overlay": "1.1.0",
        "info": {"title": "O", "version": "1"},
        "extends": extends,
        "actions": actions,
        **members,
    }


def load_overlaid(folder: Path, actions: Any, document: Any = None, extends: Any = "api.json") -> Contract:
    load(folder, document or PETS)
    (folder / "overlay.json").write_text(json.dumps(overlay(actions, extends)))
    return load_contract(folder / "overlay.json")


def test_the_document_is_served_with_the_changes(tmp_path: Path) -> None:
    contract = load_overlaid(
        tmp_path,
        [
            {"target": "$.paths[?@.get['x-internal'] == true]", "remove": True},
            {"target": "$.paths['/pets'].get.parameters[?@.name == 'old']", "remove": True},
            {"target": "$.paths.*.get.parameters", "update": {"name": "q", "in": "query", "schema": {"type": "integer"}}},
            {"target": "$.paths['/pets'].get", "update": {"responses": {"404": {"description": "none"}}}},
            {"target": "$..content['application/json'].example", "update": [2]},
            {"target": "$.info.title", "update": "Cats"},
        ],
    )  # fmt: skip
    client = create_app(contract).test_client()
    assert not contract.warnings
    assert contract.name == "Cats"
    assert client.get("/pets").get_json() == [1, 2]
    assert client.get("/pets?q=x").status_code == 422
    assert client.get("/pets?old=x").status_code == 200
    assert client.get("/pets?__code=404").status_code == 404
    assert client.get("/secret").status_code == 404


def test_the_document_without_the_overlay_is_as_before(tmp_path: Path) -> None:
    load_overlaid(tmp_path, [{"target": "$.paths['/pets']", "remove": True}])
    assert "listPets" in load_contract(tmp_path / "api.json").operations


def test_a_node_is_copied(tmp_path: Path) -> None:
    actions: Actions = [
        {"target": "$.paths", "update": {"/dogs": {}}},
        {"target": "$.paths['/dogs']", "copy": "$.paths['/pets']"},
        {"target": "$.paths['/dogs'].get", "update": {"operationId": "listDogs"}},
    ]
    contract = load_overlaid(tmp_path, actions)
    assert sorted(contract.operations) == ["GET /secret", "listDogs", "listPets"]


def test_several_items_of_an_array_are_removed(tmp_path: Path) -> None:
    many = {"name": "q", "in": "query", "schema": {}}
    actions: Actions = [
        {"target": "$.paths['/pets'].get.parameters", "update": [{**many, "name": name} for name in "abc"]},
        {"target": "$.paths['/pets'].get.parameters[0, 1, 3, 3]", "remove": True},
    ]
    contract = load_overlaid(tmp_path, actions)
    assert [parameter.name for parameter in contract.operations["listPets"].parameters] == ["b"]


def test_overlays_may_extend_each_other(tmp_path: Path) -> None:
    load_overlaid(tmp_path, [{"target": "$.info", "update": {"title": "First"}}])
    second = overlay([{"target": "$.info.title", "update": "Second"}], "./overlay.json")
    (tmp_path / "second.json").write_text(json.dumps(second))
    assert load_contract(tmp_path / "second.json").name == "Second"


def test_a_document_of_another_address_is_the_file_of_its_name(tmp_path: Path) -> None:
    actions: Actions = [{"target": "$.info", "update": {"title": "Far"}}]
    assert load_overlaid(tmp_path, actions, extends="https://example.com/specs/api.json").name == "Far"


def test_a_document_of_swagger_2_0_may_be_extended(tmp_path: Path) -> None:
    swagger = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}},
    }
    contract = load_overlaid(tmp_path, [{"target": "$", "update": {"basePath": "/v1"}}], swagger)
    assert create_app(contract).test_client().get("/v1/a").status_code == 200


@pytest.mark.parametrize("is_swagger", [False, True])
def test_the_document_is_made_of_the_overlays_and_the_file(tmp_path: Path, is_swagger: bool) -> None:
    swagger = {"swagger": "2.0", "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}}}
    contract = load_overlaid(tmp_path, [{"target": "$", "update": {"x-a": 1}}], swagger if is_swagger else None)
    assert contract.openapi.source.files == ("overlay.json", "api.json")


def test_a_query_that_selects_nothing_is_a_warning(tmp_path: Path) -> None:
    warnings = load_overlaid(tmp_path, [{"target": "$.paths['/cats']", "remove": True}]).warnings
    assert [(warning.file, warning.pointer) for warning in warnings] == [("overlay.json", "/actions/0/target")]


@pytest.mark.parametrize(
    ("actions", "extends", "message"),
    [
        ([{"target": "paths", "remove": True}], "api.json", '/actions/0/target: "paths" is not a JSONPath query'),
        (
            [{"target": "$.paths['/pets", "remove": True}], "api.json",
            """/actions/0/target: "$.paths['/pets" is not a JSONPath query: unexpected token "'" after 8 characters""",
        ),
        ([{"target": "$[?" + "(" * 5_000, "remove": True}], "api.json", "is not a JSONPath query"),
        ([{"target": "$[?", "remove": True}], "api.json", '"$[?" is not a JSONPath query: unexpected end of expression'),
        ([{"remove": True}], "api.json", "/actions/0: must be an object with a `target`"),
        ([{"target": "$.info"}], "api.json", "/actions/0: must have one of remove, update, copy"),
        ([{"target": "$.info", "update": [1]}], "api.json", "/actions/0/update: cannot be merged into /info: it is an object, and the value an array"),
        ([{"target": "$.info.title", "update": {}}], "api.json", "/actions/0/update: cannot be merged into /info/title"),
        ([{"target": "$.info", "copy": "$.paths.*"}], "api.json", '/actions/0/copy: "$.paths.*" must select one node, and selects 2'),
        ({}, "api.json", "/actions: must have an array `actions`"),
        ([], None, ": needs `extends`"),
        ([], "gone.json", '/extends: "gone.json" is not a file beside or below the overlay'),
        ([], "../api.json", '/extends: "../api.json" is not a file beside or below the overlay'),
        ([], "overlay.json", "/extends: more than 10 overlays extend each other"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_overlay_is_explained(tmp_path: Path, actions: Any, extends: Any, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_overlaid(tmp_path, actions, extends=extends)
    assert message in str(caught.value)


def test_copies_of_the_document_in_itself_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlays, "ADDED_LIMIT", 1_000)
    copies: Actions = [
        {"target": "$", "update": {"x-0": {}}},
        *({"target": "$.x-0", "update": {f"x-{number}": {}}} for number in range(1, 9)),
        *({"target": f"$.x-0.x-{number}", "copy": "$"} for number in range(1, 9)),
    ]
    with pytest.raises(ContractError, match="larger by more than 1,000 values"):
        load_overlaid(tmp_path, copies)


def test_a_document_that_is_copied_below_itself_has_a_limit(tmp_path: Path) -> None:
    nested = json.loads('{"x":' * 150 + "{}" + "}" * 150)
    actions: Actions = [
        {"target": "$.info", "update": {"x": nested}},
        {"target": "$.info" + ".x" * 100, "copy": "$.info"},
    ]
    with pytest.raises(ContractError, match="/actions/1/copy: makes the document more than 200 levels deep"):
        load_overlaid(tmp_path, actions)


def test_mistakes_of_the_document_have_its_lines(tmp_path: Path) -> None:
    broken = json.dumps(PETS, indent=1).replace('"tags"', '"tagz"')
    contract = load_overlaid(tmp_path, [{"target": "$.info", "update": {"description": "d"}}])
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "tagz" in text)
    (tmp_path / "api.json").write_text(broken)
    contract = load_contract(tmp_path / "overlay.json")
    assert [(warning.file, warning.line) for warning in contract.warnings] == [("api.json", line)]
