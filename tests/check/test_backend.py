"""`check --against URL` finds where a real backend deviates from its contract, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click.testing
import flask
import pytest

from mockserver.cli.main import main
from mockserver.server.server import BackgroundServer

DOCUMENT = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'https://shop.example/v1'}]
paths:
  /items:
    get:
      operationId: listItems
      parameters: [{name: page, in: query, required: true, example: 1, schema: {type: integer}}]
      responses:
        '200':
          description: OK
          headers: {X-Total: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {type: object, required: [data], properties: {data: {type: array, items: {$ref: '#/components/schemas/Item'}}}}}}
    post:
      operationId: createItem
      requestBody: {content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string, example: Lamp}}}}}}
      responses: {'201': {description: Created, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}}
  /items/{itemId}:
    parameters: [{name: itemId, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getItem
      responses:
        '200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
        '404': {description: none}
    patch:
      operationId: changeItem
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string, example: Table}}}}}}
      responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}}
    delete:
      operationId: deleteItem
      responses: {'204': {description: gone}}
  /items/{itemId}/reviews:
    get:
      operationId: listReviews
      parameters: [{name: itemId, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: OK, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
  /banners/{name}:
    get:
      operationId: getBanner
      parameters: [{name: name, in: path, required: true, schema: {type: string}, examples: {usual: {value: summer}}}]
      responses: {'200': {description: OK, content: {text/plain: {schema: {type: string, maxLength: 20}}}}}
  /coupons/{code}:
    get:
      operationId: getCoupon
      parameters: [{name: code, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: OK}}
components:
  schemas:
    Item:
      type: object
      required: [id, name]
      properties: {id: {type: integer}, name: {type: string}, price: {type: number}}
"""

Change = Callable[[flask.Response], Any]


class Shop:
    """A backend that keeps its contract, but for the responses that `changes` has functions for, by their operation."""

    def __init__(self) -> None:
        self.items = {number: {"id": number, "name": f"Item {number}", "price": 1.5} for number in range(1, 6)}
        self.changes: dict[str, Change] = {}
        self.requests: list[str] = []
        self.headers: list[str | None] = []
        self.app = flask.Flask("shop")
        for rule, method, view in (
            ("/v1/items", "GET", self.list_items),
            ("/v1/items", "POST", self.create_item),
            ("/v1/items/<int:number>", "GET", self.get_item),
            ("/v1/items/<int:number>", "PATCH", self.change_item),
            ("/v1/items/<int:number>", "DELETE", self.delete_item),
            ("/v1/items/<int:number>/reviews", "GET", self.list_reviews),
            ("/v1/banners/<name>", "GET", self.get_banner),
        ):
            self.app.add_url_rule(rule, view.__name__, self._logged(view), methods=[method])

    def _logged(self, view: Callable[..., Any]) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.requests.append(f"{flask.request.method} {flask.request.full_path.rstrip('?')}")
            self.headers.append(flask.request.headers.get("Authorization"))
            response = flask.make_response(view(**arguments))
            change = self.changes.get(view.__name__)
            return response if change is None else change(response) or response

        return call

    def list_items(self) -> Any:
        if flask.request.args.get("page") != "1":
            return {}, 400
        return {"data": list(self.items.values())}, 200, {"X-Total": str(len(self.items))}

    def create_item(self) -> Any:
        number = max(self.items) + 1
        self.items[number] = {"id": number, **flask.request.get_json()}
        return self.items[number], 201

    def get_item(self, number: int) -> Any:
        return self.items.get(number, ("", 404))

    def change_item(self, number: int) -> Any:
        self.items[number].update(flask.request.get_json())
        return self.items[number]

    def delete_item(self, number: int) -> Any:
        del self.items[number]
        return "", 204

    def list_reviews(self, number: int) -> Any:
        return [f"review of {number}"]

    def get_banner(self, name: str) -> Any:
        return f"The {name} sale", 200, {"Content-Type": "text/plain; charset=utf-8"}


@pytest.fixture
def shop() -> Iterator[tuple[Shop, str]]:
    backend = Shop()
    with BackgroundServer(backend.app) as server:
        yield backend, server.url


def check(folder: Path, url: str, *options: str) -> click.testing.Result:
    (folder / "shop.yaml").write_text(DOCUMENT)
    return click.testing.CliRunner().invoke(main, ["check", str(folder / "shop.yaml"), "--against", url, *options])


def findings(result: click.testing.Result) -> list[str]:
    """The messages of the findings, without the key of the record that was requested."""
    return [re.sub(r"/items/[0-9]+", "/items/N", entry["message"]) for entry in json.loads(result.stdout)["findings"]]


def test_a_backend_that_keeps_its_contract_passes(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    result = check(tmp_path, shop[1])
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "not checked: createItem: POST /items: only --unsafe requests it",
        "not checked: deleteItem: DELETE /items/{itemId}: only --unsafe requests it",
        "not checked: changeItem: PATCH /items/{itemId}: only --unsafe requests it",
        "not checked: getCoupon: GET /coupons/{code}: nothing gives a value for {code}; an example of the parameter would",
        f"{shop[1]}: 4 of 8 operations checked, 8 responses. No deviations found.",
    ]


def test_keys_come_from_lists_and_arguments_from_examples(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    check(tmp_path, shop[1])
    assert sorted(shop[0].requests) == sorted([
        "GET /v1/items?page=1",
        "GET /v1/banners/summer",
        *(f"GET /v1/items/{number}{below}" for number in (1, 2, 3) for below in ("", "/reviews")),
    ])  # fmt: skip


def test_what_is_unsafe_touches_created_records_alone(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    backend, url = shop
    before = dict(backend.items)
    result = check(tmp_path, url, "--unsafe")
    assert result.exit_code == 0, result.output
    assert backend.items == before
    changes = [request for request in backend.requests if not request.startswith("GET")]
    assert changes == ["POST /v1/items", "PATCH /v1/items/6", "DELETE /v1/items/6"]
    assert "GET /v1/items/6" in backend.requests


def set_json(**members: Any) -> Change:
    def change(response: flask.Response) -> None:
        value = response.get_json()
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            value["data"] = [{**item, **members} for item in value["data"]]
        else:
            value.update(members)
        response.set_data(json.dumps(value))

    return change


def set_status(status: int) -> Change:
    return lambda response: setattr(response, "status_code", status)


def set_header(name: str, value: str | None) -> Change:
    def change(response: flask.Response) -> None:
        response.headers.pop(name, None)
        if value is not None:
            response.headers[name] = value

    return change


@pytest.mark.parametrize(
    ("operation", "change", "message"),
    [
        (
            "get_item",
            set_json(name=None),
            'GET /v1/items/N (getItem) responded 200: body /name: null is not of type string (and 2 similar)',
        ),
        (
            "list_items",
            set_json(price="cheap"),
            'GET /v1/items?page=1 (listItems) responded 200: body /data/0/price: "cheap" is not of type number (and 4 similar)',
        ),
        (
            "get_item",
            set_status(203),
            "GET /v1/items/N (getItem) responded 203: getItem declares no response for the status 203 (and 2 similar)",
        ),
        (
            "list_items",
            set_header("X-Total", None),
            "GET /v1/items?page=1 (listItems) responded 200: header X-Total: the header X-Total is required and missing",
        ),
        (
            "list_items",
            set_header("X-Total", "many"),
            'GET /v1/items?page=1 (listItems) responded 200: header X-Total: "many" is not of type integer',
        ),
        (
            "get_banner",
            set_header("Content-Type", "text/html"),
            'GET /v1/banners/summer (getBanner) responded 200: header Content-Type: "text/html" is not declared for the status 200',
        ),
        (
            "get_banner",
            lambda response: response.set_data("x" * 21),
            'GET /v1/banners/summer (getBanner) responded 200: "xxxxxxxxxxxxxxxxxxxxx" is longer than 20 characters',
        ),
        (
            "list_reviews",
            lambda response: response.set_data("[1"),
            "GET /v1/items/N/reviews (listReviews) responded 200: the body is not JSON",
        ),
    ],
)  # fmt: skip
def test_a_deviation_is_found_and_no_other(
    tmp_path: Path, shop: tuple[Shop, str], operation: str, change: Change, message: str
) -> None:
    shop[0].changes[operation] = change
    result = check(tmp_path, shop[1], "--format", "json")
    assert result.exit_code == 1
    assert [text[: len(message)] for text in findings(result)] == [message]


def test_a_deviation_is_placed_at_its_operation_in_the_document(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    shop[0].changes["get_banner"] = set_status(500)
    result = check(tmp_path, shop[1], "--format", "json")
    (finding,) = json.loads(result.stdout)["findings"]
    line = DOCUMENT.splitlines().index("      operationId: getBanner")
    assert {name: finding[name] for name in ("code", "file", "line", "pointer")} == {
        "code": "drift", "file": "shop.yaml", "line": line, "pointer": "/paths/~1banners~1{name}/get",
    }  # fmt: skip


def test_headers_are_sent_and_credentials_that_are_missing_are_named(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    backend, url = shop
    check(tmp_path, url, "--header", "Authorization: Bearer abc")
    assert set(backend.headers) == {"Bearer abc"}
    backend.changes["get_banner"] = set_status(401)
    result = check(tmp_path, url)
    assert result.exit_code == 0
    assert "getBanner: GET /banners/{name}: GET /v1/banners/summer was answered 401; --header" in result.output


def test_the_path_of_the_url_replaces_that_of_the_servers(tmp_path: Path, shop: tuple[Shop, str]) -> None:
    result = check(tmp_path, f"{shop[1]}/v1")
    assert result.exit_code == 0
    assert "No deviations found." in result.output
    assert shop[0].requests[0] == "GET /v1/items?page=1"


def test_a_backend_that_is_not_there_is_exit_code_2(tmp_path: Path) -> None:
    with BackgroundServer(flask.Flask("nothing")) as server:
        url = server.url
    result = check(tmp_path, url)
    assert result.exit_code == 2
    assert f"{url} cannot be reached" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--header", "A: b"], "--header needs --against URL"),
        (["--unsafe"], "--unsafe needs --against URL"),
        (["--against", "localhost:3000"], "is not an address such as http://localhost:3000"),
        (["--against", "http://localhost/?a=b"], "has a query or a fragment"),
        (["--against", "http://localhost", "--header", "no header"], "is not a header such as"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: list[str], message: str) -> None:
    result = click.testing.CliRunner().invoke(main, ["check", *options])
    assert result.exit_code == 2
    assert message in result.output
