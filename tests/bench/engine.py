"""Figures of single parts, in this process: reset, rewind, what is held back, the proof, start-up."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import urlopen

from mockserver import BackgroundServer, Contract, create_app
from mockserver.check.proof import Proof
from mockserver.engine.commands import Fire
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.start import Start

ROUNDS = 300
STARTS = 5
REQUESTS = 2_000
COMMANDS = 10_000
HELD = 200


def median_of(action: Callable[[], object], times: int, before: Callable[[], object] = lambda: None) -> float:
    """Median time of `action` in seconds, `before` not counted."""
    found = []
    for _ in range(times):
        before()
        begun = time.perf_counter()
        action()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def sized(contract: Contract, jobs: int) -> Contract:
    """The contract with a scenario of so many jobs."""
    large = contract.scenarios["large-queue"]
    scenario = replace(large, name="sized", generate={"sessions": 10, "jobs": jobs})
    return replace(contract, scenarios={"sized": scenario}, default_scenario="sized")


def reset(contract: Contract, jobs: int) -> float:
    """Seconds that it takes to reset a changed sandbox and have its fingerprint."""
    sandbox = Sandboxes(sized(contract, jobs)).get("bench")
    keys = sandbox.run("sized").state.tables["jobs"].keys()
    queued = [key for key in keys if sandbox.run("sized").state.record("jobs", key)["status"] == "queued"]

    def change() -> None:
        sandbox.run("sized").submit(lambda _, at: Fire("jobs", queued[0], "cancel", at))

    def back() -> None:
        sandbox.reset()
        assert sandbox.run("sized").fingerprint

    return median_of(back, ROUNDS, before=change)


def going_back(contract: Contract, commands: int) -> tuple[float, float]:
    """Seconds that a rewind by one command takes with so many in the log, and the bytes that they take up."""
    start = Start(contract, contract.scenarios["baseline"])
    before = len(start.state.tables["jobs"])
    tracemalloc.start()
    run = Run(start, 1)
    for number in range(commands):
        run.advance(1)
        name = ("retry", "start", "fail")[number % 3]
        run.submit(lambda _, at, name=name: Fire("jobs", "job-7", name, at))  # type: ignore[misc]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(run.history.commands) == commands
    assert len(run.state.tables["jobs"]) == before
    return median_of(lambda: run.rewind(1), 20), size


def start_up() -> float:
    """Seconds from starting `mockserver serve` to the first 200 of /__mock/health."""

    def start() -> None:
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = next(line.split()[-1] for line in process.stdout if line.startswith("Listening on"))
            urlopen(f"{url}/__mock/health", timeout=10).close()
            stopped.append(time.perf_counter())
            process.terminate()
            process.wait(10)

    stopped: list[float] = []
    found = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        start()
        found.append(stopped[-1] - begun)
    return statistics.median(found)


def held(contract: Contract, count: int) -> tuple[float, float]:
    """Seconds of one GET before so many other requests are held back, and meanwhile."""
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        place = urlsplit(server.url)

        def connect() -> HTTPConnection:
            return HTTPConnection(place.hostname or "", place.port, timeout=10)

        def ask(connection: HTTPConnection, sandbox: str) -> None:
            connection.request("GET", "/admin/jobs/job-7", headers={"X-Mock-Sandbox": sandbox})

        def get() -> None:
            ask(calm, "calm")
            calm.getresponse().read()

        calm, many = connect(), [connect() for _ in range(count)]
        get()
        before = median_of(get, REQUESTS)
        order = json.dumps({"operation": "getJob", "delay": "60s"})
        headers = {"Content-Type": "application/json", "X-Mock-Sandbox": "many"}
        calm.request("POST", "/__mock/overrides", order, headers)
        calm.getresponse().read()
        for connection in many:
            ask(connection, "many")
        get()
        during = median_of(get, REQUESTS)
        for connection in (calm, *many):
            connection.close()
        return before, during


def checked(contract: Contract) -> float:
    """Seconds that the proof of a contract takes."""
    return median_of(lambda: list(Proof(contract).steps()), 3)
