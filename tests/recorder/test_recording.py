"""What a recording is written as gives the same client the same responses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mockserver import load_contract
from mockserver.check.checker import ContractChecker
from tests.attack.scale import some
from tests.recorder.backend import Call, record

GET, POST, PATCH, DELETE = "GET", "POST", "PATCH", "DELETE"
LIST = Call(GET, "/pets")
CASES = {
    "reads": [LIST, Call(GET, "/pets/pet-b"), Call(GET, "/pets?species=dog"), Call(GET, "/pets?limit=1")],
    "a record that is created": [LIST, Call(POST, "/pets", {"name": "Eve"}), Call(GET, "/pets/pet-000"), LIST],
    "records that are created alike": [Call(POST, "/pets", {"name": "Eve"}), Call(POST, "/pets", {"name": "Eve"}), LIST],
    "a record that is changed": [Call(GET, "/pets/pet-b"), Call(PATCH, "/pets/pet-b", {"name": "Bo"}), Call(GET, "/pets/pet-b"), LIST],
    "a record that is changed before it is read": [Call(PATCH, "/pets/pet-b", {"name": "Bo"}), Call(GET, "/pets/pet-b")],
    "the same change twice": [LIST, *[Call(PATCH, "/pets/pet-b", {"name": "Bo"})] * 2, LIST],
    "a record that is deleted": [LIST, Call(DELETE, "/pets/pet-b"), Call(GET, "/pets/pet-b"), LIST],
    "a record that is deleted before it is read": [Call(DELETE, "/pets/pet-b"), LIST],
    "a record created, changed and deleted": [
        Call(POST, "/pets", {"name": "Eve"}), Call(PATCH, "/pets/pet-000", {"species": "cat"}), LIST,
        Call(DELETE, "/pets/pet-000"), LIST, Call(POST, "/pets", {"name": "Eve"}), LIST,
    ],
    "a missing record": [Call(GET, "/pets/nobody"), Call(GET, "/pets/pet-b"), Call(GET, "/pets/nobody")],
    "a refused record": [Call(POST, "/pets", {"name": "Bad"}), LIST, Call(POST, "/pets", {"name": "Eve"}), LIST],
    "parameters": [Call(GET, "/search"), Call(GET, "/search?q=ab"), Call(GET, "/search?q=abc&tag=x"), Call(GET, "/search?tag=x&tag=y"), Call(GET, "/search")],
    "bodies": [Call(POST, "/search", {"a": [1, {"b": None}]}), Call(POST, "/search", {}), Call(POST, "/search", {"a": 2})],
    "different responses in their order": [Call(GET, "/status")] * 3,
    "a response that violates the document": [Call(GET, "/status")] * 4,
    "text": [Call(GET, "/page")],
    "a login": [Call(POST, "/login", {"user": "ann", "password": "p4ssw0rd-of-ann"})],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_same_client_gets_the_same_responses(tmp_path: Path, name: str) -> None:
    recorded = record(tmp_path, CASES[name])
    replies = recorded.replay(CASES[name])
    if name == "a login":
        replies = [
            reply._replace(body={**reply.body, "access_token": recorded.replies[0].body["access_token"]})
            for reply in replies
        ]
    assert replies == recorded.replies


@pytest.mark.parametrize("name", some(CASES, 6))
def test_what_is_written_passes_a_check(tmp_path: Path, name: str) -> None:
    checker = ContractChecker(load_contract(record(tmp_path, CASES[name]).directory))
    assert [*checker.steps()]
    assert [finding.problem for finding in checker.findings if finding.level == "error"] == []


def test_many_responses_are_written_as_json(tmp_path: Path) -> None:
    calls = [
        LIST,
        Call(POST, "/pets", {"name": "Eve"}),
        *(Call(POST, "/search", {"a": "é" * 200_000, "n": n}) for n in range(2)),
    ]
    recorded = record(tmp_path, calls)
    assert sorted(path.name for path in (recorded.directory / "scenarios").iterdir()) == [
        "baseline.json",
        "recorded-end.json",
    ]
    assert recorded.replay(calls) == recorded.replies


def test_records_are_written_as_they_were_first_and_last(tmp_path: Path) -> None:
    calls = [
        LIST,
        Call(POST, "/pets", {"name": "Eve"}),
        Call(PATCH, "/pets/pet-b", {"name": "Bo"}),
        Call(DELETE, "/pets/pet-x"),
    ]
    recorded = record(tmp_path, calls)

    def names(scenario: str) -> dict[str, str]:
        return {pet["id"]: pet["name"] for pet in recorded.replay([LIST], scenario)[0].body["pets"]}

    assert names("baseline") == {"pet-x": "Ada", "pet-b": "Bob", "pet-k": "Kim"}
    assert names("recorded-end") == {"pet-b": "Bo", "pet-k": "Kim", "pet-000": "Eve"}
    assert recorded.summary.records == {"pets": 3}


def test_what_records_give_by_themselves_is_no_response(tmp_path: Path) -> None:
    recorded = record(tmp_path, [LIST, Call(GET, "/pets/pet-b"), Call(POST, "/pets", {"name": "Eve"}), LIST])
    scenario = yaml.safe_load((recorded.directory / "scenarios/baseline.yaml").read_text())
    assert scenario["responses"] == [
        {
            "operation": "createPet", "match": {"body": {"const": {"name": "Eve"}}},
            "set": {"id": "pet-000", "created_at": "2025-02-01T00:00:00Z"}, "times": 1,
        }
    ]  # fmt: skip


def test_the_last_response_to_a_request_stays(tmp_path: Path) -> None:
    calls = [Call(GET, "/status")] * 3
    recorded = record(tmp_path, calls)
    assert recorded.replay([*calls, *calls])[3:] == [recorded.replies[-1]] * 3


def test_a_changed_time_and_key_are_seen_by_later_reads_in_any_order(tmp_path: Path) -> None:
    calls = [Call(POST, "/pets", {"name": "Eve"}), Call(POST, "/pets", {"name": "Zoe"})]
    recorded = record(tmp_path, calls)
    assert recorded.replay(calls[::-1]) == recorded.replies[::-1]
