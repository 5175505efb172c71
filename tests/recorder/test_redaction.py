"""No secret is written, wherever it was recorded, and what is written without it still works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.recorder.backend import JWT, Call, record

GET, POST = "GET", "POST"
LOGIN = Call(POST, "/login", {"user": "ann", "password": "p4ssw0rd-of-ann"}, {"Authorization": "Bearer s3cret-of-ann", "Cookie": "session=abcdef0123456789x"})  # fmt: skip
SECRETS = ("p4ssw0rd-of-ann", "s3cret-of-ann", "abcdef0123456789x", "s3cr3ts3cr3ts3cr3t", JWT)
CALLS = [
    [LOGIN],
    [LOGIN, Call(GET, "/search?q=p4ssw0rd-of-ann")],
    [Call(GET, "/search?q=p4ssw0rd-of-ann"), LOGIN],
    [Call(GET, "/search?q=1&token=s3cret-of-ann")],
    [Call(GET, "/search?q=1&client=s3cret-of-ann")],
    [Call(GET, f"/search?q={JWT}")],
    [Call(GET, f"/hidden/{JWT}")],
    [Call(GET, f"/pets/{JWT}")],
    [Call(POST, "/search", {"a": f"see {JWT}", "deep": [{"token": {"value": "s3cret-of-ann"}}]})],
    [Call(POST, "/pets", {"name": "Eve", "chip": {"code": "c", "api_key": "s3cret-of-ann"}}), Call(GET, "/pets")],
    [Call(POST, "/pets", {"name": JWT}), Call(GET, "/pets")],
    [Call(POST, "/search", {"url": "https://ann:s3cret-of-ann@host/"})],
    [Call(POST, "/search", {"url": "https://host/?token=s3cret-of-ann"})],
    [Call(POST, "/search", {"payload": '{"password": "s3cret-of-ann"}'})],
]


@pytest.mark.parametrize("calls", CALLS)
def test_no_secret_is_written(tmp_path: Path, calls: list[Call]) -> None:
    recorded = record(tmp_path, calls)
    written = recorded.text + "\n".join(recorded.summary.lines())
    assert [secret for secret in SECRETS if secret in written] == []


@pytest.mark.parametrize(
    ("name", "body", "query"),
    [
        ("pin_code", {"pin_code": "13-57-91x"}, ""), ("pinCode", {"pin_code": "13-57-91x"}, ""),
        ("PIN-CODE", {"a": [{"pin_code": ["13-57-91x"]}]}, ""), ("q", {}, "?q=13-57-91x"),
    ],
)  # fmt: skip
def test_further_names_of_secrets_can_be_given(tmp_path: Path, name: str, body: Any, query: str) -> None:
    recorded = record(tmp_path, [Call(POST, "/search", body), Call(GET, f"/search{query}")], redact=[name])
    assert "13-57-91x" not in recorded.text
    assert sum(recorded.summary.redacted.values()) > 0


def test_any_password_gets_the_recorded_response(tmp_path: Path) -> None:
    recorded = record(tmp_path, [LOGIN])
    body = {"access_token": "[redacted]", "user": "ann"}
    assert recorded.replay([LOGIN._replace(json={"user": "ann", "password": "other"})])[0].body == body
    assert recorded.replay([LOGIN._replace(json={"user": "ben", "password": "other"})])[0].body != body


def test_a_record_with_a_secret_is_kept_without_it(tmp_path: Path) -> None:
    calls = [
        Call(POST, "/pets", {"name": "Eve", "chip": {"code": "c", "api_key": "s3cret-of-ann"}}),
        Call(GET, "/pets/pet-000"),
    ]
    recorded = record(tmp_path, calls)
    replies = recorded.replay(calls)
    assert replies[0].status == 201
    assert replies[1].body["chip"]["code"] == "c"


def test_a_secret_in_the_path_of_a_record_says_nothing_about_other_records(tmp_path: Path) -> None:
    calls = [Call(GET, f"/pets/{JWT}"), Call(GET, "/pets/pet-b")]
    recorded = record(tmp_path, calls)
    assert recorded.replay(calls[1:]) == recorded.replies[1:]
    assert recorded.summary.not_kept == {"GET /pets/[redacted] (getPet) 404: its path holds a secret": 1}


def test_what_was_left_out_is_counted_by_name(tmp_path: Path) -> None:
    assert record(tmp_path, [LOGIN]).summary.redacted == {"access_token": 1, "password": 2}
