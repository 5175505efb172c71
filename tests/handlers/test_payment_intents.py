"""Stripe's PaymentIntents, modelled in about forty lines of contract and handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.check.checker import ContractChecker

OPENAPI = """\
openapi: 3.1.0
info: {title: Payments, version: "1"}
components:
  parameters: {intent: {name: intent, in: path, required: true, schema: {type: string}}}
  responses:
    Intent: {description: The intent, content: {application/json: {schema: {$ref: intent.json}}}}
    Error: {description: An error, content: {application/json: {schema: {type: object, required: [error], properties: {error: {type: object}}}}}}
paths:
  /v1/payment_intents:
    get:
      operationId: list
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100, default: 10}}
        - {name: starting_after, in: query, schema: {type: string}}
      responses: {"200": {description: A page, content: {application/json: {schema: {type: object, required: [object, data, has_more]}}}}, "404": {$ref: "#/components/responses/Error"}}
    post:
      operationId: create
      requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {$ref: intent.json#/$defs/new}}}}
      responses: {"200": {$ref: "#/components/responses/Intent"}}
  /v1/payment_intents/{intent}:
    get: {operationId: retrieve, parameters: [{$ref: "#/components/parameters/intent"}], responses: {"200": {$ref: "#/components/responses/Intent"}}}
  /v1/payment_intents/{intent}/{action}:
    post:
      operationId: act
      parameters: [{$ref: "#/components/parameters/intent"}, {name: action, in: path, required: true, schema: {enum: [confirm, capture, cancel]}}]
      responses: {"200": {$ref: "#/components/responses/Intent"}, "400": {$ref: "#/components/responses/Error"}}
"""
INTENT = {
    "type": "object",
    "required": ["id", "object", "amount", "currency", "status", "client_secret", "amount_received"],
    "properties": {
        "id": {"type": "string"}, "object": {"const": "payment_intent"}, "amount": {"type": "integer"},
        "currency": {"type": "string"}, "client_secret": {"type": "string"}, "amount_received": {"type": "integer"},
        "status": {"enum": ["requires_confirmation", "requires_capture", "succeeded", "canceled"]},
        "capture_method": {"enum": ["automatic", "manual"]},
    },
    "$defs": {"new": {"type": "object", "required": ["amount", "currency"], "properties": {
        "amount": {"type": "integer", "minimum": 1}, "currency": {"type": "string", "examples": ["eur"]},
        "capture_method": {"enum": ["automatic", "manual"]}}}},
}  # fmt: skip
RESOURCES = """\
resources:
  intents:
    schema: intent.json
    key: id
    lifecycle:
      field: status
      initial: requires_confirmation
      transitions:
        confirm: {from: requires_confirmation, to: succeeded}
        authorize: {from: requires_confirmation, to: requires_capture}
        capture: {from: requires_capture, to: succeeded}
        cancel: {from: [requires_confirmation, requires_capture], to: canceled}
operations:
  retrieve: {read: intents}
"""
HANDLERS = """\
from mockserver import Refusal, Reply, derived, handler


@handler("create")
def create(call, records, random):
    key = f"pi_{random.getrandbits(64):016x}"
    fields = {"capture_method": "automatic", **call.body}
    return records.intents.create(fields, id=key, object="payment_intent", client_secret=f"{key}_secret")


@handler("act")
def act(call, records):
    intent, action = records.intents[call.path["intent"]], call.path["action"]
    if action == "confirm" and intent["capture_method"] == "manual":
        action = "authorize"
    try:
        return records.intents.fire(intent["id"], action)
    except Refusal as refusal:
        error = {"code": "payment_intent_unexpected_state", "type": "invalid_request_error", "message": refusal.detail}
        return Reply(400, {"error": error})


@handler("list")
def page(call, records):
    intents = list(reversed(records.intents.all()))
    if after := call.query.get("starting_after"):
        records.intents[after]
        intents = intents[[intent["id"] for intent in intents].index(after) + 1:]
    data = intents[: call.query["limit"]]
    return {"object": "list", "url": "/v1/payment_intents", "data": data, "has_more": len(intents) > len(data)}


@derived("intents", "amount_received")
def amount_received(intent):
    return intent["amount"] if intent["status"] == "succeeded" else 0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"schemas/openapi.yaml": OPENAPI, "schemas/intent.json": json.dumps(INTENT), "schemas/resources.yaml": RESOURCES, "handlers.py": HANDLERS}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    with BackgroundServer(create_app(root), "127.0.0.1") as server:
        yield f"{server.url}/v1/payment_intents"


def post(url: str, **fields: Any) -> Any:
    return requests.post(url, data=fields, timeout=20).json()


def test_the_contract_has_no_mistakes(root: Path) -> None:
    checker = ContractChecker(load_contract(root))
    for _ in checker.steps():
        pass
    assert [str(finding.problem) for finding in checker.findings] == []


def test_an_intent_is_created_and_confirmed(url: str) -> None:
    intent = post(url, amount=1099, currency="eur")
    assert intent["status"] == "requires_confirmation"
    assert intent["amount_received"] == 0
    confirmed = post(f"{url}/{intent['id']}/confirm")
    assert confirmed == {**intent, "status": "succeeded", "amount_received": 1099}
    assert requests.get(f"{url}/{intent['id']}", timeout=20).json() == confirmed


def test_an_intent_is_captured_later(url: str) -> None:
    intent = post(url, amount=5, currency="eur", capture_method="manual")
    assert post(f"{url}/{intent['id']}/confirm")["status"] == "requires_capture"
    assert post(f"{url}/{intent['id']}/capture")["amount_received"] == 5


def test_what_the_state_does_not_allow_is_an_error_of_the_api(url: str) -> None:
    intent = post(url, amount=5, currency="eur")
    assert post(f"{url}/{intent['id']}/cancel")["status"] == "canceled"
    for action in ("cancel", "confirm", "capture"):
        assert post(f"{url}/{intent['id']}/{action}")["error"]["code"] == "payment_intent_unexpected_state"
    assert requests.get(f"{url}/{intent['id']}", timeout=20).json()["status"] == "canceled"


def test_intents_are_listed_with_a_cursor(url: str) -> None:
    created = [post(url, amount=number, currency="eur")["id"] for number in range(1, 6)]
    listed: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = requests.get(url, params=query, timeout=20).json()
        listed += [intent["id"] for intent in page["data"]]
        if not page["has_more"]:
            break
        query["starting_after"] = listed[-1]
    assert listed == created[::-1]
    assert requests.get(url, params={"starting_after": "pi_none"}, timeout=20).status_code == 404


def test_the_official_client_speaks_to_it(url: str) -> None:
    stripe = pytest.importorskip("stripe")
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": url.removesuffix("/v1/payment_intents")})
    intent = client.payment_intents.create({"amount": 1099, "currency": "eur"})
    assert client.payment_intents.confirm(intent.id).amount_received == 1099
    assert [listed.id for listed in client.payment_intents.list({"limit": 1}).data] == [intent.id]
