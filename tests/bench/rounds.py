"""Measures servers in turn, round by round, so that other work on the machine slows down all of them alike."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.request import Request, urlopen

from tests.bench import wrk
from tests.bench.servers import Server
from tests.bench.wrk import Load

LIST = "/admin/jobs?limit=20"
SCENARIO = {"X-Mock-Scenario": "large-queue"}
WARM_UP_SECONDS, JVM_WARM_UP_TRIES = 1, 12
# One run of wrk; the argument is the number of the round.
Measurement = Callable[[int], Load]


@dataclass(frozen=True, slots=True)
class Series:
    """The loads of one measurement, one for each round."""

    loads: Sequence[Load]

    @property
    def rates(self) -> list[float]:
        """Requests per second in each round."""
        return [load.rate for load in self.loads]

    @property
    def cpu(self) -> list[float]:
        """CPU seconds for one request in each round."""
        return [load.cpu for load in self.loads]

    @property
    def median(self) -> Load:
        """The round with the median rate."""
        return sorted(self.loads, key=lambda load: load.rate)[len(self.loads) // 2]

    def __str__(self) -> str:
        load = self.median
        return f"{load.rate:,.0f}/s (median {load.median * 1e3:.2f} ms, p99 {load.p99 * 1e3:.2f} ms)"


def median_ratio(rates: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the rounds' ratios: other work on the machine slows down both sides of a round."""
    return statistics.median(rate / other for rate, other in zip(rates, reference, strict=True))


def second_of_pair(pairs: Series, changes: Series) -> Series:
    """The GETs alone, where `pairs` has a change and a GET in turn: rates and CPU time without those of the changes.

    Latencies stay those of the pairs.
    """
    loads = []
    for pair, change in zip(pairs.loads, changes.loads, strict=True):
        # At least a hundredth of the pair's time, where a slow round of changes leaves nothing for the GET.
        seconds = max(2 / pair.rate - 1 / change.rate, 0.02 / pair.rate)
        cpu = max(2 * pair.cpu - change.cpu, 0.02 * pair.cpu)
        loads.append(replace(pair, rate=1 / seconds, cpu=cpu))
    return Series(loads)


def measure_in_turn(measurements: Mapping[str, Measurement], rounds: int) -> dict[str, Series]:
    """Run each measurement once in each round; they get the round's number.

    Raises SystemExit if a request fails.
    """
    loads: dict[str, list[Load]] = {name: [] for name in measurements}
    for number in range(rounds):
        for name, measure in measurements.items():
            load = measure(number)
            if load.errors:
                raise SystemExit(f"{name}: {load.errors} of {load.requests} requests failed")
            loads[name].append(load)
    return {name: Series(series) for name, series in loads.items()}


def read_failed_jobs(server: Server) -> list[str]:
    """The ids of the failed jobs of the scenario large-queue."""
    request = Request(f"{server.url}/admin/jobs?status=failed&limit=500", headers=SCENARIO)
    with urlopen(request, timeout=10) as response:
        return [job["id"] for job in json.load(response)["jobs"]]


def read(server: Server, path: str) -> bytes:
    """The body of a GET."""
    with urlopen(server.url + path, timeout=10) as response:
        body: bytes = response.read()
        return body


def drive(server: Server, path: str, seconds: int, *options: str, script: Sequence[str] = ()) -> Load:
    """One run of wrk, with the CPU time of the server's process."""
    before = server.cpu_seconds
    load = wrk.run(server.url + path, seconds, *options, script=script)
    return replace(load, cpu=(server.cpu_seconds - before) / load.requests)


def get(server: Server, path: str, seconds: int, *options: str) -> Measurement:
    """GETs of one path."""
    return lambda _: drive(server, path, seconds, *options)


def change(
    server: Server, jobs: Sequence[str], seconds: int, sandbox: str, *, every: int = 1, sandboxes: int = 1,
    reuse: bool = False,
) -> Measurement:  # fmt: skip
    """Changes of jobs, in other sandboxes each round; the options are those of `wrk.changes`."""

    def measure(number: int) -> Load:
        script = wrk.changes(f"{sandbox}-{number}", jobs, every=every, sandboxes=sandboxes, reuse=reuse)
        return drive(server, "", seconds, script=script)

    return measure


def changes_and_pairs(server: Server, jobs: Sequence[str], seconds: int, name: str) -> dict[str, Measurement]:
    """Changes alone, and a change and a GET in turn: measured next to each other, as both make one figure."""
    return {
        f"{name}: changes": change(server, jobs, seconds, "changes"),
        f"{name}: pairs": change(server, jobs, seconds, "pairs", every=2),
    }


def warm_up(server: Server, jobs: Sequence[str], seconds: int) -> float:
    """Let caches fill and compilers see each kind of request; the CPU seconds of a GET and a change."""
    read = drive(server, LIST, seconds)
    return read.cpu + drive(server, "", seconds, script=wrk.changes("warm-up", jobs)).cpu


def warm_up_jvm(server: Server, jobs: Sequence[str]) -> None:
    """Send requests until compiling makes them no cheaper: until the best of three tries is no better than before."""
    cpu: list[float] = []
    while len(cpu) < JVM_WARM_UP_TRIES and (len(cpu) < 4 or min(cpu[-3:]) < 0.95 * min(cpu[:-3])):
        cpu.append(warm_up(server, jobs, WARM_UP_SECONDS))
