"""Thousands of changes at once: streams send them in portions, between which other requests are served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, create_app, load_contract
from mockserver.contract.model import Override
from mockserver.engine import run as run_module
from mockserver.engine.commands import AddOverride, Remove
from mockserver.engine.events import feed as feed_module
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.timeline import StillSettling
from mockserver.http.messages import Address, Request
from mockserver.http.pipeline import prepare, respond_prepared
from mockserver.http.service import Service
from mockserver.http.streaming.streams import PORTION_EVENTS, Stream
from tests.conftest import write_contract
from tests.push.test_server_sent_events import with_stream

JOBS, SMALL_PORTION = 200, 10


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    def add_jobs(files: dict[str, Any]) -> None:
        with_stream()(files)
        job = {"owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}
        files["fixtures/small/jobs.json"] = [job | {"id": f"job-{number}"} for number in range(JOBS)]
        files["fixtures/small/events.json"] = []
        rules = [
            {"state": "queued", "fire": "start", "after": "1s"},
            {"state": "running", "fire": "finish", "after": "1s"},
        ]
        files["scenarios/baseline.yaml"] |= {"progress": {"jobs": rules}}

    root: Path = write_contract(tmp_path_factory.mktemp("burst") / "contract", add_jobs)
    return load_contract(root)


def changed(contract: Contract, *, reads: bool) -> Run:
    """A run in which everything has started, a job was removed, and the others have finished."""
    run = Sandboxes(contract).get("burst").run("baseline")
    if reads:
        run.read_feed()
    run.advance(1_500)
    run.submit(lambda _, at: Remove("jobs", "job-7", at))
    run.advance(60_000)
    return run


def make_portions_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (run_module, feed_module):
        monkeypatch.setattr(module, "PORTION", SMALL_PORTION)


def open_stream(service: Service) -> Stream:
    request = Request("GET", Address("", "/events"), b"", {"Host": "localhost"})
    stream = respond_prepared(service, prepare(service, request)).stream
    assert isinstance(stream, Stream)
    stream.start(lambda: None)
    return stream


def test_a_feed_that_is_followed_in_portions_has_the_same_events(contract: Contract) -> None:
    whole, run = (changed(contract, reads=True) for _ in range(2))
    expected = [event.id for event in whole.read_feed().after(0, 10_000)]
    ids: list[str] = []
    while True:
        feed = run.read_feed(len(ids) + PORTION_EVENTS)
        ids += [event.id for event in feed.after(len(ids), 10_000)]
        if not feed.is_behind:
            break
    assert (ids[-len(expected) :], feed.id) == (expected, whole.read_feed().id)


def test_a_feed_that_is_behind_keeps_its_place_when_more_happens(contract: Contract) -> None:
    whole, run = (changed(contract, reads=True) for _ in range(2))
    run.read_feed(PORTION_EVENTS)
    for each in (whole, run):
        each.submit(lambda _, at: Remove("jobs", "job-9", at))
    run.read_feed(3 * PORTION_EVENTS)
    assert run.read_feed().id == whole.read_feed().id


def test_the_events_before_a_stream_are_found_out_in_portions(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = (changed(contract, reads=False) for _ in range(2))
    make_portions_small(monkeypatch)
    portions = 0
    while True:
        try:
            run.read_feed_in_turns()
            break
        except StillSettling:
            portions += 1
    assert portions == (2 * JOBS - 1) // SMALL_PORTION
    assert run.read_feed().id == whole.read_feed().id


def test_a_stream_whose_run_is_restored_ends_with_the_present_id(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = create_app(contract).extensions["mockserver"]
    stream = open_stream(service)
    run = service.sandboxes.get("default").run("baseline")
    run.advance(1_500)
    run.submit(lambda _, at: Remove("jobs", "job-7", at))
    make_portions_small(monkeypatch)
    run.undo(1)
    messages = [*stream.read()]
    portions = 0
    while stream.has_more:
        portions += 1
        messages += stream.read()
    assert portions == JOBS // SMALL_PORTION - 1
    assert stream.has_ended
    assert len(messages) == 1
    assert f"id: {run.read_feed().id}\n".encode() in messages[0]


def test_a_request_for_a_stream_uses_an_override_once(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    service = create_app(contract).extensions["mockserver"]
    run = service.sandboxes.get("default").run("baseline")
    run.advance(1_500)
    run.submit(lambda _, at: AddOverride(Override(None, {}, cut_after=1), at))
    make_portions_small(monkeypatch)
    open_stream(service)
    assert [run.count_uses(active) for active in run.state.overrides.active] == [1]


def test_a_stream_is_read_in_portions_that_lose_nothing(contract: Contract) -> None:
    service = create_app(contract).extensions["mockserver"]
    stream = open_stream(service)
    service.sandboxes.get("default").run("baseline").advance(60_000)
    sizes = [len(stream.read())]
    while stream.has_more:
        sizes.append(len(stream.read()))
    stream.close()
    assert sum(sizes) == 2 * JOBS
    assert max(sizes) <= PORTION_EVENTS
