"""Values that follow from what has happened to a record, and from what clients send in another form."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve
from tests.documents.shapes import INTEGER, TEXT, array_of, content, crud, document, operation, record

BOOLEAN, NUMBER = {"type": "boolean"}, {"type": "number"}
STAMP, DAY = {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}
NOW = "2026-01-01T00:00:00.000Z"


def serve_things(serve: Serve, thing: dict[str, Any], sent: dict[str, Any], **more: dict[str, Any]) -> FlaskClient:
    """A server of things whose bodies have the members `sent`, none of which is required."""
    paths = crud("/things", "/things/{id}", thing) | more
    body = content({"type": "object", "properties": sent})
    paths["/things"]["post"]["requestBody"] = body
    paths["/things/{id}"]["patch"] = operation(schema=thing) | {"requestBody": body}
    return serve(document(paths, id=INTEGER), stateful=True)


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("done", BOOLEAN, False),
        ("isRead", BOOLEAN, False),
        ("likes", INTEGER, 0),
        ("view_count", INTEGER, 0),
        ("sentAt", STAMP, NOW),
        ("submitted_at", STAMP, NOW),
        ("order_date", DAY, NOW[:10]),
        ("created_on", DAY, NOW[:10]),
        ("createdAt", INTEGER, 1_767_225_600),
        ("done", {**BOOLEAN, "default": True}, True),
    ],
)
def test_nothing_has_happened_to_a_new_record(serve: Serve, name: str, schema: Any, expected: Any) -> None:
    client = serve_things(serve, record(id=INTEGER, label=TEXT, **{name: schema}), {"label": TEXT})
    assert client.post("/things", json={"label": "new"}).json[name] == expected


def test_a_time_is_in_milliseconds_where_the_first_record_has_it_so(serve: Serve) -> None:
    thing = record(id=INTEGER, label=TEXT, createdAt=INTEGER)
    thing["examples"] = [{"id": 1, "label": "old", "createdAt": 1_767_000_000_000}]
    client = serve_things(serve, thing, {"label": TEXT})
    assert client.post("/things", json={"label": "new"}).json["createdAt"] == 1_767_225_600_000


def test_what_follows_from_a_stock_follows_its_change(serve: Serve) -> None:
    thing = record(id=INTEGER, stock=INTEGER, inStock=BOOLEAN, soldOut=BOOLEAN)
    client = serve_things(serve, thing, {"stock": INTEGER, "soldOut": BOOLEAN})

    def change(**members: Any) -> list[Any]:
        answer: Any = client.patch("/things/4", json=members).json
        return [answer["inStock"], answer["soldOut"]]

    assert client.post("/things", json={"stock": 3}).json == {"id": 4, "stock": 3, "inStock": True, "soldOut": False}
    assert change(stock=0) == [False, True]
    assert change(stock=5, soldOut=True) == [True, True]
    # Who has set it otherwise keeps it so.
    assert change(stock=6) == [True, True]


def test_totals_follow_a_change_of_what_they_add_up(serve: Serve) -> None:
    lines = array_of(record(price=NUMBER, quantity=INTEGER))
    thing = record(id=INTEGER, lines=lines, line_count=INTEGER, total=NUMBER)
    client = serve_things(serve, thing, {"lines": lines, "total": NUMBER})
    first, second = {"price": 2, "quantity": 3}, {"price": 1, "quantity": 5}
    assert client.post("/things", json={"lines": [first]}).json["total"] == 6
    changed: Any = client.patch("/things/4", json={"lines": [first, second]}).json
    assert [changed["line_count"], changed["total"]] == [2, 11]
    assert client.patch("/things/4", json={"total": 9}).json["total"] == 9
    assert client.patch("/things/4", json={"lines": [second]}).json["total"] == 9


@pytest.mark.parametrize(("name", "kept", "amounts"), [("total", 0, [15, 3, 3]), ("lines_total", 1, [12, 6, 6])])
def test_an_amount_that_may_be_called_like_a_count_follows_a_change(
    serve: Serve, name: str, kept: int, amounts: list[int]
) -> None:
    lines, sent = array_of(record(price=NUMBER, quantity=INTEGER)), [{"price": 2, "quantity": 3}] * 2
    thing = record(id=INTEGER, label=TEXT, tax=NUMBER, lines=lines, **{name: NUMBER})
    client = serve_things(serve, thing, {"label": TEXT, "lines": lines, "tax": NUMBER})
    answers: list[Any] = [client.post("/things", json={"label": "a", "lines": sent, "tax": 3}).json]
    answers += [client.patch("/things/4", json=change).json for change in ({"lines": sent[:kept]}, {"label": "b"})]
    assert [answer[name] for answer in answers] == amounts


def test_a_list_of_texts_becomes_one_of_objects_that_are_called_so(serve: Serve) -> None:
    thing = record(id=INTEGER, tags=array_of(record(id=INTEGER, name=TEXT)))
    client = serve_things(serve, thing, {"tags": array_of(TEXT)})
    created: Any = client.post("/things", json={"tags": ["red", "blue"]}).json
    assert [tag["name"] for tag in created["tags"]] == ["red", "blue"]
    assert [tag["name"] for tag in client.patch("/things/4", json={"tags": ["green"]}).json["tags"]] == ["green"]


OWNER = {"type": "object", "required": ["id", "name"], "properties": {"id": INTEGER, "name": TEXT}}


@pytest.mark.parametrize(
    ("schema", "sent", "keys", "expected"),
    [
        ({"$ref": "#/components/schemas/Owner"}, INTEGER, 2, 2),
        ({"$ref": "#/components/schemas/Owner"}, TEXT, "3", 3),
        (array_of({"$ref": "#/components/schemas/Owner"}), array_of(INTEGER), [3, 1], [3, 1]),
    ],
)
def test_the_key_of_a_record_that_is_shown_stands_for_it(
    serve: Serve, schema: Any, sent: Any, keys: Any, expected: Any
) -> None:
    thing = {"type": "object", "required": ["id"], "properties": {"id": INTEGER, "owner": schema}}
    owner = {"$ref": "#/components/schemas/Owner"}
    described = document(crud("/things", "/things/{id}", thing) | crud("/owners", "/owners/{id}", owner), id=INTEGER)
    described["components"] = {"schemas": {"Owner": OWNER}}
    body = content({"type": "object", "properties": {"owner": sent}})
    described["paths"]["/things"]["post"]["requestBody"] = body
    described["paths"]["/things/{id}"]["patch"] = operation(schema=thing) | {"requestBody": body}
    client = serve(described, stateful=True)
    owners: Any = {owner["id"]: owner for owner in client.get("/owners").json or ()}
    shown = [owners[key] for key in expected] if isinstance(expected, list) else owners[expected]
    created: Any = client.post("/things", json={"owner": keys}).json
    assert created["owner"] == shown
    unknown = [99] if isinstance(keys, list) else type(keys)(99)
    assert client.patch(f"/things/{created['id']}", json={"owner": unknown}).json["owner"] == shown
    without: Any = client.post("/things", json={"owner": unknown}).json
    assert "owner" not in without


def test_a_removed_record_says_when_it_was_deleted(serve: Serve) -> None:
    perhaps_stamp = {"type": ["string", "null"], "format": "date-time"}
    thing = record(id=INTEGER, deleted_at=perhaps_stamp, isDeleted=BOOLEAN)
    paths = crud("/things", "/things/{id}", thing)
    paths["/things/{id}"]["delete"] = operation(schema=thing)
    client = serve(document(paths, id=INTEGER), stateful=True)
    assert client.get("/things/1").json == {"id": 1, "deleted_at": None, "isDeleted": False}
    assert client.delete("/things/1").json == {"id": 1, "deleted_at": NOW, "isDeleted": True}


def test_values_that_are_generated_differ_after_changes_were_dropped(serve: Serve) -> None:
    lines = array_of(record(id=TEXT, label=TEXT))
    client = serve_things(serve, record(id=INTEGER, lines=lines), {"lines": array_of(record(label=TEXT))})

    def create() -> str:
        created: Any = client.post("/things", json={"lines": [{"label": "x"}]}).json
        return str(created["lines"][0]["id"])

    first, second = create(), create()
    client.post("/__mock/clock", json={"undo": 1})
    assert create() == second != first


def test_an_envelope_has_what_it_must_have_though_nothing_declares_it(serve: Serve) -> None:
    thing = record(id=INTEGER, label=TEXT)
    paths = crud("/things", "/things/{id}", thing)
    paths["/things"]["get"] = operation(schema={**record(items=array_of(thing)), "required": ["items", "note"]})
    paths["/things/{id}"]["get"] = operation(schema={**record(data=thing), "required": ["data", "note"]})
    client = serve(document(paths, id=INTEGER), stateful=True)
    for path in ("/things", "/things/1"):
        response = client.get(path)
        assert (response.status_code, "note" in (response.json or ())) == (200, True)


def test_an_action_sets_a_boolean_that_is_called_like_what_it_leads_to(serve: Serve) -> None:
    thing = record(id=INTEGER, label=TEXT, done=BOOLEAN)
    words = ("complete", "uncomplete", "reopen")
    actions = {f"/things/{{id}}/{word}": {"post": operation(schema=thing)} for word in words}
    client = serve_things(serve, thing, {"label": TEXT}, **actions)
    client.post("/things", json={"label": "x"})
    done = [client.post(f"/things/4/{word}").json["done"] for word in ("complete", "uncomplete", "complete", "reopen")]
    assert done == [True, False, True, False]


def test_an_action_leaves_the_time_at_which_it_is_planned(serve: Serve) -> None:
    stamp = {**STAMP, "type": ["string", "null"]}
    thing = record(id=INTEGER, label=TEXT, cancel_at=stamp, canceled_at=stamp)
    cancellation = {"/things/{id}/cancel": {"post": operation(schema=thing)}}
    client = serve_things(serve, thing, {"label": TEXT, "cancel_at": stamp}, **cancellation)
    planned = "2026-02-01T00:00:00Z"
    client.post("/things", json={"label": "x", "cancel_at": planned})
    cancelled: Any = client.post("/things/4/cancel").json
    assert [cancelled["cancel_at"], cancelled["canceled_at"]] == [planned, NOW]


def test_an_action_changes_a_single_record_too(serve: Serve) -> None:
    cart = record(coupon_code=TEXT, email_verified=BOOLEAN)
    sending = content(record(coupon_code=TEXT))
    paths = {
        "/cart": {"get": operation(schema=cart)},
        "/cart/coupon": {"post": operation(schema=cart) | {"requestBody": sending}},
        "/cart/verify-email": {"post": operation(schema=cart)},
    }
    paths["/cart"]["patch"] = operation(schema=cart) | {"requestBody": sending}
    client = serve(document(paths), stateful=True)
    assert client.post("/cart/coupon", json={"coupon_code": "X"}).json["coupon_code"] == "X"
    assert client.post("/cart/verify-email").json == {"coupon_code": "X", "email_verified": True}
    assert client.get("/cart").json == {"coupon_code": "X", "email_verified": True}


@pytest.mark.parametrize("others", [{"delete": operation(status=204)}, {}])
def test_an_action_changes_a_record_that_is_never_read_alone(serve: Serve, others: dict[str, Any]) -> None:
    note = record(id=INTEGER, label=TEXT, read=BOOLEAN)
    paths = {
        "/notes": {"get": operation(schema=array_of(note))},
        "/notes/{id}": others,
        "/notes/{id}/read": {"post": operation(schema=note)},
    }
    client = serve(document(paths, id=INTEGER), stateful=True)
    assert client.post("/notes/2/read").json["read"] is True
    assert [entry["read"] for entry in client.get("/notes").json or ()][1] is True
    assert client.post("/notes/9/read").status_code == 404
