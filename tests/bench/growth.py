"""How time and memory grow with records, sandboxes and commands: requests to the application, without sockets."""

from __future__ import annotations

import gc
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from msgspec.structs import replace

from mockserver import Contract, create_app, load_contract
from mockserver.engine.commands import Fire
from mockserver.engine.state.state import State
from mockserver.http.pipeline import respond
from mockserver.http.request.addressing import build_request
from tests.bench.report import Comparison, Row, ratio
from tests.bench.servers import PAGE_BYTES
from tests.bench.timings import median_seconds, with_jobs

RECORDS = (20, 500, 5_000, 50_000)
SANDBOXES = (1, 10, 100, 1_000, 10_000)
COMMANDS = (1, 10, 100, 1_000, 10_000)
JOURNAL_ENTRIES = 1_000
PAGE = "limit=100"
HEADERS = {
    "Host": "localhost:4080", "Accept": "*/*", "User-Agent": "python-requests/2.34",
    "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """The seconds that were measured at each size."""

    name: str
    sizes: Sequence[int]
    seconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """The k of size^k that fits best: 0 is constant, 1 is proportional."""
        xs, ys = [math.log(size) for size in self.sizes], [math.log(value) for value in self.seconds]
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def send(app: Flask, method: str, path: str, query: str = "", sandbox: str = "default") -> bytes:
    """The body of a response, which must be a 200."""
    target = f"{path}?{query}" if query else path
    request = build_request(method, target, {**HEADERS, "X-Mock-Sandbox": sandbox})
    response = respond(app.extensions["mockserver"], request)
    assert response.status == 200, response.body
    return response.body


def list_jobs(app: Flask, query: str) -> Callable[[], bytes]:
    """A function that requests the list of jobs."""
    return lambda: send(app, "GET", "/admin/jobs", query)


def alternate_changes(app: Flask) -> Callable[[], object]:
    """A function that changes one job each time it is called, round and round through its states."""
    service = app.extensions["mockserver"]
    run = service.sandboxes.get("default").run(service.contract.default_scenario)
    transitions = {
        "failed": ("retry", "start", "fail"),
        "queued": ("start", "fail", "retry"),
        "running": ("fail", "retry", "start"),
    }
    key, state = next((key, state) for key, state in job_states(run.state) if state in transitions)
    names = itertools.cycle(transitions[state])

    def change() -> None:
        run.submit(lambda _, at: Fire("jobs", key, next(names), at))

    return change


def job_states(state: State) -> Iterator[tuple[Any, str]]:
    """The key and status of each job."""
    return ((row.record["id"], row.record["status"]) for row in state.tables["jobs"].ordered())


def measure_pages(contract: Contract) -> Curve:
    """A page of 100 jobs, each time right after a change, over the number of jobs."""
    seconds = []
    for size in RECORDS:
        app = create_app(with_jobs(contract, size))
        change, request = alternate_changes(app), list_jobs(app, PAGE)
        request()
        seconds.append(median_seconds(request, 200, before=change))
    return Curve("page of 100 after a change, jobs", RECORDS, seconds)


def measure_sandboxes(contract: Contract) -> tuple[Curve, float]:
    """The first change in a new sandbox, over the number of sandboxes; and the megabytes that all of them take."""
    app = create_app(with_jobs(contract, 1_000), sandbox_limit=SANDBOXES[-1] + 100)
    state = app.extensions["mockserver"].sandboxes.get("first").run("sized").state
    key = next(key for key, status in job_states(state) if status == "failed")
    send(app, "POST", f"/admin/jobs/{key}/retry", sandbox="first")
    gc.collect()
    megabytes, created, seconds = resident_megabytes(), 0, []

    def create() -> None:
        nonlocal created
        created += 1
        send(app, "POST", f"/admin/jobs/{key}/retry", sandbox=f"sandbox-{created}")

    for size in SANDBOXES:
        while created < size - 1:
            create()
        seconds.append(median_seconds(create, 20))
    gc.collect()
    return Curve("first change in a new sandbox, sandboxes", SANDBOXES, seconds), resident_megabytes() - megabytes


def measure_logs(contract: Contract) -> Curve:
    """A change, over the number of commands in the log."""
    app = create_app(with_jobs(contract, 500))
    change = alternate_changes(app)
    run: Any = app.extensions["mockserver"].sandboxes.get("default").run("sized")
    seconds = []
    for size in COMMANDS:
        while len(run.history.commands) < size - 1:
            change()
        seconds.append(median_seconds(change, 30))
    return Curve("change, commands in the log", COMMANDS, seconds)


def measure_journal(contract: Contract) -> tuple[float, float]:
    """Seconds of a GET with an empty journal, and with a full one."""
    app = create_app(replace(contract))
    journal, request = app.extensions["mockserver"].sandboxes.get("default").journal, list_jobs(app, "limit=20")
    empty = median_seconds(request, 200, before=journal.clear)
    for _ in range(JOURNAL_ENTRIES):
        request()
    return empty, median_seconds(request, 200)


def resident_megabytes() -> float:
    """This process's resident memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def rows() -> Iterator[Row]:
    """The rows of the benchmark's table."""
    contract = load_contract()
    pages = measure_pages(contract)
    yield Row(
        f"page of 100 of {RECORDS[-1]:,} jobs, right after a change", f"{pages.seconds[-1] * 1e6:.0f} µs",
        [ratio(pages.seconds[-1] / pages.seconds[1], f"that of {RECORDS[1]:,} jobs")],
    )  # fmt: skip
    first_changes, megabytes = measure_sandboxes(contract)
    yield Row(
        f"{SANDBOXES[-1]:,} sandboxes, one change in each, over 1,000 jobs", f"{megabytes:.0f} MB",
        [ratio(first_changes.seconds[-1] / first_changes.seconds[0], "the first's time for the last")],
        in_readme=True,
    )  # fmt: skip
    empty, full = measure_journal(contract)
    yield Row("GET with a full journal", f"{full * 1e6:.0f} µs", [ratio(full / empty, "one with an empty journal")])
    for curve in (pages, first_changes, measure_logs(contract)):
        yield Row(
            f"growth: {curve.name} {curve.sizes[0]:,} to {curve.sizes[-1]:,}",
            " · ".join(f"{value * 1e6:.0f}" for value in curve.seconds) + " µs",
            [Comparison(f"size^{curve.exponent:.2f}")],
        )
