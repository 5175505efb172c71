"""Responses that wait until a list has as many matching items as the request demands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from typing import Any

from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Entry, Journal
from mockserver.errors import Violation
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Delivery, Response
from mockserver.http.pipeline import respond_prepared
from mockserver.http.response.overrides import HeldResponse, reset_while_held
from mockserver.refusals import InvalidRequest, WaitTimeout
from mockserver.syntax.instants import parse_duration

WAIT_LIMIT = 60_000
# How many of the latest items are shown where those that were waited for did not come.
LATEST_LIMIT = 20


class JournalWatch:
    """Looks for requests that came since the journal was read, of which some may match."""

    def __init__(self, journal: Journal, may_match: Callable[[Entry], bool]) -> None:
        self._journal, self._may_match = journal, may_match
        self._read = self._checked = journal.count

    def has_match(self, is_last: bool) -> bool:
        """Whether a new request may match; at the last look, whether any may: its result is shown."""
        journal, since = self._journal, self._checked
        self._checked = journal.count
        if since == self._checked and journal.may_have_grown(since):  # by another process
            return True
        latest = takewhile(lambda entry: entry.number > since, journal.newest_first())
        has_match = any(map(self._may_match, latest)) or (is_last and self._read != self._checked)
        if has_match:
            self._read = self._checked
        return has_match


def wait_for_matches(
    exchange: Exchange,
    query: Mapping[str, Any],
    matches: int,
    refusal: Callable[[int], WaitTimeout],
    has_changed: Callable[[bool], bool],
) -> None:
    """Have the response wait until as many items match as the query demands by `times` or `wait`, if there is need.

    `refusal` makes the error for the number that is demanded. `has_changed` says whether more may match since it was
    called last; with True, at the last call, whether anything has changed. Raises InvalidRequest, and WaitTimeout if
    they do not come in time.
    """
    if "times" not in query and "wait" not in query:
        return
    times = query.get("times", 1)
    wait = _read_wait(query["wait"]) if "wait" in query else 0
    if matches >= times:
        return
    hold(exchange, wait, has_changed)
    raise refusal(times)


def _read_wait(text: str) -> int:
    try:
        return read_duration(text)
    except ValueError as error:
        raise InvalidRequest([Violation("query", "", "format", str(error), "wait")]) from None


def read_duration(text: str) -> int:
    """How long to wait, in milliseconds. Raises ValueError."""
    wait = parse_duration(text)
    if wait > WAIT_LIMIT:
        raise ValueError(f"must be at most {WAIT_LIMIT // 1_000}s")
    return wait


def hold(exchange: Exchange, wait: int, has_changed: Callable[[bool], bool]) -> None:
    """Deliver the response when it has changed, or after `wait` milliseconds; a reset of the sandbox sends another."""
    if not wait:
        return
    service, sandbox, prepared = exchange.service, exchange.selection.sandbox, exchange.prepared
    assert exchange.operation is not None
    replacement = partial(reset_while_held, exchange, exchange.operation, exchange.selection)

    deadline = monotonic() + wait / 1_000

    def retry() -> Response | None:
        return respond_prepared(service, prepared) if has_changed(monotonic() >= deadline) else None

    exchange.delivery = Delivery(wait, None, replacement, retry=retry)
    HeldResponse(exchange.delivery, sandbox, "")
