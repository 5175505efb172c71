"""What a handler gets of a request, and what its result is sent as."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.handlers.conftest import PAY, SHOP, Handlers

ORDER = {"id": "order-1", "status": "open", "updated_at": "2026-01-15T08:00:00.000Z", "total": 1100}


def pay(body: str) -> str:
    """A handler of payOrder whose lines are these."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f'@handler("payOrder")\ndef pay_order(call, records, clock, random):\n{lines}'


def test_a_handler_responds_with_what_it_returns(shop: Handlers) -> None:
    response = shop(PAY).post("/orders/order-1/pay")
    assert response.status_code == 200
    assert response.json() == {**ORDER, "status": "paid", "updated_at": "2026-01-15T09:00:00.000Z"}


@pytest.mark.parametrize("returned", ["order", "Reply(200, order)"])
def test_hidden_members_are_read_but_not_returned(shop: Handlers, returned: str) -> None:
    resources = """
        resources:
          orders:
            schema: order.json
            key: id
            hidden: [reorder_of]
            references: {reorder_of: orders}
            lifecycle: {field: status, initial: open, transitions: {pay: {from: open, to: paid}}, touch: updated_at}
          lines: {schema: line.json, key: id, references: {order_id: orders}, owned_by: [order_id]}
          payments: {schema: payment.json, key: id, references: {order_id: orders}}
        operations: {getOrder: {read: orders}}
    """
    reorder = {"id": "order-2", "status": "open", "updated_at": "2026-01-15T08:10:00.000Z", "reorder_of": "order-1"}
    first = {"id": "order-1", "status": "paid", "updated_at": "2026-01-15T08:00:00.000Z", "reorder_of": "order-1"}
    files = {
        "schemas/resources.yaml": resources,
        "fixtures/small/orders.json": json.dumps([first, reorder]),
        "fixtures/small/payments.json": "[]",
    }
    code = f"""
        @handler("payOrder")
        def pay_order(call, records):
            order = records.orders["order-2"]
            assert order["reorder_of"] == "order-1"
            return {returned}
    """
    response = shop(code, files=files).post("/orders/order-2/pay")
    assert response.status_code == 200
    assert response.json()["id"] == "order-2"
    assert "reorder_of" not in response.json()


def test_write_only_members_of_members_are_read_but_not_returned(shop: Handlers) -> None:
    schema = json.loads((SHOP / "schemas/order.json").read_text())
    pin = {"type": "string", "writeOnly": True}
    schema["properties"]["card"] = {"type": "object", "required": ["pin"], "properties": {"pin": pin}}
    orders = json.loads((SHOP / "fixtures/small/orders.json").read_text())
    orders[0]["card"] = {"pin": "1234"}
    code = """
        @handler("payOrder")
        def pay_order(call, records):
            assert records.orders["order-1"]["card"] == {"pin": "1234"}
            return records.orders["order-1"]
    """
    files = {
        "schemas/order.json": json.dumps(schema),
        "fixtures/small/orders.json": json.dumps(orders),
    }
    assert shop(code, files=files).post("/orders/order-1/pay").json()["card"] == {}


def test_a_reply_has_a_status_and_headers(shop: Handlers) -> None:
    server = shop(pay('return Reply(402, {"error": "declined"}, {"X-Reason": "limit", "Set-Cookie": ["a=1", "b=2"]})'))
    response = server.post("/orders/order-1/pay")
    assert response.status_code == 402
    assert response.json() == {"error": "declined"}
    assert response.headers["X-Reason"] == "limit"
    assert response.cookies.get_dict() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('return {"nope": 1}', ""),
        ('return {**records.orders["order-1"], "total": "many"}', "/total"),
        ("return None", ""),
        ('return Reply(418, {"error": "teapot"})', ""),
        ('return Reply(402, {"message": "declined"})', ""),
        ("return Reply(200, b'{')", ""),
        ("return Reply(200, b'PNG', {'Content-Type': 'image/png'})", ""),
    ],
)
def test_what_the_contract_does_not_allow_is_a_contract_violation_that_changes_nothing(
    shop: Handlers, body: str, pointer: str
) -> None:
    server = shop(pay('records.orders.fire("order-1", "pay")\n' + body))
    before = server.state()
    response = server.post("/orders/order-1/pay")
    assert response.status_code == 500
    assert response.headers["X-Mock-Code"] == "contract-violation"
    assert response.json()["violations"][0]["pointer"] == pointer
    assert server.state() == before


def test_what_the_contract_does_not_allow_is_sent_leniently_and_counted(shop: Handlers) -> None:
    server = shop(pay('records.orders.fire("order-1", "pay")\nreturn {"nope": 1}'), strict=False)
    response = server.post("/orders/order-1/pay")
    assert response.status_code == 200
    assert response.json() == {"nope": 1}
    assert int(response.headers["X-Mock-Violations"]) > 0
    assert server.get("/orders/order-1").json()["status"] == "paid"


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("return {1, 2}", "it returned a set"),
        ('return {"at": records}', "it returned a Draft at /at"),
        ("import datetime\nreturn {'id': datetime.date(2026, 1, 1)}", "it returned a date at /id"),
        ("return {'total': float('nan')}", "it returned a number that is not finite at /total"),
        ("return {1: 2}", "it returned an object with the name 1: names must be texts"),
        ("return (x for x in [])", "it returned a generator: return a JSON body or a Reply"),
        ("async def f(): ...\nreturn f()", "it returned a coroutine: write `def` instead of `async def`"),
        ("return records.orders.all", "it returned all, which was not called"),
        ("return Reply('200', {})", "Reply has the status '200': it must be a whole number from 200 to 599"),
        ("return Reply(99, {})", "Reply has the status 99"),
        ("return Reply(200, {}, {'X-A': 'a\\nb'})", "the header 'X-A' of a Reply must be ASCII text on one line"),
        ("return Reply(200, {}, {'X-A': 'a\\0b'})", "the header 'X-A' of a Reply must be ASCII text on one line"),
        ("return Reply(200, {}, {'X-A': ['a', 1]})", "the header 'X-A' of a Reply must be ASCII text on one line"),
        ("return Reply(200, {}, {'X A': 'a'})", "'X A' in the headers of a Reply is not a valid name"),
        ("return Reply(200, {}, {'': 'a'})", "'' in the headers of a Reply is not a valid name"),
        ("return Reply(200, {}, {'content-length': '2'})", "a Reply cannot have the header 'content-length'"),
        ("return Reply(200, {}, {'Connection': 'close'})", "which the server sets itself"),
        (r"return {'id': 'x\ud800'}", "it returned a text at /id with half of a surrogate pair"),
        (r"return {'x\ud800': 1}", "it returned a text with half of a surrogate pair"),
        ("return {'total': 10 ** 5_000}", "it returned a number at /total with too many digits"),
        ("return Reply(200, {}, {'X-A': 1})", "the header 'X-A' of a Reply must be a text, or a list of texts"),
    ],
)
def test_what_is_no_response_is_a_failure_that_says_what_would_be_right(shop: Handlers, body: str, note: str) -> None:
    server = shop(pay(body))
    response = server.post("/orders/order-1/pay")
    assert response.status_code == 500
    assert response.json()["code"] == "handler-failed"
    assert note in server.entry()["note"]


def test_an_exception_is_a_failure_whose_place_only_journal_and_log_have(
    shop: Handlers, caplog: pytest.LogCaptureFixture
) -> None:
    server = shop(pay('secret = "hunter2"\nraise KeyError(secret)'))
    response = server.post("/orders/order-1/pay")
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "The handler of payOrder failed. Nothing was changed. "
        "The journal and the log of the server say where.",
        "code": "handler-failed",
    }
    entry, note = server.entry(), "the handler of payOrder failed at handlers.py:5: KeyError: 'hunter2'"
    assert entry["code"] == "handler-failed"
    assert entry["handler"] == "handlers.py:2 pay_order"
    assert entry["note"] == note
    assert [record.getMessage() for record in caplog.records] == [note]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("Odd()", "Odd: its text cannot be read"),
        ("mockserver.Refusal('out of stock')", "Refusal: out of stock"),
        ("OutOfStock('none left')", "OutOfStock: none left"),
        ("KeyboardInterrupt()", "KeyboardInterrupt"),
    ],
)
def test_any_exception_is_a_failure(shop: Handlers, error: str, reason: str) -> None:
    code = (
        "import mockserver\n\nclass Odd(Exception):\n    def __str__(self):\n        return 1\n\n"
        "class OutOfStock(mockserver.Refusal):\n    pass\n\n"
    )
    server = shop(code + pay(f"raise {error}"))
    assert server.post("/orders/order-1/pay").json()["code"] == "handler-failed"
    assert server.entry()["note"].endswith(reason)


def test_the_place_of_a_failure_is_the_deepest_in_the_contract(shop: Handlers) -> None:
    server = shop("import pricing\n" + pay("pricing.fail()"), files={"pricing.py": "def fail():\n    int('x')\n"})
    server.post("/orders/order-1/pay")
    assert server.entry()["note"].startswith("the handler of payOrder failed at pricing.py:2: ValueError")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('records.orders["nope"]', 404, "unknown-record"),
        ('records.orders.fire("order-2", "pay")', 409, "transition-not-allowed"),
        ('records.orders.fire("order-1", "pay")\nrecords.orders.fire("order-1", "pay")', 409, "transition-not-allowed"),
        ('records.orders.create(id="order-1")', 409, "record-exists"),
        ('records.payments.create(order_id="nope", amount=1, at=clock.now)', 422, "invalid-record"),
        ('records.orders.update("order-1", status="lost")', 422, "invalid-record"),
        ('records.orders.update("order-1", total=1)', 422, "invalid-record"),
    ],
)
def test_a_refused_change_is_the_response_that_it_would_be_elsewhere(
    shop: Handlers, body: str, status: int, code: str
) -> None:
    server = shop(pay('records.lines.delete("line-1")\n' + body))
    before = server.state()
    response = server.post("/orders/order-1/pay")
    assert response.status_code == status
    assert response.json()["code"] == code
    assert server.state() == before


def test_a_refused_change_can_be_caught(shop: Handlers) -> None:
    server = shop("from mockserver import Refusal\n" + pay(
        'try:\n    records.orders["nope"]\nexcept Refusal as refusal:\n    return Reply(402, {"error": refusal.detail})'))  # fmt: skip
    assert server.post("/orders/order-1/pay").json() == {"error": 'orders has no record "nope".'}


ECHO = """
@handler("echo")
def echo(call):
    body = call.body
    if isinstance(body, bytes):
        body = ["bytes", len(body)]
    elif isinstance(body, dict) and isinstance(body.get("file"), Upload):
        file = body["file"]
        body = {**body, "file": [file.filename, file.content_type, file.data.hex()]}
    return {"path": call.path, "query": call.query, "body": body, "cookies": call.cookies, "headers": [
        call.headers["x-count"], call.headers["AUTHORIZATION"], call.headers.get("x-none"), "X-Other" in call.headers]}
"""
DOCUMENT = """\
openapi: 3.1.0
info: {title: Echo, version: 1.0.0}
paths:
  /echo/{number}:
    post:
      operationId: echo
      parameters:
        - {name: number, in: path, required: true, schema: {type: integer}}
        - {name: tags, in: query, schema: {type: array, items: {type: integer}}}
        - {name: limit, in: query, schema: {type: integer, default: 20}}
        - {name: X-Count, in: header, schema: {type: integer}}
        - {name: seen, in: cookie, schema: {type: boolean}}
      requestBody:
        content:
          application/json: {schema: {}}
          multipart/form-data: {schema: {type: object, properties: {file: {type: string}, size: {type: integer}}}}
          application/octet-stream: {schema: {type: string, format: binary}}
          application/xml: {schema: {type: object, properties: {size: {type: integer}}}}
      responses: {"200": {description: The request, content: {application/json: {schema: {type: object}}}}}
"""
HEADERS = {"X-Count": "3", "Authorization": "Bearer x", "X-Other": "y", "Cookie": "seen=true; other=a"}


@pytest.fixture
def echo(shop: Handlers) -> Any:
    files: dict[str, str | None] = {"schemas/openapi.yaml": DOCUMENT, "schemas/resources.yaml": "resources: {}\n"}
    files |= {"scenarios/baseline.yaml": "summary: Nothing\n"}
    files |= {f"fixtures/small/{name}.json": None for name in ("orders", "lines", "payments")}
    server = shop(ECHO, total="", files=files)
    return lambda path="/echo/7", **options: server.post(path, **options)


def test_a_call_has_the_decoded_parameters_and_all_headers(echo: Any) -> None:
    response = echo("/echo/7?tags=1&tags=2", json={"a": [1]}, headers=HEADERS)
    assert response.json() == {
        "path": {"number": 7}, "query": {"tags": [1, 2], "limit": 20}, "body": {"a": [1]},
        "cookies": {"seen": True, "other": "a"}, "headers": [3, "Bearer x", None, True],
    }  # fmt: skip


def test_an_uploaded_file_has_its_name_its_type_and_its_bytes(echo: Any) -> None:
    form = {"file": ("a.bin", b"\x00\xff", "application/x-thing"), "size": (None, "2")}
    assert echo(files=form, headers=HEADERS).json()["body"] == {
        "file": ["a.bin", "application/x-thing", "00ff"],
        "size": 2,
    }


def test_another_body_is_bytes(echo: Any) -> None:
    response = echo(data=b"\x00\xff\x01", headers={**HEADERS, "Content-Type": "application/octet-stream"})
    assert response.json()["body"] == ["bytes", 3]


def test_xml_is_the_value_that_its_schema_describes(echo: Any) -> None:
    response = echo(data=b"<thing><size>2</size></thing>", headers={**HEADERS, "Content-Type": "application/xml"})
    assert response.json()["body"] == {"size": 2}


def test_an_undeclared_query_parameter_is_rejected(echo: Any) -> None:
    response = echo("/echo/7?limt=1", json={}, headers=HEADERS)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid-request"


def test_the_accepted_media_type_is_checked_before_the_handler_is_called(shop: Handlers) -> None:
    server = shop(PAY)
    before = server.state()
    assert server.post("/orders/order-1/pay", headers={"Accept": "image/png"}).status_code == 406
    assert server.state() == before


FORMS = """\
openapi: 3.1.0
info: {title: Forms, version: 1.0.0}
paths:
  /empty: {post: {operationId: empty, responses: {"204": {description: Nothing}}}}
  /both: {post: {operationId: both, responses: {"200": {description: A, content: {application/json: {schema: {type: object}}}}, "204": {description: Nothing}}}}
  /nullable: {post: {operationId: nullable, responses: {"200": {description: A, content: {application/json: {schema: {type: ["null", object]}}}}}}}
  /text: {post: {operationId: text, responses: {"200": {description: A, content: {text/plain: {schema: {type: string, maxLength: 5}}}}}}}
  /xml: {post: {operationId: xml, responses: {"200": {description: A, content: {application/xml: {schema: {type: object, properties: {size: {type: integer}}}}}}}}}
  /image: {post: {operationId: image, responses: {"200": {description: A, content: {image/png: {}, image/gif: {}}}}}}
  /created: {post: {operationId: created, responses: {"201": {description: A, headers: {Location: {required: true, schema: {type: string}}}, content: {application/json: {schema: {type: string}}}}}}}
"""


@pytest.mark.parametrize(
    ("operation", "result", "status", "media_type", "body"),
    [
        ("empty", "None", 204, None, b""),
        ("empty", "Reply(204)", 204, None, b""),
        ("empty", "{}", 500, "application/problem+json", None),
        ("both", "None", 204, None, b""),
        ("both", "{}", 200, "application/json", b"{}"),
        ("nullable", "None", 200, "application/json", b"null"),
        ("text", "'tea'", 200, "text/plain; charset=utf-8", b"tea"),
        ("text", "'too long'", 500, "application/problem+json", None),
        ("xml", "{'size': 2}", 200, "application/xml; charset=utf-8", b'<?xml version="1.0" encoding="UTF-8"?>\n<root><size>2</size></root>'),
        ("xml", "'<root><size>2</size></root>'", 200, "application/xml; charset=utf-8", b"<root><size>2</size></root>"),
        ("xml", "b'<root><size>2</size></root>'", 200, "application/xml", b"<root><size>2</size></root>"),
        ("xml", "{'size': 'x'}", 500, "application/problem+json", None),
        ("xml", "'<root><size>x</size></root>'", 500, "application/problem+json", None),
        ("xml", "b'<root><size>x</size></root>'", 500, "application/problem+json", None),
        ("xml", "'<root>'", 500, "application/problem+json", None),
        ("image", "b'PNG'", 200, "image/png", b"PNG"),
        ("image", "Reply(200, b'GIF', {'Content-Type': 'image/gif'})", 200, "image/gif", b"GIF"),
        ("image", "Reply(200, b'BMP', {'content-type': 'image/bmp'})", 500, "application/problem+json", None),
        ("created", "Reply(201, 'tea', {'location': '/tea'})", 201, "application/json", b'"tea"'),
        ("created", "('tea')", 201, "application/json", b'"tea"'),
        ("created", "Reply(200, 'tea')", 500, "application/problem+json", None),
    ],
)  # fmt: skip
def test_a_result_is_sent_in_the_declared_form(
    shop: Handlers, operation: str, result: str, status: int, media_type: str | None, body: bytes | None
) -> None:
    files: dict[str, str | None] = {"schemas/openapi.yaml": FORMS, "schemas/resources.yaml": "resources: {}\n"}
    files |= {"scenarios/baseline.yaml": "summary: Nothing\n"}
    files |= {f"fixtures/small/{name}.json": None for name in ("orders", "lines", "payments")}
    server = shop(f'@handler("{operation}")\ndef respond():\n    return {result}\n', total="", files=files)
    response = server.post(f"/{operation}")
    assert response.status_code == status
    assert response.headers.get("Content-Type") == media_type
    assert body is None or response.content == body
