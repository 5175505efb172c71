from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.syntax.instants import format_instant, parse_duration, parse_instant

YEARS_1_TO_9999 = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@given(YEARS_1_TO_9999)
def test_a_formatted_instant_parses_to_the_same_number(milliseconds: int) -> None:
    assert parse_instant(format_instant(milliseconds)) == milliseconds


def test_instants_are_formatted_like_to_iso_string() -> None:
    assert format_instant(1_768_467_600_000) == "2026-01-15T09:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-15T10:00:00.5+01:00", "2026-01-15T09:00:00.500Z"),
        ("2026-01-15t09:00:00z", "2026-01-15T09:00:00.000Z"),
        ("2026-01-15T09:00:00.123987654321-00:00", "2026-01-15T09:00:00.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2017-01-01T05:29:60.25+05:30", "2017-01-01T00:00:00.250Z"),
    ],
)
def test_every_form_of_an_instant_is_read(text: str, same: str) -> None:
    assert format_instant(parse_instant(text)) == same


@pytest.mark.parametrize("text", ["2026-01-15T09:00:00", "2026-01-15", "soon", "", "2026-01-15T09:00:61Z"])
def test_text_that_is_not_an_instant_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's own message
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("1d", 86_400_000), ("1.5s", 1_500),
        ("0s", 0), ("PT30S", 30_000), ("P1DT2H", 93_600_000), ("P2W", 1_209_600_000), ("PT0.25S", 250),
    ],
)  # fmt: skip
def test_a_duration_is_short_or_iso_8601(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "-5s", "P", "PT", "P1DT", "P1Y", "1e999s", "NaN", "5 s", "five", "9" * 12 + "d"]
)
def test_text_that_is_not_a_duration_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a valid duration|longer than the clock's range"):
        parse_duration(text)
