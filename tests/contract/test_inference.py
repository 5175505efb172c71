from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.engine.start import Start
from mockserver.syntax import words
from tests.documents.kennel import array, path, ref, sent, write

Change = Callable[[dict[str, Any]], object]
Infer = Callable[..., Contract]


@pytest.fixture
def infer(tmp_path: Path) -> Infer:
    """Loads the kennel's document, changed, with the resources that are inferred from it."""
    return lambda change=None: load_contract(write(tmp_path, change), stateful=True)


def records(contract: Contract, name: str) -> list[Any]:
    state = Start(contract, contract.scenarios["baseline"]).state
    return [row.record for row in state.tables[name].ordered()]


def test_each_inferred_resource_is_described_in_a_line(infer: Infer) -> None:
    assert list(infer().inferred.values()) == [
        "owners: /owners, key id; read, list, create, replace, update, delete",
        "pets: /pets, key id, owned by owners; read, list, create, delete",
        "staff: /staff, key username; read, replace",
        "visits: /owners/{ownerId}/visits, key id, owned by owners; read, list, create, delete",
    ]


def test_resources_are_inferred_only_on_request(tmp_path: Path) -> None:
    contract = load_contract(write(tmp_path))
    assert contract.inferred == {}
    assert contract.resources == {}


def test_nothing_is_inferred_for_a_directory(small: Contract) -> None:
    assert load_contract(small.root, stateful=True).inferred == {}


def test_an_inferred_contract_passes_the_check(infer: Infer) -> None:
    checker = ContractChecker(infer())
    assert [*checker.steps()]
    assert checker.findings == []


def test_the_first_records_are_few(infer: Infer) -> None:
    contract = infer()
    names = ("owners", "pets", "staff")
    assert {name: len(records(contract, name)) for name in names} == {"owners": 3, "pets": 6, "staff": 3}


def test_the_first_records_differ_in_what_identifies_them(infer: Infer) -> None:
    contract = infer()
    owners, staff = records(contract, "owners"), records(contract, "staff")
    assert [owner["id"] for owner in owners] == [1, 2, 3]
    assert len({owner["name"] for owner in owners}) == 3
    assert len({member["username"] for member in staff}) == 3


def test_the_first_records_refer_to_each_other(infer: Infer) -> None:
    assert {pet["owner_id"] for pet in records(infer(), "pets")} <= {1, 2, 3}


def test_the_first_records_have_no_secrets(infer: Infer) -> None:
    assert [owner for owner in records(infer(), "owners") if "password" in owner] == []


@pytest.mark.parametrize("name", ["owners", "pets"])
def test_the_first_records_are_always_the_same(infer: Infer, name: str) -> None:
    assert records(infer(), name) == records(infer(), name)


def test_the_examples_of_the_document_are_records(infer: Infer) -> None:
    milo = {"id": "7a0d4a39-8b4f-4ac4-9d1e-2f6f1f0f7a11", "name": "Milo", "owner_id": 17}
    anna = {"id": 17, "name": "Anna", "created_at": "2026-01-01T00:00:00Z"}

    def change(document: dict[str, Any]) -> None:
        listed = document["paths"]["/owners"]["get"]["responses"]["200"]["content"]["application/json"]
        listed["example"] = {
            "data": [anna, {"id": "none"}, anna],
            "total": 1,
            "count": 1,
            "has_more": False,
            "links": {},
        }
        document["components"]["schemas"]["Pet"]["examples"] = [
            milo,
            {**milo, "id": milo["id"][:-1] + "2", "owner_id": 99},
        ]

    contract = infer(change)
    assert records(contract, "owners")[0] == anna
    assert [owner["id"] for owner in records(contract, "owners")] == [17, 18, 19]
    assert records(contract, "pets")[0] == milo
    assert all(pet["owner_id"] in (17, 18, 19) for pet in records(contract, "pets"))


def without_key(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["Staff"]["properties"]["username"]


def other_key_type(document: dict[str, Any]) -> None:
    document["paths"]["/staff/{username}"]["parameters"] = [path("username", type="integer")]


def other_list(document: dict[str, Any]) -> None:
    document["paths"]["/staff"] = {"get": {"operationId": "listStaff", "responses": {"200": {
        "description": "names", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}}}}  # fmt: skip


def closed_list(document: dict[str, Any]) -> None:
    brief = {"type": "object", "properties": {"username": {"type": "string"}}, "additionalProperties": False}
    document["components"]["schemas"]["Brief"] = brief
    document["paths"]["/staff"] = {"get": {"operationId": "listStaff", "responses": {"200": {
        "description": "brief", "content": {"application/json": {"schema": array("Brief")}}}}}}  # fmt: skip


def other_creation(document: dict[str, Any]) -> None:
    document["paths"]["/staff"] = {"post": {"operationId": "createStaff", "requestBody": sent(ref("Staff")), "responses": {
        "202": {"description": "a job", "content": {"application/json": {"schema": ref("Error")}}}}}}  # fmt: skip


def no_parent_field(document: dict[str, Any]) -> None:
    document["paths"]["/shops/{shop}/staff/{username}"] = item = document["paths"].pop("/staff/{username}")
    item["parameters"] = [*item["parameters"], path("shop", type="string")]


def read_only(document: dict[str, Any]) -> None:
    del document["paths"]["/staff/{username}"]["put"]


@pytest.mark.parametrize(
    "change", [without_key, other_key_type, other_list, closed_list, other_creation, no_parent_field, read_only]
)
def test_operations_that_do_not_fit_have_no_behaviour(infer: Infer, change: Change) -> None:
    contract = infer(change)
    assert "staff" not in contract.resources
    assert "getStaff" not in contract.behaviours
    assert "owners" in contract.resources


def test_records_match_the_shorter_schema_of_a_list_too(infer: Infer) -> None:
    def change(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Brief"] = {
            "type": "object",
            "required": ["username", "since"],
            "properties": {"username": {"type": "string"}, "since": {"type": "string", "format": "date"}},
        }
        document["paths"]["/staff"] = {"get": {"operationId": "listStaff", "responses": {"200": {
            "description": "brief", "content": {"application/json": {"schema": array("Brief")}}}}}}  # fmt: skip

    contract = infer(change)
    assert contract.inferred["staff"] == "staff: /staff, key username; read, list, replace"
    assert all("since" in member for member in records(contract, "staff"))


def wrap(document: dict[str, Any]) -> None:
    staff = {"type": "object", "required": ["data", "request_id"], "properties": {
        "data": ref("Staff"), "request_id": {"type": "string", "format": "uuid"}}}  # fmt: skip
    for operation in (document["paths"]["/staff/{username}"][method] for method in ("get", "put")):
        operation["responses"]["200"]["content"]["application/json"]["schema"] = staff
    put = document["paths"]["/staff/{username}"]["put"]
    put["requestBody"] = sent({"type": "object", "required": ["staff"], "properties": {"staff": ref("Staff")}})


def test_a_record_may_be_in_a_member_of_the_body_and_the_response(infer: Infer) -> None:
    contract = infer(wrap)
    assert contract.inferred["staff"] == "staff: /staff, key username; read, replace"
    client = create_app(contract).test_client(use_cookies=False)
    name = records(contract, "staff")[0]["username"]
    put: Any = client.put(f"/staff/{name}", json={"staff": {"username": name, "role": "vet"}}).json
    read: Any = client.get(f"/staff/{name}").json
    assert list(read) == ["data", "request_id"]
    assert put["data"] == read["data"] == {"username": name, "role": "vet"}
    checker = ContractChecker(contract)
    assert [*checker.steps()]
    assert checker.findings == []


def test_a_collection_without_possible_records_is_empty_at_first(infer: Infer) -> None:
    def change(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Staff"]["properties"]["role"] = {"type": "string", "not": {}}
        document["components"]["schemas"]["Staff"]["required"] = ["username", "role"]

    assert records(infer(change), "staff") == []


@pytest.mark.parametrize(
    ("parameter", "segment", "fields", "expected"),
    [
        ("petId", "pets", ["id", "name"], "id"),
        ("pet_id", "pets", ["id", "pet_id"], "pet_id"),
        ("petId", "pets", ["pet_id", "id"], "pet_id"),
        ("petid", "pets", ["id"], "id"),
        ("username", "user", ["id", "username"], "username"),
        ("pet", "pets", ["id"], "id"),
        ("categoryId", "categories", ["id"], "id"),
        ("petUUID", "pets", ["uuid", "id"], "uuid"),
        ("owner", "pets", ["id"], None),
    ],
)
def test_the_last_parameter_names_the_key(
    parameter: str, segment: str, fields: list[str], expected: str | None
) -> None:
    assert words.find_key_field(parameter, segment, fields) == expected


@pytest.mark.parametrize(
    ("parameter", "segment", "fields", "expected"),
    [
        ("userId", "users", ["id", "user_id"], "user_id"),
        ("id", "users", ["id", "userId"], "userId"),
        ("user_id", "users", ["id", "user"], "user"),
        ("org", "orgs", ["id", "org"], "org"),
        ("id", "users", ["id"], None),
        ("userId", "users", ["id", "name"], None),
    ],
)
def test_a_parameter_before_it_names_the_owner(
    parameter: str, segment: str, fields: list[str], expected: str | None
) -> None:
    assert words.find_owner_field(parameter, segment, fields, "id") == expected


def test_no_first_record_has_been_deleted(infer: Infer) -> None:
    def change(document: dict[str, Any]) -> None:
        pet = document["components"]["schemas"]["Pet"]
        time = {"type": ["string", "null"], "format": "date-time"}
        pet["properties"] |= {"deleted_at": time, "is_deleted": {"type": "boolean"}}
        pet["required"] += ["deleted_at", "is_deleted"]

    pets = records(infer(change), "pets")
    assert [(pet["deleted_at"], pet["is_deleted"]) for pet in pets] == [(None, False)] * len(pets)
