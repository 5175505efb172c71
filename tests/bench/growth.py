"""How time and memory grow: requests to the application in this process, without sockets."""

from __future__ import annotations

import gc
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask

from mockserver import Contract, create_app
from mockserver.engine.commands import Fire
from mockserver.engine.state.state import State
from mockserver.server import wsgi_bridge
from tests.bench.engine import median_of, sized

SIZES = (20, 500, 5_000, 50_000)
SANDBOXES = (1, 10, 100, 1_000, 10_000)
LOGS = (1, 10, 100, 1_000, 10_000)
CONSTANT = wsgi_bridge.constant_environ(("localhost", 80), ("127.0.0.1", 1))
HEADERS = [
    (b"host", b"localhost:4080"), (b"accept", b"*/*"), (b"user-agent", b"python-requests/2.34"),
    (b"accept-encoding", b"gzip, deflate"), (b"connection", b"keep-alive"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured at each size: seconds, or megabytes."""

    name: str
    sizes: Sequence[int]
    values: Sequence[float]

    @property
    def exponent(self) -> float:
        """The k of size^k that fits best: 0 does not grow, 1 grows in proportion."""
        xs, ys = [math.log(one) for one in self.sizes], [math.log(one) for one in self.values]
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def ask(app: Flask, method: str, target: str, sandbox: str = "default", body: bytes = b"") -> bytes:
    """The body of an answer, which must be a 200."""
    headers = [*HEADERS, (b"x-mock-sandbox", sandbox.encode())]
    head, answer = wsgi_bridge.call(app, wsgi_bridge.environ(CONSTANT, method, "1.1", target.encode(), headers, body))
    assert head.startswith(b"HTTP/1.1 200"), (head, answer)
    return answer


def in_turn(app: Flask, sandbox: str = "default") -> Callable[[], object]:
    """A function that changes one job, by turns into the states that it goes through."""
    mock = app.extensions["mockserver"]
    run = mock.sandboxes.get(sandbox).run(mock.contract.default_scenario)
    rounds = {
        "failed": ("retry", "start", "fail"),
        "queued": ("start", "fail", "retry"),
        "running": ("fail", "retry", "start"),
    }
    key, state = next((key, state) for key, state in states(run.state) if state in rounds)
    names = itertools.cycle(rounds[state])

    def change() -> None:
        run.submit(lambda _, at: Fire("jobs", key, next(names), at))

    return change


def states(state: State) -> Iterator[tuple[Any, str]]:
    """The key and status of each job."""
    return ((row.record["id"], row.record["status"]) for row in state.tables["jobs"].ordered())


def pages(contract: Contract) -> Curve:
    """A page of 100 out of so many jobs, each time right after a change."""
    values = []
    for size in SIZES:
        app = create_app(sized(contract, size))
        change = in_turn(app)
        ask(app, "GET", "/admin/jobs?limit=100")
        values.append(median_of(lambda app=app: ask(app, "GET", "/admin/jobs?limit=100"), 200, before=change))  # type: ignore[misc]
    return Curve("page of 100, state changed before", SIZES, values)


def sandboxes(contract: Contract) -> tuple[Curve, float]:
    """The first change in a new sandbox among so many, over 1,000 jobs; and the megabytes of 10,000 of them."""
    app = create_app(sized(contract, 1_000), sandbox_limit=SANDBOXES[-1] + 100)
    state = app.extensions["mockserver"].sandboxes.get("first").run("sized").state
    key = next(key for key, status in states(state) if status == "failed")
    ask(app, "POST", f"/admin/jobs/{key}/retry", "first")
    gc.collect()
    before, made, values = _megabytes(), 0, []

    def make() -> None:
        nonlocal made
        made += 1
        ask(app, "POST", f"/admin/jobs/{key}/retry", f"sandbox-{made}")

    for size in SANDBOXES:
        while made < size - 1:
            make()
        values.append(median_of(make, 20))
    gc.collect()
    return Curve("first change in a new sandbox", SANDBOXES, values), _megabytes() - before


def logs(contract: Contract) -> Curve:
    """A change with so many commands in the log."""
    app = create_app(sized(contract, 500))
    change = in_turn(app)
    run: Any = app.extensions["mockserver"].sandboxes.get("default").run("sized")
    values = []
    for size in LOGS:
        while len(run.history.commands) < size - 1:
            change()
        values.append(median_of(change, 30))
    return Curve("change, commands in the log", LOGS, values)


def journal(contract: Contract) -> tuple[float, float]:
    """Seconds of a GET that is not kept, with an empty journal and with a full one."""
    app = create_app(replace(contract))
    held = app.extensions["mockserver"].sandboxes.get("default").journal
    empty = median_of(lambda: ask(app, "GET", "/admin/jobs?limit=20"), 200, before=held.clear)
    for _ in range(1_000):
        ask(app, "GET", "/admin/jobs?limit=20")
    return empty, median_of(lambda: ask(app, "GET", "/admin/jobs?limit=20"), 200)


def _megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
