"""What streams read from: clocks that run, contracts that are reloaded, derived and computed fields, and logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.web.reload import ReloadingApp
from tests.conftest import MakeContract, write_contract
from tests.push.conftest import Api
from tests.push.test_server_sent_events import add_events, with_stream

MakeApi = Callable[..., Api]


def test_a_clock_that_runs_sends_events_when_they_are_due(make_api: MakeApi, server: BackgroundServer) -> None:
    api = make_api(server.url, "happy-path")
    reader = api.open()
    api.post("/__mock/clock", {"mode": "real", "speed": 100})
    assert [message.event for message in reader.take(3)] == ["ready", "start", "start"]


def test_a_reload_ends_the_streams(tmp_path: Path, make_api: MakeApi) -> None:
    root = write_contract(tmp_path / "contract", with_stream())
    app = ReloadingApp(create_app(load_contract(root)).extensions["mockserver"], lambda: load_contract(root))
    with BackgroundServer(app, "127.0.0.1") as server:
        api = make_api(server.url)
        reader = api.open("/events")
        reader.next()
        assert app.reload() == []
        assert [(message.event, message.data) for message in reader.rest()] == [
            ("reset", {"reason": "the contract was reloaded"})
        ]
        assert api.open("/events").take(1)[0].event == "ready"


def stream_of(resource: str, path: str = "/events") -> Callable[[dict[str, Any]], None]:
    def change(files: dict[str, Any]) -> None:
        add_events(files, "streamEvents", {"schema": {"type": "string"}})
        paths = files["schemas/openapi.yaml"]["paths"]
        paths[path] = paths.pop("/events")
        files["schemas/resources.yaml"]["operations"]["streamEvents"] = {"stream": resource}
        if "{" in path:
            parameter = {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}
            paths[path]["parameters"] = [parameter]

    return change


def test_a_log_is_streamed_entry_by_entry(make_contract: MakeContract, make_api: MakeApi) -> None:
    contract = load_contract(make_contract(stream_of("events", "/jobs/{job_id}/events/live")))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url)
        reader = api.open("/jobs/a/events/live")
        reader.next()
        api.post("/jobs/x%2Fy/cancel")
        api.post("/jobs/a/cancel")
        message = reader.take(1)[0]
        assert message.event == "append"
        assert message.data["job_id"] == "a"
        assert message.data["event_type"] == "cancel"
        assert api.open("/jobs/none/events/live").status == 404


def test_derived_fields_are_those_after_the_event(make_contract: MakeContract, make_api: MakeApi) -> None:
    contract = load_contract(make_contract(stream_of("owners")))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url)
        reader = api.open("/events")
        reader.next()
        api.call("PUT", "/__mock/state/owners/3", {"id": 3})
        api.post("/jobs", {"owner_id": 3})
        api.call("PUT", "/__mock/state/owners/3", {"id": 3})
        assert [message.data for message in reader.take(2)] == [
            {"id": 3, "state": "idle"},
            {"id": 3, "state": "waiting"},
        ]


def test_computed_fields_are_computed(make_contract: MakeContract, make_api: MakeApi) -> None:
    def change(files: dict[str, Any]) -> None:
        with_stream()(files)
        files["schemas/job.json"]["properties"]["note"] = {"type": "string"}

    code = (
        'from mockserver import derived\n\n@derived("jobs", "note")\ndef note(job):\n    return job["status"] + "!"\n'
    )
    contract = load_contract(make_contract(change, **{"handlers.py": code}))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url)
        reader = api.open("/events")
        reader.next()
        api.post("/jobs/a/cancel")
        assert [message.data["note"] for message in reader.take(1)] == ["cancelled!"]


@pytest.mark.parametrize(
    ("item", "violations"),
    [
        ({"properties": {"data": {"properties": {"status": {"const": "queued"}}}}}, True),
        ({"properties": {"event": {"enum": ["start", "finish", "cancel"]}}}, True),
        ({"properties": {"event": {"enum": ["start", "finish", "cancel", "create", "update", "replace", "delete"]}}}, False),
        ({"properties": {"data": {"type": "string", "contentSchema": {"required": ["nothing"]}}}}, True),
        ({"properties": {"data": {"type": "string", "contentSchema": {"required": ["status"]}}}}, False),
        ({"required": ["id", "event", "data"], "additionalProperties": False, "properties": {"id": {}, "event": {}, "data": {}}}, False),
    ],
)  # fmt: skip
def test_check_proves_the_events_of_every_state(make_contract: MakeContract, item: Any, violations: bool) -> None:
    checker = ContractChecker(load_contract(make_contract(with_stream(item))))
    for _ in checker.steps():
        pass
    errors = [finding for finding in checker.findings if finding.level == "error"]
    assert bool(errors) is violations
    assert all("streamJobs" in finding.problem.message for finding in errors)


ORDER = {
    "type": "object",
    "required": ["id", "item"],
    "properties": {"id": {"type": "integer"}, "item": {"type": "string"}},
}
AS_TEXT = {"type": "string", "contentMediaType": "application/json", "contentSchema": ORDER}


def items(**properties: Any) -> dict[str, Any]:
    return {"itemSchema": {"type": "object", "required": ["data"], "properties": properties}}


@pytest.mark.parametrize(
    ("media", "name"),
    [
        (items(event={"const": "order"}, data=AS_TEXT), "order"),
        (items(event={"enum": ["order"]}, data=ORDER), "order"),
        (items(event={"type": "string"}, data=ORDER), "create"),
        ({"schema": ORDER}, "create"),
        (items(event={"enum": ["new", "old"]}, data=ORDER), None),
        (items(data={"type": "string"}), None),
        (items(data={"type": "object", "properties": {"beat": {"type": "integer"}}}), None),
    ],
)
def test_a_stream_of_the_records_of_a_collection_is_inferred(
    tmp_path: Path, make_api: MakeApi, media: dict[str, Any], name: str | None
) -> None:
    def responding(status: str, kind: str, declared: dict[str, Any]) -> dict[str, Any]:
        return {"responses": {status: {"content": {kind: declared}}}}

    orders = {"schema": {"type": "array", "items": ORDER}}
    body = {"requestBody": {"content": {"application/json": {"schema": ORDER}}}}
    stream = {"operationId": "streamOrders", **responding("200", "text/event-stream", media)}
    paths = {
        "/orders": {
            "get": responding("200", "application/json", orders),
            "post": {**responding("201", "application/json", {"schema": ORDER}), **body},
        },
        "/orders/stream": {"get": stream},
    }
    document = {"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    (tmp_path / "api.json").write_text(json.dumps(document))
    contract = load_contract(tmp_path / "api.json", stateful=True)
    assert ("streamOrders" in contract.behaviours) is (name is not None)
    if name is not None:
        with BackgroundServer(create_app(contract), "127.0.0.1") as server:
            api = make_api(server.url)
            reader = api.open("/orders/stream")
            reader.next()
            order = api.post("/orders", {"id": 9, "item": "tea"})
            message = reader.take(1)[0]
            assert (message.event, message.data) == (name, order)
