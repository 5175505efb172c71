from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import Contract, load_contract
from mockserver.check.proof import Proof
from tests.conftest import MakeContract

Change = Callable[[dict[str, Any]], object]
Check = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def check(make_contract: MakeContract) -> Check:
    """What the proof of the small contract, changed, says: level and message of each finding."""

    def prove(change: Change | None = None, /, **texts: str) -> list[tuple[str, str]]:
        proof = Proof(load_contract(make_contract(change, **texts)))
        assert all(0 <= done <= 1 for done in proof.steps())
        return [(one.level, str(one.problem)) for one in proof.findings]

    return prove


def answer(files: dict[str, Any], path: str, method: str, status: str) -> Any:
    """The JSON media type of one declared answer."""
    declared = files["schemas/openapi.yaml"]["paths"][path][method]["responses"][status]
    return declared["content"]["application/json"]


def test_the_built_in_contract_holds_without_a_warning(built_in: Contract) -> None:
    proof = Proof(built_in)
    done = list(proof.steps())
    assert (proof.findings, proof.holds) == ([], True)
    assert done == sorted(done)
    large = next(one for one in proof.scenarios if one.name == "large-queue")
    # Every job in every state that it can come to: at the least the one that it is in.
    assert large.states > large.records["jobs"] + large.records["sessions"]


def test_the_small_contract_holds(check: Check) -> None:
    assert check() == []


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_answers_behind_credentials_are_proved_too(check: Check, place: str) -> None:
    def change(files: dict[str, Any]) -> None:
        document = files["schemas/openapi.yaml"]
        document["components"] = {"securitySchemes": {"key": {"type": "apiKey", "in": place, "name": "X-Key"}}}
        document["security"] = [{"key": []}]
        answer(files, "/jobs", "get", "200")["schema"] = {"type": "object"}

    assert any("listJobs would answer what its schema refuses" in message for _, message in check(change))


def test_an_answer_that_only_a_state_reached_later_would_break_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        allowed = {"status": {"enum": ["queued", "running", "done"]}}
        schema = {"allOf": [{"$ref": "job.json"}, {"properties": allowed}]}
        answer(files, "/jobs/{job_id}", "get", "200")["schema"] = schema

    found = check(change)
    # a, b and x/y can be cancelled; c is done. No fixture is cancelled.
    assert found == [
        (
            "error",
            "scenarios/baseline.yaml:1: jobs a as cancelled: getJob would answer what its schema refuses: "
            'body /status: "cancelled" is not one of "queued", "running", "done". (and 2 more alike)',
        )
    ]


def test_a_derived_value_that_an_answer_refuses_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        paths = files["schemas/openapi.yaml"]["paths"]
        schema = {"allOf": [{"$ref": "owner.json"}, {"properties": {"state": {"enum": ["waiting", "busy", "over"]}}}]}
        ok = {"200": {"description": "owner", "content": {"application/json": {"schema": schema}}}}
        own = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        paths["/owners/{id}"] = {"parameters": [own], "get": {"operationId": "getOwner", "responses": ok}}
        files["schemas/resources.yaml"]["operations"]["getOwner"] = {"read": "owners"}

    assert any(
        "owners 1: getOwner would answer what its schema refuses: body /state" in told for _, told in check(change)
    )


def test_a_refusal_that_breaks_its_declared_form_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        media = {"application/json": {"schema": {"type": "object", "required": ["never"], "properties": {"never": {"pattern": "^[a-z]{40}$", "type": "string"}}}}}  # fmt: skip
        responses = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}/cancel"]["post"]["responses"]
        responses["409"] = {"description": "no", "headers": {"X-Needed": {"required": True, "schema": {"type": "string"}}}, "content": media}  # fmt: skip

    found = check(change)
    assert any("POST /jobs/a/cancel (cancelJob), about jobs a as done: header X-Needed" in told for _, told in found)


def test_an_answer_that_breaks_only_in_the_whole_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        answer(files, "/jobs", "get", "200")["schema"]["maxItems"] = 3

    assert any("GET /jobs (listJobs), about the start: it has " in told for _, told in check(change))


def test_an_operation_without_an_answer_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        del answer(files, "/message", "get", "200")["example"]
        answer(files, "/message", "get", "200")["schema"] |= {"pattern": "^a$", "minLength": 2}

    found = check(change)
    assert [level for level, _ in found] == ["error"]
    assert re.fullmatch(
        r"schemas/openapi\.yaml:\d+ /paths/~1message/get: getMessage has no example in "
        r"application/json, and no value could be generated: .+",
        found[0][1],
    )


def test_what_cannot_be_generated_is_found(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["note"] |= {"pattern": "^a$", "minLength": 2}

    found = check(change, **{"scenarios/many.yaml": "generate: {owners: {count: 1}, jobs: {count: 2}}"})
    assert [told.startswith("scenarios/many.yaml:1: No value can be generated for") for _, told in found] == [True]


def test_what_is_hardly_meant_is_a_warning(check: Check) -> None:
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
    found = check(change, **{"scenarios/odd.yaml": scenario, "fixtures/other/owners.json": "[]"})
    assert found == [
        ("warning", 'schemas/resources.yaml:30 /resources/jobs/lifecycle/transitions: no transition leads to the state "lost", and no fixture is in it'),
        ("warning", "fixtures/other: no scenario uses these fixtures"),
        ("warning", "scenarios/odd.yaml:10 /recorded: leads to another state than was recorded: fixtures, rules or schemas have changed since"),
        ("warning", "scenarios/odd.yaml:5 /progress/jobs/1: no jobs of this scenario can meet this rule"),
        ("warning", "scenarios/odd.yaml:6 /progress/jobs/2: no jobs of this scenario can meet this rule"),
        ("warning", 'scenarios/odd.yaml:8 /responses/0/where/job_id: there is no record "z" that this could be about'),
    ]  # fmt: skip


def test_rules_that_chase_each_other_are_no_trap(check: Check) -> None:
    def change(files: dict[str, Any]) -> None:
        transitions = files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]["transitions"]
        transitions["again"] = {"from": "running", "to": "queued"}
        files["schemas/event.json"]["properties"]["event_type"]["enum"].append("again")

    rules = "[{state: queued, fire: start, after: 1s}, {state: running, fire: again, after: 1s}]"
    assert check(change, **{"scenarios/loop.yaml": f"fixtures: small\nprogress: {{jobs: {rules}}}"}) == []
