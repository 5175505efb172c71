"""The bodies that webhooks would send are validated against the schema that the document declares for them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import load_contract
from mockserver.check.checker import ContractChecker
from tests.conftest import MakeContract

TO = "http://localhost:9"


def findings(make_contract: MakeContract, webhook: dict[str, Any], schema: Any, *, callback: bool = False) -> list[str]:
    """What is found where the document declares the schema for this webhook, as one or as a callback."""

    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = {"hook": webhook}
        body = {"content": {"application/json": {"schema": schema}}}
        item = {"post": {"requestBody": body, "responses": {"200": {"description": "received"}}}}
        document = files["schemas/openapi.yaml"]
        if callback:
            document["paths"]["/jobs"]["post"]["callbacks"] = {"hook": {"{$request.body#/note}": item}}
        else:
            document["webhooks"] = {"hook": item}

    checker = ContractChecker(load_contract(make_contract(add)))
    list(checker.steps())
    return [str(finding.problem) for finding in checker.findings if finding.level == "error"]


def data(**members: Any) -> Any:
    return {"properties": {"data": {"properties": members}}}


@pytest.mark.parametrize("callback", [False, True])
def test_a_body_that_violates_its_schema_is_an_error_that_names_webhook_event_and_pointer(
    make_contract: MakeContract, callback: bool
) -> None:
    webhook = {"on": ["jobs.cancel"], "to": TO}
    (message,) = findings(make_contract, webhook, data(status={"const": "gone"}), callback=callback)
    assert "the body of the webhook hook for the event cancel does not match its schema" in message
    assert "/data/status" in message


@pytest.mark.parametrize(
    ("on", "schema"),
    [
        (["jobs.cancel"], data(status={"const": "cancelled"})),
        (["jobs.start"], data(status={"const": "running"})),
        (["jobs.create"], data(status={"const": "queued"})),
        (["jobs.update"], data(status={"enum": ["queued", "running", "done", "cancelled"]})),
        (["jobs.cancel", "jobs.start"], {"properties": {"type": {"enum": ["cancel", "start"]}}}),
        (["events.append"], data(event_type={"enum": ["start", "finish", "cancel"]})),
        (["jobs.delete"], {"required": ["type", "timestamp", "data"]}),
    ],
)
def test_a_body_is_validated_for_the_records_that_have_the_event(
    make_contract: MakeContract, on: list[str], schema: Any
) -> None:
    assert findings(make_contract, {"on": on, "to": TO}, schema) == []


@pytest.mark.parametrize(
    ("on", "event", "schema"),
    [
        ("jobs.create", "create", data(status={"const": "running"})),
        ("jobs.update", "update", data(status={"const": "queued"})),
        ("jobs.delete", "delete", data(status={"const": "queued"})),
        ("jobs.put", "put", data(status={"const": "queued"})),
        ("jobs.start", "start", {"required": ["absent"]}),
        ("events.append", "append", data(event_type={"const": "start"})),
    ],
)
def test_each_kind_of_event_is_validated(make_contract: MakeContract, on: str, event: str, schema: Any) -> None:
    messages = findings(make_contract, {"on": [on], "to": TO}, schema)
    assert all(f"the body of the webhook hook for the event {event} " in message for message in messages)
    assert messages


@pytest.mark.parametrize(
    ("body", "schema", "count"),
    [
        ("$record", {"required": ["status"]}, 0),
        ("$record", {"required": ["data"]}, 1),
        ({"key": "$key"}, {"properties": {"key": {"type": "integer"}}}, 1),
        ({"at": "$at"}, {"properties": {"at": {"type": "string", "format": "date-time"}}}, 0),
        ({"absent": "$record.absent"}, {"required": ["absent"]}, 1),
        ({"resource": "$resource", "id": "$id"}, {"required": ["resource", "id"]}, 0),
    ],
)
def test_the_declared_body_is_what_is_validated(
    make_contract: MakeContract, body: Any, schema: Any, count: int
) -> None:
    assert len(findings(make_contract, {"on": ["jobs.cancel"], "to": TO, "body": body}, schema)) == count


def test_members_that_are_write_only_are_not_in_the_body(make_contract: MakeContract) -> None:
    def add(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["secret"] = {"type": "string", "writeOnly": True}
        files["fixtures/small/jobs.json"][0]["secret"] = "s"
        files["schemas/resources.yaml"]["webhooks"] = {"hook": {"on": ["jobs.cancel"], "to": TO, "body": "$record"}}
        body = {"content": {"application/json": {"schema": {"not": {"required": ["secret"]}}}}}
        item = {"post": {"requestBody": body, "responses": {"200": {"description": "received"}}}}
        files["schemas/openapi.yaml"]["webhooks"] = {"hook": item}

    checker = ContractChecker(load_contract(make_contract(add)))
    list(checker.steps())
    assert [str(finding.problem) for finding in checker.findings] == []


def check_event_of_cancel(make_contract: MakeContract, *, sets: str, has_source: bool) -> list[str]:
    """What is found where the body of `cancel` needs a member that the transition sets, or another one.

    A fixture is cancelled already, without it. Without `has_source`, none of the others can be cancelled.
    """

    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"][sets] = {"type": "string"}
        lifecycle = files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]
        lifecycle["transitions"]["cancel"]["set"] = {sets: "by a user"}
        if not has_source:
            lifecycle["transitions"]["cancel"]["when"] = {"required": ["callback"]}
            files["schemas/job.json"]["properties"]["callback"] = {"type": "string"}
        jobs = files["fixtures/small/jobs.json"]
        jobs.append(jobs[0] | {"id": "d", "status": "cancelled"})
        files["schemas/resources.yaml"]["webhooks"] = {"hook": {"on": ["jobs.cancel"], "to": TO}}
        body = {
            "content": {"application/json": {"schema": data() | {"properties": {"data": {"required": ["reason"]}}}}}
        }
        item = {"post": {"requestBody": body, "responses": {"200": {"description": "received"}}}}
        files["schemas/openapi.yaml"]["webhooks"] = {"hook": item}

    checker = ContractChecker(load_contract(make_contract(change)))
    list(checker.steps())
    return [str(finding.problem) for finding in checker.findings if "webhook" in str(finding.problem)]


def test_a_fixture_in_the_target_state_is_not_taken_as_one_that_had_the_event(make_contract: MakeContract) -> None:
    assert check_event_of_cancel(make_contract, sets="reason", has_source=True) == []


def test_an_event_that_no_record_can_have_is_not_validated(make_contract: MakeContract) -> None:
    assert check_event_of_cancel(make_contract, sets="other", has_source=False) == []


def test_what_the_transition_does_not_set_is_missing_in_the_body(make_contract: MakeContract) -> None:
    (message, *_) = check_event_of_cancel(make_contract, sets="other", has_source=True)
    assert "the body of the webhook hook for the event cancel does not match its schema" in message
    assert '"reason" is required and missing' in message


def test_a_record_that_cannot_leave_the_target_state_does_not_have_the_event(make_contract: MakeContract) -> None:
    """A job that is done has finished in the past; only those that can still run may finish."""

    def change(files: dict[str, Any]) -> None:
        del files["fixtures/small/jobs.json"][3], files["fixtures/small/jobs.json"][:2]
        files["fixtures/small/events.json"] = files["fixtures/small/events.json"][1:]
        files["schemas/resources.yaml"]["webhooks"] = {"hook": {"on": ["jobs.finish"], "to": TO}}
        body = {"content": {"application/json": {"schema": {"properties": {"data": {"required": ["note"]}}}}}}
        item = {"post": {"requestBody": body, "responses": {"200": {"description": "received"}}}}
        files["schemas/openapi.yaml"]["webhooks"] = {"hook": item}

    checker = ContractChecker(load_contract(make_contract(change)))
    list(checker.steps())
    assert [str(finding.problem) for finding in checker.findings if finding.level == "error"] == []


def check_response_of_cancel(make_contract: MakeContract, log: list[dict[str, str]]) -> list[str]:
    """What is found of an operation whose response needs what the transition sets, with a fixture that has it not."""

    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["reason"] = {"type": "string"}
        lifecycle = files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]
        lifecycle["transitions"]["cancel"]["set"] = {"reason": "by a user"}
        lifecycle["transitions"]["drop"] = {"from": "running", "to": "cancelled"}
        files["schemas/event.json"]["properties"]["event_type"] = {"type": "string"}
        jobs = files["fixtures/small/jobs.json"]
        jobs.append(jobs[0] | {"id": "d", "status": "cancelled"})
        files["fixtures/small/events.json"] += log
        success = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}/cancel"]["post"]["responses"]["200"]
        success["content"]["application/json"]["schema"] = {"required": ["reason"]}

    checker = ContractChecker(load_contract(make_contract(change)))
    list(checker.steps())
    return [str(finding.problem) for finding in checker.findings if '"reason" is required' in str(finding.problem)]


def test_nor_is_it_one_that_the_operation_of_the_transition_returns(make_contract: MakeContract) -> None:
    assert check_response_of_cancel(make_contract, []) == []


def test_a_repetition_returns_the_record_as_it_is(make_contract: MakeContract) -> None:
    log = [{"job_id": "d", "event_type": "cancel", "at": "2026-01-01T00:00:01.000Z"}]
    assert check_response_of_cancel(make_contract, log) != []
