"""Parameters such as `from` and `to` alone: they select the records whose time, or whose period, is between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mockserver.contract.selecting_parameters import is_instant
from mockserver.openapi.model import Parameter
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words

# The names of the two parameters, normalized.
PAIRS = (
    ("from", "to"), ("start", "end"), ("since", "until"), ("datefrom", "dateto"), ("fromdate", "todate"),
    ("startdate", "enddate"), ("datestart", "dateend"), ("timemin", "timemax"), ("datemin", "datemax"),
    ("mindate", "maxdate"), ("periodstart", "periodend"), ("fromtime", "totime"), ("starttime", "endtime"),
    ("startat", "endat"), ("startsat", "endsat"), ("checkin", "checkout"),
)  # fmt: skip
# Those that may as well be places or numbers, unless their format says that they are times.
AMBIGUOUS = ("from", "to", "start", "end", "checkin", "checkout")
# What the fields are called that hold when something begins and ends, normalized and without `at` and the like.
BEGINS = ("start", "starts", "begin", "begins", "from", "checkin", "pickup", "departure", "validfrom")
ENDS = ("end", "ends", "until", "to", "checkout", "dropoff", "return", "arrival", "validto", "validuntil")
# Times that every record has, whatever it is about.
CREATED, CHANGED = ("created", "inserted"), ("updated", "modified", "changed")
TIME_END = re.compile(r"(at|on|date|time|datetime)$")


def period_filters(query: Mapping[str, Parameter], record: Shape) -> Iterator[tuple[str, dict[str, str]]]:
    """The entries in `filters` of the parameters that are the bounds of a period; none where it is not clear of which.

    A record with a period of its own is selected if that overlaps.
    """
    names = {words.normalize(name): name for name, parameter in query.items() if _may_be_bound(name, parameter)}
    pair = next((pair for pair in PAIRS if set(pair) <= names.keys()), None)
    fields = _fields_of_time(record)
    if pair is None or fields is None:
        return
    begin, end = fields
    first, last = names[pair[0]], names[pair[1]]
    if not {first, last} & record.names or {first, last} == {begin, end}:
        yield first, {"field": end, "op": "gte"}
        yield last, {"field": begin, "op": "lte"}


def _may_be_bound(name: str, parameter: Parameter) -> bool:
    shape = parameter.notation.shape
    is_text = "string" in shape.types and not shape.types & COMPOUND
    return is_text and (is_instant(shape) or (words.normalize(name) not in AMBIGUOUS and shape.enum_values is None))


def _fields_of_time(record: Shape) -> tuple[str, str] | None:
    """The fields that hold when a record begins and ends; the same one if it has one time."""
    events = {
        name: TIME_END.sub("", words.normalize(name))
        for name in sorted(record.names)
        if is_instant(record.member(name)) and not record.member(name).types & COMPOUND
    }
    begins, ends = ([name for name, event in events.items() if event in wanted] for wanted in (BEGINS, ENDS))
    if len(begins) == len(ends) == 1:
        return begins[0], ends[0]
    # A time that may be null has not come yet for some records.
    times = [
        name
        for name, event in events.items()
        if event not in (*CREATED, *CHANGED) and "null" not in record.member(name).types
    ]
    times = times or [name for name, event in events.items() if event in CREATED]
    return (times[0], times[0]) if len(times) == 1 else None
