from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mockserver.engine.commands import Fired
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.shared.journal_codec import JournalCodec
from mockserver.errors import Violation

ENTRY = Entry(
    number=7, at=1_000, scenario="baseline", operation="getJob", method="GET", path="/jobs/ä", query="a=1", status=200,
    milliseconds=1.5, request=LoggedMessage((("accept", "*/*"),), b"\xff{", 2), response=LoggedMessage((), b"{}", 2),
    violations=[Violation("query", "", "type", "is not a number", "a")], invalid_status=500,
    fired=(Fired("jobs", "a", "start", 900),), override="override-1", note="a note",
)  # fmt: skip


def stored(number: int, text: bytes) -> bytes:
    return b"%d %b" % (number, text)


def test_an_entry_comes_back_as_it_was() -> None:
    codec = JournalCodec()
    assert codec.decode(stored(7, codec.encode(ENTRY).text)) == ENTRY


def test_an_entry_without_a_run_has_no_time() -> None:
    codec, entry = JournalCodec(), replace(ENTRY, at=None)
    assert codec.decode(stored(7, codec.encode(entry).text)) == entry


def test_a_repeat_differs_in_number_time_and_duration_alone() -> None:
    codec = JournalCodec()
    expected = replace(ENTRY, number=9, at=2_000, milliseconds=0)
    for _ in range(2):
        assert codec.decode(stored(9, codec.encode_repeat(ENTRY, 2_000).text)) == expected


@pytest.mark.parametrize(
    ("fields", "lists"),
    [
        ({"operation": None, "status": 404, "invalid_status": None}, ("unmatched",)),
        ({"operation": None, "status": 204, "invalid_status": None}, ()),
        ({"status": 200, "invalid_status": 200}, ("invalid_responses",)),
        ({"status": 422, "invalid_status": None, "code": "invalid-request"}, ("refused",)),
        ({"status": 422, "invalid_status": 422, "code": "invalid-request"}, ("invalid_responses", "refused")),
        ({"status": 404, "invalid_status": None, "code": "unknown-record"}, ()),
    ],
)
def test_an_entry_names_the_lists_that_it_belongs_to(fields: dict[str, Any], lists: tuple[str, ...]) -> None:
    assert JournalCodec().encode(replace(ENTRY, **fields)).problem_lists == lists


def test_a_repeat_of_a_long_entry_takes_few_bytes() -> None:
    long = replace(ENTRY, response=LoggedMessage((), b'{"id":"job-7"}' * 300, 4_200))
    assert len(JournalCodec().encode_repeat(long, 2_000).text) < len(JournalCodec().encode(long).text) / 5
