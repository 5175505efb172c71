"""Swagger 2.0 documents over HTTP: what is accepted, refused and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.recorder.directory import files_from_contract, write
from tests.documents.broken import load
from tests.openapi.swagger.small import swagger

DOCUMENTS = Path(__file__).parent.parent / "documents" / "swagger"
PET: dict[str, Any] = {"name": "Rex", "photoUrls": [], "owner": None}
TOKEN = {"Authorization": "Bearer x"}
KEY = {"api_key": "x"}
TRACE = {"X-Trace": "1"}


def client(name: str, *, stateful: bool = False) -> FlaskClient:
    return create_app(load_contract(DOCUMENTS / name, stateful=stateful)).test_client()


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/v2/pet", {"json": PET, "headers": TOKEN}, 200),
        ("POST", "/pet", {"json": PET, "headers": TOKEN}, 200),
        ("POST", "/v2/pet", {"json": PET}, 401),
        ("POST", "/v2/pet", {"data": "x", "content_type": "text/plain", "headers": TOKEN}, 415),
        ("GET", "/v2/pet/findByStatus?status=available&status=sold", {"headers": TOKEN}, 200),
        ("GET", "/v2/pet/findByStatus?status=dead", {"headers": TOKEN}, 400),
        ("GET", "/v2/pet/findByTags?tags=a,b", {}, 200),
        ("GET", "/v2/pet/1", {"headers": KEY}, 200),
        ("GET", "/v2/pet/1", {}, 401),
        ("GET", "/v2/pet/x", {"headers": KEY}, 422),
        ("POST", "/v2/pet/1", {"data": {"status": "sold"}}, 200),
        ("POST", "/v2/pet/1", {"data": {"status": "dead"}}, 422),
        ("POST", "/v2/pet/1", {"json": {"status": "sold"}}, 415),
        ("POST", "/v2/pet/1/uploadImage", {"data": {"additionalMetadata": "x"}, "content_type": "multipart/form-data"}, 200),
        ("POST", "/v2/store/order", {"json": {"quantity": 1}}, 200),
        ("POST", "/v2/store/order", {"json": {"quantity": 0}}, 400),
        ("POST", "/v2/user/createWithList", {"json": [{"username": "a"}]}, 200),
        ("POST", "/v2/user/createWithList", {"json": [{"username": 1}]}, 422),
        ("HEAD", "/v2/user/login?username=a&password=b", {}, 200),
        ("GET", "/v2/user/login?username=a", {}, 400),
    ],
)  # fmt: skip
def test_requests_are_judged_by_the_document(method: str, path: str, sent: dict[str, Any], status: int) -> None:
    assert client("petstore.yaml").open(path, method=method, **sent).status_code == status


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("plain=1,x", "/1"), ("csv=1,x", "/1"), ("ssv=1%20x", "/1"), ("ssv=1+x", "/1"), ("tsv=1%09x", "/1"),
        ("pipes=1|x", "/1"), ("pipes=1%7Cx", "/1"), ("multi=1&multi=x", "/1"), ("nested=1,2|3,x", "/1/1"),
        ("rows=1,2&rows=x", "/1/0"),
    ],
)  # fmt: skip
def test_a_collection_in_the_query_is_split_by_its_format(query: str, pointer: str) -> None:
    response = client("collections.yaml").get(f"/query?{query}")
    assert [violation["pointer"] for violation in response.get_json()["violations"]] == [pointer]


@pytest.mark.parametrize("path", ["/path/1,x/1/1/1", "/path/1/1|x/1/1", "/path/1/1/1%20x/1", "/path/1/1/1/1%09x"])
def test_a_collection_in_the_path_is_split_by_its_format(path: str) -> None:
    response = client("collections.yaml").get(path)
    assert [violation["pointer"] for violation in response.get_json()["violations"]] == ["/1"]


@pytest.mark.parametrize(
    "headers", [{"X-Csv": "1,x"}, {"X-Pipes": "1|x"}, {"X-Ssv": "1 x"}, {"X-Tsv": "1\tx"}], ids=str
)
def test_a_collection_in_a_header_is_split_by_its_format(headers: dict[str, str]) -> None:
    response = client("collections.yaml").get("/header", headers=headers)
    assert [violation["pointer"] for violation in response.get_json()["violations"]] == ["/1"]


def test_response_headers_are_written_in_their_collection_format() -> None:
    headers = client("collections.yaml").get("/query").headers
    assert headers["X-Csv"] == "1,2"
    assert headers["X-Pipes"] == "1|2"
    assert headers["X-Tabs"] == "1\t2"


@pytest.mark.parametrize(
    ("data", "pointer"),
    [({"title": "a", "pages": ["1", "x"]}, "/pages/1"), ({"title": "a" * 11, "pages": "1"}, "/title")],
    ids=str,
)
def test_the_fields_of_a_form_are_validated(data: dict[str, Any], pointer: str) -> None:
    sent = {**data, "file": (DOCUMENTS / "petstore.yaml").open("rb")}
    response = client("uploads.yaml").post(
        "/files/documents", data=sent, content_type="multipart/form-data", headers=TRACE
    )
    assert [violation["pointer"] for violation in response.get_json()["violations"]] == [pointer]


def test_pets_are_kept_with_state() -> None:
    pets = client("petstore.yaml", stateful=True)
    key = pets.post("/v2/pet", json=PET, headers=TOKEN).get_json()["id"]
    pets.put("/v2/pet", json={**PET, "id": key, "name": "Max"}, headers=TOKEN)
    assert pets.get(f"/v2/pet/{key}", headers=KEY).get_json() == {**PET, "id": key, "name": "Max"}


def test_documents_in_several_files_are_served() -> None:
    orders = client("orders/api.yaml", stateful=True)
    created = orders.post("/shop/v1/orders", json={"total": {"amount": 1, "currency": None}}).get_json()
    assert orders.get(f"/shop/v1/orders/{created['id']}").get_json() == created


@pytest.mark.parametrize(
    ("method", "path", "sent", "violation"),
    [
        ("GET", "/shop/v1/orders?limit=500", {}, ("query", "")),
        ("GET", "/shop/v1/orders?state=open|lost", {}, ("query", "/1")),
        ("POST", "/shop/v1/orders", {"json": {"total": {"amount": "1"}}}, ("body", "/total/amount")),
        ("PUT", "/shop/v1/orders/1", {"json": {"total": 1}}, ("body", "/total")),
        ("POST", "/shop/v1/orders/1", {"data": {"note": "ab"}}, ("body", "/note")),
    ],
)
def test_shared_parameters_of_other_files_are_validated(
    method: str, path: str, sent: dict[str, Any], violation: tuple[str, str]
) -> None:
    violations = client("orders/api.yaml").open(path, method=method, **sent).get_json()["violations"]
    assert [(entry["location"], entry["pointer"]) for entry in violations] == [violation]


NUMBERS = {"name": "n", "in": "formData", "type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    ("collection_format", "text"), [("csv", "1,x"), ("ssv", "1 x"), ("tsv", "1\tx"), ("pipes", "1|x")]
)
def test_a_collection_in_a_form_is_split_by_its_format(
    tmp_path: Path, kind: str, collection_format: str, text: str
) -> None:
    document = swagger({**NUMBERS, "collectionFormat": collection_format}, consumes=[kind])
    response = create_app(load(tmp_path, document)).test_client().post("/things", data={"n": text}, content_type=kind)
    assert [violation["pointer"] for violation in response.get_json()["violations"]] == ["/n/1"]


def test_a_directory_made_from_a_document_refers_to_it_as_it_is_written() -> None:
    files = files_from_contract(load_contract(DOCUMENTS / "petstore.yaml", stateful=True))
    assert '"$ref": "openapi.yaml#/definitions/Order"' in files["schemas/order.json"]


def test_a_directory_made_from_a_document_can_be_served(tmp_path: Path) -> None:
    contract = load_contract(DOCUMENTS / "orders" / "api.yaml", stateful=True)
    list(write(tmp_path, files_from_contract(contract)))
    response = create_app(load_contract(tmp_path)).test_client().get("/shop/v1/orders/1")
    assert response.status_code == 200
