from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.engine import reducer
from tests.conftest import MakeContract

Change = Callable[[dict[str, Any]], object]
RunCheck = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def check(make_contract: MakeContract) -> RunCheck:
    """Checks the small contract, changed by `change`: the level and the message of each finding."""

    def run(change: Change | None = None, /, **texts: str) -> list[tuple[str, str]]:
        checker = ContractChecker(load_contract(make_contract(change, **texts)))
        assert all(0 <= progress <= 1 for progress in checker.steps())
        return [(finding.level, str(finding.problem)) for finding in checker.findings]

    return run


def json_response(files: dict[str, Any], path: str, method: str, status: str) -> Any:
    """The JSON media type of a declared response."""
    declared = files["schemas/openapi.yaml"]["paths"][path][method]["responses"][status]
    return declared["content"]["application/json"]


@pytest.fixture(scope="module")
def checked(built_in: Contract) -> ContractChecker:
    """The built-in contract, checked."""
    checker = ContractChecker(built_in)
    progress = list(checker.steps())
    assert progress == sorted(progress)
    return checker


def test_the_built_in_contract_passes_without_a_warning(checked: ContractChecker) -> None:
    assert checked.findings == []
    assert checked.passed


def test_every_record_is_validated_in_every_state_that_it_can_reach(checked: ContractChecker) -> None:
    large = next(counts for counts in checked.scenarios if counts.name == "large-queue")
    assert large.states > large.records["jobs"] + large.records["sessions"]


def test_the_small_contract_passes(check: RunCheck) -> None:
    assert check() == []


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_responses_behind_credentials_are_checked_too(check: RunCheck, place: str) -> None:
    def change(files: dict[str, Any]) -> None:
        document = files["schemas/openapi.yaml"]
        document["components"] = {"securitySchemes": {"key": {"type": "apiKey", "in": place, "name": "X-Key"}}}
        document["security"] = [{"key": []}]
        json_response(files, "/jobs", "get", "200")["schema"] = {"type": "object"}

    assert any("the response of listJobs does not match its schema" in message for _, message in check(change))


def test_a_response_that_is_invalid_only_in_a_later_state_is_found(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        allowed = {"status": {"enum": ["queued", "running", "done"]}}
        schema = {"allOf": [{"$ref": "job.json"}, {"properties": allowed}]}
        json_response(files, "/jobs/{job_id}", "get", "200")["schema"] = schema

    # a, b and x/y can be cancelled; c is done. No fixture is cancelled.
    assert check(change) == [
        (
            "error",
            "scenarios/baseline.yaml:1: jobs a in state cancelled: the response of getJob does not match its schema: "
            'body /status: "cancelled" is not one of "queued", "running", "done". (and 2 similar)',
        )
    ]


def test_a_derived_value_that_makes_a_response_invalid_is_found(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        paths = files["schemas/openapi.yaml"]["paths"]
        schema = {"allOf": [{"$ref": "owner.json"}, {"properties": {"state": {"enum": ["waiting", "busy", "over"]}}}]}
        ok = {"200": {"description": "owner", "content": {"application/json": {"schema": schema}}}}
        own = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        paths["/owners/{id}"] = {"parameters": [own], "get": {"operationId": "getOwner", "responses": ok}}
        files["schemas/resources.yaml"]["operations"]["getOwner"] = {"read": "owners"}

    message = "owners 1: the response of getOwner does not match its schema: body /state"
    assert any(message in finding for _, finding in check(change))


def test_an_error_response_that_violates_its_declaration_is_found(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        media = {"application/json": {"schema": {"type": "object", "required": ["never"], "properties": {"never": {"pattern": "^[a-z]{40}$", "type": "string"}}}}}  # fmt: skip
        responses = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}/cancel"]["post"]["responses"]
        responses["409"] = {"description": "no", "headers": {"X-Needed": {"required": True, "schema": {"type": "string", "minLength": 2, "maxLength": 1}}}, "content": media}  # fmt: skip

    message = "POST /jobs/a/cancel (cancelJob) for jobs a in state done: header X-Needed"
    assert any(message in finding for _, finding in check(change))


def test_a_response_that_is_invalid_only_as_a_whole_is_found(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        json_response(files, "/jobs", "get", "200")["schema"]["maxItems"] = 3

    assert any("GET /jobs (listJobs) at the start of the scenario: it has " in message for _, message in check(change))


def test_an_operation_without_a_response_is_found(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        del json_response(files, "/message", "get", "200")["example"]
        json_response(files, "/message", "get", "200")["schema"] |= {"pattern": "^a$", "minLength": 2}

    ((level, message),) = check(change)
    assert level == "error"
    assert re.fullmatch(
        r"schemas/openapi\.yaml:\d+ /paths/~1message/get: getMessage has no example in "
        r"application/json, and no value could be generated: .+",
        message,
    )


def ungeneratable(files: dict[str, Any]) -> None:
    """Let the schema of jobs allow no value of their `note`."""
    files["schemas/job.json"]["properties"]["note"] |= {"pattern": "^a$", "minLength": 2}


UNGENERATABLE = (
    "no record of jobs can be generated: schemas/job.json#/properties/note: "
    "no string of at least 2 characters was found that matches the pattern ^a$"
)
MANY = "generate: {owners: {count: 1}, jobs: {count: 2}}"


def test_a_scenario_whose_records_cannot_be_generated_is_one_error(check: RunCheck) -> None:
    findings = check(ungeneratable, **{"scenarios/many.yaml": MANY})
    assert findings == [("error", f"scenarios/many.yaml:1: {UNGENERATABLE}")]


def test_a_default_scenario_whose_records_cannot_be_generated_is_one_error(check: RunCheck) -> None:
    errors = [finding for finding in check(ungeneratable, **{"scenarios/baseline.yaml": MANY}) if finding[0] == "error"]
    assert errors == [("error", f"scenarios/baseline.yaml:1: {UNGENERATABLE}")]


def test_a_recording_whose_records_cannot_be_generated_is_one_error(check: RunCheck) -> None:
    command = "{at: '2026-01-01T00:00:00Z', fire: {resource: jobs, key: jobs-1, transition: start}}"
    findings = check(ungeneratable, **{"scenarios/recording.yaml": f"{MANY}\ncommands: [{command}]"})
    assert findings == [("error", f"scenarios/recording.yaml:1: {UNGENERATABLE}")]


def test_generated_records_need_the_records_that_they_refer_to(check: RunCheck) -> None:
    findings = check(**{"scenarios/many.yaml": "generate: {jobs: {count: 2}}"})
    message = "no record of jobs can be generated: schemas/job.json: owners has no record to refer to"
    assert findings == [("error", f"scenarios/many.yaml:1: {message}")]


def test_legal_but_probably_unintended_declarations_are_warnings(check: RunCheck) -> None:
    def change(files: dict[str, Any]) -> None:
        transitions = files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]["transitions"]
        transitions["revive"] = {"from": "lost", "to": "queued"}
        files["schemas/job.json"]["properties"]["status"]["enum"].append("lost")
        files["schemas/event.json"]["properties"]["event_type"]["enum"].append("revive")
        files["schemas/resources.yaml"]["resources"]["owners"]["derived"]["state"]["map"]["values"]["lost"] = "idle"
        del files["schemas/resources.yaml"]["operations"]["createJob"]

    scenario = """\
fixtures: small
progress:
  jobs:
    - {state: queued, fire: start, after: 1s}
    - {state: queued, fire: cancel, after: 1s}
    - {state: running, fire: finish, after: 1s, where: {note: nobody}}
responses:
  - {operation: getJob, where: {job_id: z}, status: 503}
  - {operation: getJob, where: {job_id: a}, status: 503}
recorded: {from: baseline, fingerprint: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff}
"""
    assert check(change, **{"scenarios/odd.yaml": scenario, "fixtures/other/owners.json": "[]"}) == [
        ("warning", 'schemas/resources.yaml:30 /resources/jobs/lifecycle/transitions: the state "lost" is unreachable: no transition enters it, and no fixture is in it'),
        ("warning", "fixtures/other: no scenario uses these fixtures"),
        ("warning", "scenarios/odd.yaml:10 /recorded: no longer reproduces the recorded state: fixtures, rules or schemas have changed since"),
        ("warning", "scenarios/odd.yaml:5 /progress/jobs/1: no record of jobs in this scenario can match this rule"),
        ("warning", "scenarios/odd.yaml:6 /progress/jobs/2: no record of jobs in this scenario can match this rule"),
        ("warning", 'scenarios/odd.yaml:8 /responses/0/where/job_id: there is no record "z" in this scenario; requests for it get this response all the same'),
    ]  # fmt: skip


@pytest.mark.parametrize("portion", [1, reducer.PORTION])
def test_rules_that_form_a_loop_do_not_hang_the_check(
    check: RunCheck, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr(reducer, "PORTION", portion)

    def change(files: dict[str, Any]) -> None:
        transitions = files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]["transitions"]
        transitions["again"] = {"from": "running", "to": "queued"}
        files["schemas/event.json"]["properties"]["event_type"]["enum"].append("again")

    rules = "[{state: queued, fire: start, after: 1s}, {state: running, fire: again, after: 1s}]"
    assert check(change, **{"scenarios/loop.yaml": f"fixtures: small\nprogress: {{jobs: {rules}}}"}) == []


@pytest.mark.parametrize("path", ["/größe", "/日本/{id}", "/a b/{id}/ü", "/caf%C3%A9", "/items/{id}:close"])
def test_paths_of_any_characters_are_checked(tmp_path: Path, path: str) -> None:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    content = {"application/json": {"schema": {"const": 1}}}
    operation = {"operationId": "read", "responses": {"200": {"description": "", "content": content}}}
    item: dict[str, Any] = {"get": operation, **({"parameters": [parameter]} if "{id}" in path else {})}
    document = tmp_path / "api.json"
    document.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {path: item}}),
        encoding="utf-8",
    )
    checker = ContractChecker(load_contract(document))
    list(checker.steps())
    assert checker.findings == []
    assert checker.responses > 0
