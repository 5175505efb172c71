"""Reason phrases."""

from __future__ import annotations

import pytest

from mockserver.syntax.http.statuses import reason_phrase


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (404, "Not Found"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (799, "Refused"),
    ],
)
def test_a_phrase_is_that_of_rfc_9110_on_every_version_of_python(status: int, phrase: str) -> None:
    assert reason_phrase(status) == phrase
