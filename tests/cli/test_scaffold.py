from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.engine.start import Start
from mockserver.recorder import directory as scaffold
from tests.documents.kennel import KENNEL, write

REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/owners?per_page=2", None), ("POST", "/owners", {"name": "Ada"}), ("GET", "/owners", None),
    ("POST", "/owners/1/visits", {"reason": "shots"}), ("GET", "/owners/1/visits", None), ("DELETE", "/owners/1", None),
    ("GET", "/pets?species=dog", None), ("GET", "/owners/9", None), ("GET", "/reports/1", None), ("GET", "/staff/x", None),
]  # fmt: skip


def begun(document: Path, folder: Path) -> Path:
    """The directory that `init --from` writes."""
    assert list(scaffold.write(folder, scaffold.files_from_contract(load_contract(document, stateful=True))))
    return folder


def test_what_is_written_answers_as_the_document_does_with_state(tmp_path: Path) -> None:
    document = write(tmp_path)
    clients = [
        create_app(document, stateful=True).test_client(use_cookies=False),
        create_app(begun(document, tmp_path / "mock")).test_client(use_cookies=False),
    ]
    for method, target, body in REQUESTS:
        item, other = (client.open(target, method=method, json=body) for client in clients)
        assert item.status_code == other.status_code, target
        assert item.data == other.data, target


def test_what_is_written_is_proven(tmp_path: Path) -> None:
    checker = ContractChecker(load_contract(begun(write(tmp_path), tmp_path / "mock")))
    assert [*checker.steps()]
    messages = [(finding.level, finding.problem.message) for finding in checker.findings]
    assert messages == [("warning", 'listPets does nothing with its query parameter "fields"')]


def test_the_files_are_a_contract_directorys_own(tmp_path: Path) -> None:
    folder = begun(write(tmp_path), tmp_path / "mock")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "fixtures/first/owners.json", "fixtures/first/pets.json", "fixtures/first/staff.json", "fixtures/first/visits.json",
        "scenarios/baseline.yaml", "scenarios/empty.yaml", "schemas/openapi.json", "schemas/owners.json", "schemas/pets.json",
        "schemas/resources.yaml", "schemas/staff.json", "schemas/visits.json",
    ]  # fmt: skip
    assert json.loads((folder / "schemas/openapi.json").read_text()) == KENNEL
    assert json.loads((folder / "schemas/staff.json").read_text()) == {
        "allOf": [
            {
                "required": ["username"],
                "properties": {"username": {"$ref": "openapi.json#/paths/~1staff~1%7Busername%7D/parameters/0/schema"}},
            },
            {"$ref": "openapi.json#/components/schemas/Staff"},
        ]
    }
    resources = (folder / "schemas/resources.yaml").read_text().splitlines()
    assert "  visits: {schema: visits.json, key: id, references: {owner_id: owners}, owned_by: [owner_id]}" in resources
    assert "  listVisits: {list: visits, path: {ownerId: owner_id}}" in resources
    assert (
        "  listOwners: {list: owners, envelope: {items: data, total: total}, paging: {limit: per_page, page: page}, "
        "search: {search: [name]}}" in resources
    )  # fmt: skip


def test_a_document_of_several_files_keeps_them(tmp_path: Path) -> None:
    def split(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        (tmp_path / "parts").mkdir()
        error = {"$ref": "../kennel.json#/components/schemas/Error"}
        owner = {**schemas["Owner"], "properties": {**schemas["Owner"]["properties"], "fault": error}}
        (tmp_path / "parts" / "owner.json").write_text(json.dumps(owner))
        (tmp_path / "parts" / "by.json").write_text(
            json.dumps({"name": "ownerId", "in": "path", "required": True, "schema": {"type": "integer"}})
        )
        schemas["Owner"] = {"$ref": "parts/owner.json"}
        document["paths"]["/owners/{ownerId}"]["parameters"] = [{"$ref": "parts/by.json"}]

    document = write(tmp_path, split)
    folder = begun(document, tmp_path / "mock")
    item, other = load_contract(document, stateful=True), load_contract(folder)
    assert "openapi.json#" in (folder / "schemas/parts/owner.json").read_text()
    assert [list(each.resources) for each in (item, other)] == [["owners", "pets", "staff", "visits"]] * 2
    fingerprints = [Start(each, each.scenarios["baseline"]).fingerprint for each in (item, other)]
    assert fingerprints[0] == fingerprints[1]


def test_a_file_that_has_the_name_of_ours_is_refused(tmp_path: Path) -> None:
    def split(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        for name, file in (("Error", "openapi.json"), ("Owner", "owners.json")):
            (tmp_path / file).write_text(json.dumps(schemas[name]))
            schemas[name] = {"$ref": file}

    document = write(tmp_path, split)
    with pytest.raises(scaffold.AlreadyExists, match=r"the document has a file openapi\.json"):
        begun(document, tmp_path / "mock")
    assert not (tmp_path / "mock").exists()


def test_a_document_without_collections_makes_a_directory_without_resources(tmp_path: Path) -> None:
    document = write(tmp_path, lambda document: document["paths"].clear() or document["paths"].update({"/a": {
        "get": {"responses": {"200": {"description": "ok"}}}}}))  # fmt: skip
    contract = load_contract(begun(document, tmp_path / "mock"))
    assert contract.resources == {}
    assert list(contract.operations) == ["GET /a"]
