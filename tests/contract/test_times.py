from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.times import format_instant, parse_instant

YEARS_1_TO_9999 = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@given(YEARS_1_TO_9999)
def test_an_instant_reads_back_as_it_was_written(milliseconds: int) -> None:
    assert parse_instant(format_instant(milliseconds)) == milliseconds


def test_instants_are_written_as_to_iso_string_prints_them() -> None:
    assert format_instant(1_768_467_600_000) == "2026-01-15T09:00:00.000Z"


def test_offsets_are_taken_into_account() -> None:
    assert parse_instant("2026-01-15T10:00:00.5+01:00") == 1_768_467_600_500


@pytest.mark.parametrize("text", ["2026-01-15T09:00:00", "2026-01-15", "soon", ""])
def test_what_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's own message
        parse_instant(text)
