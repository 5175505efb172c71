"""Webhooks: what is sent when records change, to whom, how it is signed, and when it is sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.engine import run
from mockserver.engine.deliveries import listener
from mockserver.engine.events import feed
from mockserver.syntax import yaml_reader, yaml_writer
from mockserver.web.reload import ReloadingApp
from tests.conftest import MakeContract
from tests.push.conftest import Api, cancelled_to, delivered_cancellation, deliveries
from tests.push.receiver import Receiver

CANCELLED = {"id": "a", "owner_id": 1, "status": "cancelled", "updated_at": "2026-01-01T00:00:10.000Z"}
NEW = {"id": "n", "owner_id": 1}
SECRET = "whsec_bW9jay1zZWNyZXQ="


def with_callback_url(files: dict[str, Any]) -> None:
    files["schemas/job.json"]["properties"]["callback_url"] = {"type": "string"}


def test_the_default_body_is_that_of_standard_webhooks(start: Callable[..., Api], receiver: Receiver) -> None:
    start(cancelled_to(f"{receiver.url}/hooks?x=1")).post("/jobs/a/cancel")
    hook = receiver.next()
    assert hook.method == "POST"
    assert hook.target == "/hooks?x=1"
    assert hook.body == {"type": "cancel", "timestamp": CANCELLED["updated_at"], "data": CANCELLED}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("$record", CANCELLED),
        ("$record.status", "cancelled"),
        ({"a": ["$key", "$resource", {"b": "$record#/owner_id"}]}, {"a": ["a", "jobs", {"b": 1}]}),
        ({"price": "$$5", "absent": "$record.absent"}, {"price": "$5"}),
        ({"list": ["$record.absent", "$key"]}, {"list": ["a"]}),
        ({"constant": 1}, {"constant": 1}),
    ],
)
def test_a_body_refers_to_the_event(start: Callable[..., Api], receiver: Receiver, body: Any, sent: Any) -> None:
    start(cancelled_to(receiver.url, body=body)).post("/jobs/a/cancel")
    assert receiver.next().body == sent


def test_a_delivery_is_signed_with_its_secret(start: Callable[..., Api], receiver: Receiver) -> None:
    start(cancelled_to(receiver.url, secret=SECRET)).post("/jobs/a/cancel")
    hook = receiver.next()
    content = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode() + hook.raw
    digest = hmac.new(b"mock-secret", content, hashlib.sha256).digest()
    assert hook.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_timestamp_is_that_of_the_machine(start: Callable[..., Api], receiver: Receiver) -> None:
    start(cancelled_to(receiver.url)).post("/jobs/a/cancel")
    assert abs(int(receiver.next().headers["webhook-timestamp"]) - time.time()) < 60


def test_without_a_secret_there_is_no_signature(start: Callable[..., Api], receiver: Receiver) -> None:
    start(cancelled_to(receiver.url)).post("/jobs/a/cancel")
    assert "webhook-signature" not in receiver.next().headers


def test_a_secret_of_the_server_signs_what_has_none(start: Callable[..., Api], receiver: Receiver) -> None:
    start(cancelled_to(receiver.url), webhook_secret=SECRET).post("/jobs/a/cancel")
    assert receiver.next().headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("host", "origin", "count"),
    [
        ("localhost", "https://example.com", 0),
        ("localhost", "http://localhost:5173", 1),
        ("rebound.example", "http://rebound.example", 0),
    ],
)
def test_a_page_of_another_site_cannot_subscribe(
    start: Callable[..., Api], receiver: Receiver, host: str, origin: str, count: int
) -> None:
    api = start(cancelled_to("{$request.body#/callback_url}"))
    body, headers = NEW | {"callback_url": receiver.url}, {**api.headers, "Host": host, "Origin": origin}
    assert requests.post(f"{api.url}/jobs", json=body, headers=headers, timeout=30).status_code == 201
    api.post("/jobs/n/cancel")
    assert api.call("GET", "/__mock/deliveries")["total"] == count


def test_a_delivery_is_listed(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    assert deliveries(api, "delivered") == [delivered_cancellation(receiver.next(), receiver)]


@pytest.mark.parametrize(
    ("event", "method", "path", "body"),
    [
        ("jobs.create", "POST", "/jobs", NEW),
        ("jobs.update", "PATCH", "/jobs/a", {"note": "n"}),
        ("jobs.cancel", "PATCH", "/jobs/a", {"status": "cancelled"}),
        ("jobs.delete", "DELETE", "/jobs/a", None),
        ("jobs.start", "POST", "/__mock/state/jobs/a/start", None),
        ("jobs.put", "PUT", "/__mock/state/jobs/a", CANCELLED | {"updated_at": "2026-01-01T00:00:01.000Z"}),
        ("events.append", "POST", "/jobs/a/cancel", None),
    ],
)
def test_each_kind_of_change_can_be_sent(
    start: Callable[..., Api], receiver: Receiver, event: str, method: str, path: str, body: Any
) -> None:
    start({"hook": {"on": [event], "to": receiver.url}}).call(method, path, body)
    assert receiver.next().body["type"] == event.partition(".")[2]


def test_the_url_of_the_creating_request_is_kept_with_the_record(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to("{$request.body#/callback_url}"))
    api.post("/jobs", NEW | {"callback_url": f"{receiver.url}/mine"})
    api.call("PATCH", "/jobs/n", {"note": "other"})
    api.post("/jobs/n/cancel")
    assert receiver.next().target == "/mine"


def test_a_url_may_consist_of_several_expressions(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to("{$request.body#/callback_url}/jobs/{$key}?of={$record#/note}"))
    api.post("/jobs", NEW | {"callback_url": receiver.url, "note": "a b&c"})
    api.post("/jobs/n/cancel")
    assert receiver.next().target == "/jobs/n?of=a%20b%26c"


def test_the_credentials_of_a_url_are_sent_and_not_listed(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url.replace("://", "://ann:s%20%C3%A9@") + "?token=s3&a=1"))
    api.post("/jobs/a/cancel")
    sent = receiver.next()
    assert sent.headers["authorization"] == "Basic " + base64.b64encode("ann:s é".encode()).decode()
    assert sent.target.endswith("?token=s3&a=1")
    listed = deliveries(api, "delivered")[0]["url"]
    assert listed == receiver.url.replace("://", "://[redacted]@") + "?token=[redacted]&a=1"


def test_the_url_may_be_in_the_record(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to("{$record#/callback_url}"), with_callback_url)
    api.call("PATCH", "/jobs/a", {"callback_url": f"{receiver.url}/of-record"})
    api.post("/jobs/a/cancel")
    assert receiver.next().target == "/of-record"


def test_a_record_that_nobody_has_subscribed_to_is_not_sent(start: Callable[..., Api]) -> None:
    api = start(cancelled_to("{$request.body#/callback_url}"))
    api.post("/jobs/a/cancel")
    assert api.call("GET", "/__mock/deliveries") == {"deliveries": [], "total": 0}


def test_a_recording_keeps_the_subscription(
    start: Callable[..., Api], receiver: Receiver, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    api = start(cancelled_to("{$request.body#/callback_url}"))
    api.post("/jobs", NEW | {"callback_url": f"{receiver.url}/recorded"})
    text = requests.get(f"{api.url}/__mock/recording", headers=api.headers, timeout=10).text
    assert yaml_reader.parse(text)["commands"][0]["put"]["subscription"] == {
        "$request.body#/callback_url": f"{receiver.url}/recorded"
    }


def declare_callback(files: dict[str, Any]) -> None:
    operation = files["schemas/openapi.yaml"]["paths"]["/jobs"]["post"]
    operation["callbacks"] = {
        "jobCancelled": {
            "{$request.body#/callback_url}": {
                "put": {
                    "parameters": [{"name": "X-Kind", "in": "header", "schema": {"const": "job"}}],
                    "requestBody": {
                        "content": {"application/json": {"schema": {"type": "object", "required": ["status"]}}}
                    },
                    "responses": {"200": {"description": "received"}},
                }
            }
        }
    }


def test_a_callback_has_the_url_the_method_and_the_headers_of_the_document(
    start: Callable[..., Api], receiver: Receiver
) -> None:
    api = start({"jobCancelled": {"on": ["jobs.cancel"], "body": "$record"}}, declare_callback)
    api.post("/jobs", NEW | {"callback_url": f"{receiver.url}/back"})
    api.post("/jobs/n/cancel")
    hook = receiver.next()
    assert hook.method == "PUT"
    assert hook.target == "/back"
    assert hook.headers["x-kind"] == "job"


def test_a_body_that_violates_the_declared_schema_is_not_sent(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start({"jobCancelled": {"on": ["jobs.cancel"]}}, declare_callback)
    api.post("/jobs", NEW | {"callback_url": receiver.url})
    api.post("/jobs/n/cancel")
    assert "contract-violation" in deliveries(api, "failed")[0]["attempts"][0]["error"]


def test_a_lenient_server_sends_it_all_the_same(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start({"jobCancelled": {"on": ["jobs.cancel"]}}, declare_callback, strict=False)
    api.post("/jobs", NEW | {"callback_url": receiver.url})
    api.post("/jobs/n/cancel")
    assert receiver.next().body["type"] == "cancel"


def test_a_failed_attempt_is_repeated_when_the_clock_is_advanced(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.statuses = [500]
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    first = deliveries(api)[0]
    api.post("/__mock/clock", {"advance": "5s"})
    assert first["next_attempt"] == "2026-01-01T00:00:15.000Z"
    assert deliveries(api, "delivered", 2)[0]["attempts"] == [
        {"at": "2026-01-01T00:00:10.000Z", "status": 500},
        {"at": "2026-01-01T00:00:15.000Z", "status": 200},
    ]


def test_repeated_attempts_have_the_same_id_and_body(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.statuses = [503]
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api)
    api.post("/__mock/clock", {"advance": "5s"})
    hooks = [receiver.next() for _ in range(2)]
    assert len({(hook.headers["webhook-id"], hook.raw) for hook in hooks}) == 1


def test_the_schedule_ends_after_eight_attempts(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.statuses = [500] * 8
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    for number, wait in enumerate(["5s", "5m", "30m", "2h", "5h", "10h", "10h"], 1):
        deliveries(api, attempts=number)
        api.post("/__mock/clock", {"advance": wait})
    assert len(deliveries(api, "failed", 8)[0]["attempts"]) == 8


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "delivered"), (204, "delivered"), (299, "delivered"), (410, "failed")]
)
def test_a_success_and_a_410_end_the_delivery(
    start: Callable[..., Api], receiver: Receiver, status: int, outcome: str
) -> None:
    receiver.statuses = [status]
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    assert deliveries(api, outcome)[0]["next_attempt"] is None


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500])
def test_other_statuses_are_failed_attempts(start: Callable[..., Api], receiver: Receiver, status: int) -> None:
    receiver.statuses, receiver.location = [status], f"{receiver.url}/elsewhere"
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    assert [attempt["status"] for attempt in deliveries(api)[0]["attempts"]] == [status]


def test_a_receiver_that_is_not_there_is_a_failed_attempt(start: Callable[..., Api]) -> None:
    with Receiver() as gone:
        url = gone.url
    api = start(cancelled_to(url))
    api.post("/jobs/a/cancel")
    assert deliveries(api)[0]["attempts"][0]["error"] == "Connection refused"


@pytest.mark.parametrize("move", [{"undo": 1}, {"rewind": "1s"}])
def test_what_is_pending_for_an_event_that_is_gone_is_cancelled(
    start: Callable[..., Api], receiver: Receiver, move: Any
) -> None:
    receiver.statuses = [500]
    api = start(cancelled_to(receiver.url))
    api.post("/__mock/clock", {"advance": "10s"})
    api.post("/jobs/a/cancel")
    deliveries(api)
    api.post("/__mock/clock", move)
    assert deliveries(api, "cancelled")[0]["next_attempt"] is None


def test_what_is_pending_for_an_event_that_is_still_there_stays(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.statuses = [500]
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api)
    api.call("PATCH", "/jobs/b", {"note": "n"})
    api.post("/__mock/clock", {"undo": 1})
    assert deliveries(api)[0]["status"] == "pending"


@pytest.mark.parametrize("scope", ["run", "sandbox", "all"])
def test_a_reset_cancels_what_is_pending(start: Callable[..., Api], receiver: Receiver, scope: str) -> None:
    receiver.statuses = [500]
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api)
    api.post("/__mock/reset", {"scope": scope})
    listed = api.call("GET", "/__mock/deliveries")["deliveries"]
    assert [delivery["status"] for delivery in listed] == ([] if scope == "all" else ["cancelled"])


def test_what_happens_again_after_an_undo_is_sent_again(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    for _ in range(2):
        api.post("/jobs/a/cancel")
        assert receiver.next().body["type"] == "cancel"
        api.post("/__mock/clock", {"undo": 1})


def test_folding_the_log_again_sends_nothing(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api, "delivered")
    api.call("PATCH", "/jobs/b", {"note": "n"})
    api.post("/__mock/clock", {"undo": 1})
    api.call("PATCH", "/jobs/b", {"note": "n"})
    assert len(deliveries(api, "delivered")) == 1


def test_the_list_can_be_cleared(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api, "delivered")
    api.call("DELETE", "/__mock/deliveries")
    assert api.call("GET", "/__mock/deliveries") == {"deliveries": [], "total": 0}


def test_a_request_does_not_wait_for_the_receiver(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.gate.clear()
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    receiver.next()
    assert api.call("GET", "/jobs/a") == CANCELLED


def test_events_of_one_record_are_sent_one_after_the_other(start: Callable[..., Api], receiver: Receiver) -> None:
    webhook = {"on": ["jobs.start", "jobs.cancel"], "to": receiver.url, "body": ["$key", "$event"]}
    api = start({"hook": webhook})
    receiver.gate.clear()
    for key, transition in (("a", "start"), ("a", "cancel"), ("x%2Fy", "cancel")):
        api.post(f"/__mock/state/jobs/{key}/{transition}")
    begun = [receiver.next().body for _ in range(2)]
    receiver.gate.set()
    assert sorted(begun) == [["a", "start"], ["x/y", "cancel"]]
    assert receiver.next().body == ["a", "cancel"]


def test_what_falls_due_is_sent_when_the_clock_is_advanced(start: Callable[..., Api], receiver: Receiver) -> None:
    def progress(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"]["progress"] = {"jobs": [{"state": "queued", "fire": "start", "after": "1m"}]}

    api = start({"hook": {"on": ["jobs.start"], "to": receiver.url, "body": "$key"}}, progress)
    api.post("/jobs", NEW)
    api.post("/__mock/clock", {"advance": "1h"})
    deliveries(api, "delivered")
    assert {receiver.next().body for _ in range(3)} == {"a", "x/y", "n"}


@pytest.mark.parametrize("move", [{"advance": "1s"}, {"undo": 1}])
def test_much_that_has_happened_is_read_in_portions_and_all_of_it_sent(
    start: Callable[..., Api], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, move: Any
) -> None:
    def progress(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"]["progress"] = {"jobs": [{"state": "queued", "fire": "start", "after": "1m"}]}

    for module in (run, feed, listener):
        monkeypatch.setattr(module, "PORTION", 1)
    api = start({"hook": {"on": ["jobs.start"], "to": receiver.url, "body": "$key"}}, progress)
    for number in range(5):
        api.post("/jobs", {"id": f"n{number}", "owner_id": 1})
    api.post("/__mock/clock", {"advance": "1h"})
    assert len(deliveries(api, "delivered", times=7)) == 7
    api.post("/jobs", NEW)
    api.post("/__mock/clock", move)
    api.post("/jobs", {"id": "last", "owner_id": 1})
    api.post("/__mock/clock", {"advance": "1h"})
    assert len(deliveries(api, "delivered", times=8 + ("advance" in move))) == 8 + ("advance" in move)


def test_with_a_real_clock_what_falls_due_is_sent_without_a_request(
    start: Callable[..., Api], receiver: Receiver
) -> None:
    def progress(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"] |= {
            "clock": {"start": "2026-01-01T00:00:10Z", "mode": "real", "speed": 100},
            "progress": {"jobs": [{"state": "queued", "fire": "start", "after": "10s"}]},
        }

    api = start({"hook": {"on": ["jobs.start"], "to": receiver.url, "body": "$key"}}, progress)
    api.post("/jobs", NEW)
    assert "n" in [receiver.next().body for _ in range(3)]


@pytest.mark.parametrize(
    ("webhook", "message"),
    [
        ({"on": ["job.cancel"], "to": "http://localhost"}, 'there is no resource "job".'),
        ({"on": ["jobs.cancle"], "to": "http://localhost"}, 'jobs has no change "cancle". Did you mean "cancel"?'),
        ({"on": ["events.create"], "to": "http://localhost"}, 'events has no change "create". Known: append.'),
        ({"on": ["jobs.cancel"]}, "needs `to`: a URL, or a runtime expression"),
        ({"on": ["jobs.cancel"], "to": "localhost:3000"}, "is not a URL that begins with http:// or https://"),
        ({"on": ["jobs.cancel"], "to": "{$request.boby#/url}"}, "is not a runtime expression."),
        ({"on": ["jobs.cancel"], "to": "{$response.body#/url}"}, "is not supported"),
        ({"on": ["jobs.cancel"], "to": "http://localhost", "secret": "secret"}, "a secret is whsec_"),
        ({"on": ["jobs.cancel"], "to": "http://localhost", "body": {"a": "$recrod"}}, 'Did you mean "$record"?'),
        ({"on": [], "to": "http://localhost"}, "/webhooks/hook/on"),
    ],
)
def test_mistakes_are_found_when_the_contract_is_loaded(
    problems: Callable[..., list[str]], webhook: Any, message: str
) -> None:
    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = {"hook": webhook}

    assert message in problems(add)[0]


def test_a_webhook_of_the_document_that_is_sent_is_not_reported_as_unused(make_contract: MakeContract) -> None:
    def add(files: dict[str, Any]) -> None:
        declare_callback(files)
        files["schemas/resources.yaml"]["webhooks"] = {"jobCancelled": {"on": ["jobs.cancel"]}}

    assert [str(problem) for problem in load_contract(make_contract(add)).warnings if "callback" in str(problem)] == []


def test_a_webhook_that_leads_to_itself_ends_after_five_deliveries(start: Callable[..., Api]) -> None:
    body = {"owner_id": 1, "note": "$record.note"}
    api = start({"loop": {"on": ["jobs.create"], "to": "{$record#/note}", "body": body}})
    api.post("/jobs", {"id": "first", "owner_id": 1, "note": f"{api.url}/jobs"})
    listed = [*deliveries(api, "delivered", times=4), *deliveries(api)]
    assert [attempt["status"] for delivery in listed for attempt in delivery["attempts"]] == [201] * 4 + [508]


def test_a_delayed_response_leaves_before_the_delivery(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/__mock/overrides", {"operation": "cancelJob", "delay": "300ms"})
    api.post("/jobs/a/cancel")
    responded = time.monotonic()
    receiver.next()
    assert receiver.times[0] >= responded - 0.05


def test_sandboxes_have_deliveries_of_their_own(
    start: Callable[..., Api], receiver: Receiver, make_api: Callable[..., Api]
) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    deliveries(api, "delivered")
    other = make_api(api.url, sandbox="other")
    assert other.call("GET", "/__mock/deliveries") == {"deliveries": [], "total": 0}


def test_a_delivery_names_its_sandbox(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/a/cancel")
    assert receiver.next().headers["x-mock-sandbox"] == api.headers["X-Mock-Sandbox"]


def test_a_refused_change_sends_nothing(start: Callable[..., Api], receiver: Receiver) -> None:
    api = start(cancelled_to(receiver.url))
    api.post("/jobs/c/cancel")
    assert api.call("GET", "/__mock/deliveries")["total"] == 0


def test_with_a_real_clock_an_attempt_is_repeated_without_a_request(
    start: Callable[..., Api], receiver: Receiver
) -> None:
    def run_fast(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"]["clock"] |= {"mode": "real", "speed": 1_000}

    receiver.statuses = [500]
    start(cancelled_to(receiver.url), run_fast).post("/jobs/a/cancel")
    ids = {receiver.next().headers["webhook-id"] for _ in range(2)}
    assert len(ids) == 1


def test_no_more_than_a_thousand_deliveries_are_pending(start: Callable[..., Api], receiver: Receiver) -> None:
    receiver.gate.clear()
    receiver.statuses = [500] * 1_100
    hooks = {f"hook{number}": {"on": ["jobs.cancel"], "to": receiver.url} for number in range(1_010)}
    api = start(hooks)
    api.post("/jobs/a/cancel")
    listed = api.call("GET", "/__mock/deliveries")["deliveries"]
    receiver.gate.set()
    assert [delivery["status"] for delivery in listed].count("failed") == 10


def test_a_reload_keeps_what_is_pending(root: Path, receiver: Receiver, make_api: Callable[..., Api]) -> None:
    receiver.statuses = [500]
    resources = root / "schemas/resources.yaml"
    text = resources.read_text() + yaml_writer.dump({"webhooks": cancelled_to(receiver.url)})
    resources.write_text(text)
    app = ReloadingApp(create_app(root).extensions["mockserver"], lambda: load_contract(root))
    with BackgroundServer(app, "127.0.0.1") as server:
        api = make_api(server.url)
        api.post("/jobs/a/cancel")
        deliveries(api)
        resources.write_text(text + "# changed\n")
        assert app.reload() == []
        api.call("GET", "/jobs/a")
        api.post("/__mock/clock", {"advance": "5s"})
        assert len(deliveries(api, "delivered", 2)) == 1


HANDLERS = """
from mockserver import handler

@handler("createJob")
def create_job(call, records):
    return records.jobs.create(id=call.body["id"], owner_id=1)
"""


def test_a_handler_that_creates_a_record_subscribes_to_it(
    make_contract: MakeContract, receiver: Receiver, make_api: Callable[..., Api]
) -> None:
    def add(files: dict[str, Any]) -> None:
        del files["schemas/resources.yaml"]["operations"]["createJob"]
        files["schemas/resources.yaml"]["webhooks"] = cancelled_to("{$request.body#/callback_url}")

    root = make_contract(add, **{"handlers.py": HANDLERS})
    with BackgroundServer(create_app(load_contract(root)), "127.0.0.1") as server:
        api = make_api(server.url)
        api.post("/jobs", {"id": "n", "callback_url": f"{receiver.url}/handled"})
        api.post("/jobs/n/cancel")
        assert receiver.next().target == "/handled"


def test_a_webhook_of_the_document_is_judged_by_its_schema(start: Callable[..., Api], receiver: Receiver) -> None:
    def declare(files: dict[str, Any]) -> None:
        schema = {"type": "object", "required": ["absent"]}
        body = {"content": {"application/json": {"schema": schema}}}
        files["schemas/openapi.yaml"]["webhooks"] = {
            "jobCancelled": {"post": {"requestBody": body, "responses": {"200": {"description": "received"}}}}
        }

    api = start(cancelled_to(receiver.url), declare)
    api.post("/jobs/a/cancel")
    assert deliveries(api, "failed")[0]["attempts"] == [
        {
            "at": "2026-01-01T00:00:10.000Z",
            "error": 'contract-violation: the body violates the contract: "absent" is required and missing',
        }
    ]


def test_a_query_parameter_may_be_the_url(start: Callable[..., Api], receiver: Receiver) -> None:
    def declare(files: dict[str, Any]) -> None:
        parameter = {"name": "notify", "in": "query", "schema": {"type": "string"}}
        files["schemas/openapi.yaml"]["paths"]["/jobs"]["post"]["parameters"] = [parameter]

    api = start(cancelled_to("$request.query.notify"), declare)
    api.post(f"/jobs?notify={receiver.url}/queried", NEW)
    api.post("/jobs/n/cancel")
    assert receiver.next().target == "/queried"
