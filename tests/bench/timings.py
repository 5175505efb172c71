"""Times of single operations: reset, rewind, delayed responses, the contract's check, start-up."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import urlopen

from msgspec.structs import replace

from mockserver import BackgroundServer, Contract, create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.commands import Fire
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.start import Start
from tests.bench.report import Comparison, Row, ratio

ROUNDS = 300
STARTS = 7
START_SECONDS_LIMIT = 0.35
REQUESTS = 2_000
COMMANDS = 10_000
DELAYED = 200


def median_seconds(action: Callable[[], object], times: int, before: Callable[[], object] = lambda: None) -> float:
    """Median time of `action` in seconds, each time after `before`, which is not counted."""
    seconds = []
    for _ in range(times):
        before()
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def with_jobs(contract: Contract, jobs: int) -> Contract:
    """The contract with one scenario, "sized", which generates this number of jobs."""
    large = contract.scenarios["large-queue"]
    scenario = replace(large, name="sized", generate={"sessions": 10, "jobs": jobs})
    return replace(contract, scenarios={"sized": scenario}, default_scenario="sized")


def time_change_and_list(contract: Contract) -> tuple[float, float]:
    """Seconds that a retry or cancel takes in the engine, and the list of 20 of 5,000 jobs right after it."""
    sandboxes, behaviours = Sandboxes(contract), Behaviours(contract)
    retry, cancel, listing = (contract.operations[name] for name in ("retryJob", "cancelJob", "listJobs"))
    first_page = OperationCall({}, {"limit": 20})
    jobs = sandboxes.get("bench").run("large-queue").state.tables["jobs"].ordered()
    failed = [row.record["id"] for row in jobs if row.record["status"] == "failed"]
    changes, lists = list[float](), list[float]()
    for number in range(ROUNDS // 10):
        run = sandboxes.get(f"bench-{number}").run("large-queue")
        for operation in (retry, cancel):
            for job in failed:
                started = time.perf_counter()
                run.settle()
                behaviours.perform(run, operation, OperationCall({"job_id": job}, {}))
                run.drain_fired()
                changed = time.perf_counter()
                behaviours.perform(run, listing, first_page)
                lists.append(time.perf_counter() - changed)
                changes.append(changed - started)
    return statistics.median(changes), statistics.median(lists)


def time_reset(contract: Contract, jobs: int) -> float:
    """Seconds to reset a changed sandbox and compute its fingerprint."""
    sandbox = Sandboxes(with_jobs(contract, jobs)).get("bench")
    keys = sandbox.run("sized").state.tables["jobs"].keys()
    queued = [key for key in keys if sandbox.run("sized").state.record("jobs", key)["status"] == "queued"]

    def change() -> None:
        sandbox.run("sized").submit(lambda _, at: Fire("jobs", queued[0], "cancel", at))

    def reset() -> None:
        sandbox.reset()
        assert sandbox.run("sized").fingerprint

    return median_seconds(reset, ROUNDS, before=change)


def time_rewind(contract: Contract, commands: int) -> tuple[float, float]:
    """Seconds of a rewind that drops the last of many commands, and the bytes that their log takes."""
    start = Start(contract, contract.scenarios["baseline"])
    jobs = len(start.state.tables["jobs"])
    tracemalloc.start()
    run = Run(start, 1)
    for number in range(commands):
        run.advance(1)
        name = ("retry", "start", "fail")[number % 3]
        run.submit(lambda _, at, name=name: Fire("jobs", "job-7", name, at))  # type: ignore[misc]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(run.history.commands) == commands
    assert len(run.state.tables["jobs"]) == jobs
    return median_seconds(lambda: run.rewind(1), 20), size


def time_start() -> tuple[float, float]:
    """Seconds from starting a program to its first 200: `mockserver serve`, and bare Flask behind the same server."""
    mockserver = ["mockserver", "serve", "--port", "0"]
    seconds: list[tuple[float, float]] = [
        (_time_start(mockserver, "/admin/jobs"), _time_start(["tests.bench.bare_flask"], "/admin/jobs"))
        for _ in range(STARTS)
    ]
    ours, bare = zip(*seconds, strict=True)
    return statistics.median(ours), statistics.median(bare)


def _time_start(module: list[str], path: str) -> float:
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = next(line.split()[-1] for line in process.stdout if line.startswith("Listening on"))
        urlopen(f"{url}{path}", timeout=10).close()
        seconds = time.perf_counter() - started
        process.terminate()
        process.wait(10)
    return seconds


def time_get_beside_delays(contract: Contract, count: int) -> tuple[float, float]:
    """Seconds of one GET alone, and while `count` other responses are delayed."""
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        address = urlsplit(server.url)

        def connect() -> HTTPConnection:
            return HTTPConnection(address.hostname or "", address.port, timeout=10)

        def send(connection: HTTPConnection, sandbox: str) -> None:
            connection.request("GET", "/admin/jobs/job-7", headers={"X-Mock-Sandbox": sandbox})

        def get() -> None:
            send(connection, "undelayed")
            connection.getresponse().read()

        connection, delayed = connect(), [connect() for _ in range(count)]
        get()
        alone = median_seconds(get, REQUESTS)
        override = json.dumps({"operation": "getJob", "delay": "60s"})
        headers = {"Content-Type": "application/json", "X-Mock-Sandbox": "delayed"}
        connection.request("POST", "/__mock/overrides", override, headers)
        connection.getresponse().read()
        for other in delayed:
            send(other, "delayed")
        get()
        beside = median_seconds(get, REQUESTS)
        for other in (connection, *delayed):
            other.close()
        return alone, beside


def time_check(contract: Contract) -> float:
    """Seconds of `mockserver check`, without loading the contract."""
    return median_seconds(lambda: list(ContractChecker(contract).steps()), 3)


def rows() -> Iterator[Row]:
    """The rows of the benchmark's table."""
    contract = load_contract()
    changed, listed = time_change_and_list(contract)
    yield Row(
        "engine alone: retry or cancel · list of 20 right after it", f"{changed * 1e6:.1f} · {listed * 1e6:.1f} µs"
    )
    few, many = time_reset(contract, 10), time_reset(contract, 5_000)
    yield Row("reset, 5,000 jobs", f"{many * 1e6:.1f} µs", [ratio(many / few, "that of 10 jobs")], in_readme=True)
    seconds, size = time_rewind(contract, COMMANDS)
    yield Row(
        f"rewind by one of {COMMANDS:,} commands",
        f"{seconds * 1e3:.1f} ms",
        [Comparison(f"the log takes {size / 1e6:.1f} MB")],
    )
    alone, beside = time_get_beside_delays(contract, DELAYED)
    yield Row(
        f"GET while {DELAYED} responses are delayed", f"{beside * 1e6:.0f} µs", [ratio(beside / alone, "a GET alone")]
    )
    yield Row("check of the built-in contract", f"{time_check(contract):.2f} s")
    seconds, bare = time_start()
    targets = [
        Comparison("", f"at most {START_SECONDS_LIMIT:g} s", seconds > START_SECONDS_LIMIT),
        ratio(seconds / bare, "that of bare Flask"),
    ]
    yield Row("start to the first 200", f"{seconds:.2f} s", targets, in_readme=True)
