"""Where the time of a change, and of a GET right after it, goes in the server: `python -m tests.bench.profile`.

Runs `mockserver serve` in a process that samples its own stack, while wrk sends a change and a GET in turn. It uses
the command line and sockets alone, and assigns samples by file names, so it does not depend on how requests are
processed. A sample costs little and there are few, so the profile does not distort what it measures.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import signal
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from tests.bench import rounds, servers, wrk

SECONDS, WARM_UP_SECONDS, REPORT_SECONDS = 10, 1, 10
INTERVAL_SECONDS = 0.001
PACKAGE = "mockserver"
# These folders have a row for each file: they have the steps of a request.
BY_FILE = ("http", "server", "web")
# `asyncio.Protocol.data_received` is called with the bytes of a request.
RECEIVE = "data_received"
LOOP = "event loop and sockets"
# How a sample counts for a change and for a GET, by the method of its request.
SHARES = {"POST": (1.0, 0.0), "GET": (0.0, 1.0)}
MIN_SHARE = 0.01
STANDARD_LIBRARY = "standard library"


@cache
def module_of(file: str) -> tuple[str, str]:
    """The package that a source file belongs to, and its path in it: ("mockserver", "http/pipeline.py")."""
    parts = Path(file).parts
    if "site-packages" in parts:
        inner = parts[parts.index("site-packages") + 1 :]
    elif PACKAGE in parts:
        inner = parts[len(parts) - 1 - parts[::-1].index(PACKAGE) :]
    elif file.startswith(sysconfig.get_path("stdlib")):
        inner = (STANDARD_LIBRARY, *Path(file).relative_to(sysconfig.get_path("stdlib")).parts)
    else:
        return STANDARD_LIBRARY, file
    return inner[0].removesuffix(".py"), "/".join(inner[1:])


def place_of(module: str) -> str:
    """The row of the table for a file of mockserver: the file itself, or its folder."""
    folder = module.rpartition("/")[0]
    return module if folder in BY_FILE or not folder else f"{folder}/"


@dataclass(frozen=True, slots=True)
class Sample:
    """One stack: the method of the request, the place, the library that runs there, and functions from the inside."""

    method: str
    place: str
    library: str
    functions: tuple[str, ...]


def describe(frame: FrameType | None) -> Sample:
    """Reduce a stack to what the tables need.

    The place is the innermost file of mockserver: what it calls in a library counts as its own time.
    """
    if frame is None:
        return Sample("", LOOP, "", ())
    library = module_of(frame.f_code.co_filename)[0]
    is_before_request = _is_at_start_of_request(frame)
    method, functions = "", []
    outer: FrameType | None = frame
    while outer is not None and not method:
        code = outer.f_code
        package, module = module_of(code.co_filename)
        if package == PACKAGE:
            functions.append(f"{module} {code.co_qualname}")
        if code.co_name == RECEIVE:
            method = bytes(outer.f_locals[code.co_varnames[1]]).partition(b" ")[0].decode("latin-1")
        outer = outer.f_back
    if is_before_request or not method:
        return Sample(method, LOOP, "", ())
    return Sample(
        method, place_of(functions[0].partition(" ")[0]), library if library != PACKAGE else "", tuple(functions)
    )


def _is_at_start_of_request(frame: FrameType) -> bool:
    """Whether the time before this sample went to polling and reading.

    Python runs signal handlers between its own instructions: what C code did before is seen at the first one after it.
    """
    return frame.f_code.co_name == RECEIVE and frame.f_lineno == frame.f_code.co_firstlineno


class Sampler:
    """Samples the stack of the main thread between SIGUSR1 and SIGUSR2, then writes what it has to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples: Counter[Sample] = Counter()
        self.started = self.kernel = 0.0

    def install(self) -> None:
        """Handle the signals."""
        signal.signal(signal.SIGUSR1, self._start)
        signal.signal(signal.SIGUSR2, self._stop)
        signal.signal(signal.SIGPROF, self._sample)
        signal.siginterrupt(signal.SIGPROF, False)

    def _start(self, *_: object) -> None:
        self.started, self.kernel = time.process_time(), os.times().system
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        self.samples[describe(frame)] += 1

    def _stop(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds, kernel = time.process_time() - self.started, os.times().system - self.kernel
        samples = [
            [sample.method, sample.place, sample.library, sample.functions, count]
            for sample, count in self.samples.items()
        ]
        text = json.dumps({"seconds": seconds, "kernel_seconds": kernel, "samples": samples})
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(text)
        unfinished.rename(self.path)


# Microseconds of a change and of a GET.
Cost = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples of a number of changes and the same number of GETs, which took this many seconds of CPU time."""

    samples: Mapping[Sample, int]
    pairs: float
    seconds: float
    kernel_seconds: float

    def costs(self, keys: Callable[[Sample], Iterable[str]]) -> dict[str, Cost]:
        """What a change and a GET cost at each of the keys that `keys` gives to a sample, the most expensive first."""
        microseconds = 1e6 * self.seconds / sum(self.samples.values()) / self.pairs
        costs: dict[str, Cost] = {}
        for sample, count in self.samples.items():
            # What the event loop does between requests is shared by both.
            change, read = SHARES.get(sample.method, (0.5, 0.5))
            for key in keys(sample):
                before = costs.get(key, (0.0, 0.0))
                costs[key] = (
                    before[0] + count * microseconds * change,
                    before[1] + count * microseconds * read,
                )
        return dict(sorted(costs.items(), key=lambda item: -sum(item[1])))


def measure(seconds: int = SECONDS) -> Profile:
    """Profile a server under load."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples.json")
        command = [sys.executable, "-m", "tests.bench.profile", "--serve", str(path)]
        with servers.start_and_read_address(command) as server:
            jobs = rounds.read_failed_jobs(server)
            rounds.warm_up(server, jobs, WARM_UP_SECONDS)
            os.kill(server.pid, signal.SIGUSR1)
            load = wrk.run(server.url, seconds, script=wrk.changes("profile", jobs, every=2))
            os.kill(server.pid, signal.SIGUSR2)
            report = _read_report(path)
    if load.errors:
        raise SystemExit(f"{load.errors} of {load.requests} requests failed")
    samples = {
        Sample(method, place, library, tuple(functions)): count
        for method, place, library, functions, count in report["samples"]
    }
    return Profile(samples, load.requests / 2, report["seconds"], report["kernel_seconds"])


def _read_report(path: Path) -> dict[str, Any]:
    deadline = time.monotonic() + REPORT_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise SystemExit("the profiled server wrote no samples")
        time.sleep(0.05)
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def section(profile: Profile) -> str:
    """The profile as a section of `docs/benchmark.md`."""
    places = profile.costs(lambda sample: [sample.place])
    libraries = profile.costs(lambda sample: [sample.library] if sample.library else [])
    total = _sum(places.values())
    lines = [
        "## Where the time goes",
        "",
        f"CPU time of the server for a change and for the GET right after it: {sum(profile.samples.values()):,} samples "
        f"of the stack over {profile.pairs:,.0f} pairs; {profile.kernel_seconds / profile.seconds:.0%} of it is in "
        "the kernel. The row of a file includes the time that it spends in libraries.",
        "",
        *_table("in mockserver", places, total),
        "",
        "The part of it that is spent in libraries written in Python; those written in C count as their callers:",
        "",
        *_table("in libraries", libraries, total),
        "",
    ]
    return "\n".join(lines)


def functions_table(profile: Profile, count: int) -> str:
    """The most expensive functions of mockserver, each with all that it calls."""
    functions = profile.costs(lambda sample: set(sample.functions))
    total = _sum(profile.costs(lambda sample: [sample.place]).values())
    lines = [_line(name, cost, total) for name, cost in list(functions.items())[:count]]
    return "\n".join((*_header("function, with all that it calls"), *lines))


def _header(title: str) -> list[str]:
    return [f"| {title} | POST of retry and cancel | GET of 20 jobs after it |", "|---|---|---|"]


def _table(title: str, costs: Mapping[str, Cost], total: Cost) -> list[str]:
    """A Markdown table; rows that are small for changes and for GETs are added up in the last one."""
    large = {
        name: cost for name, cost in costs.items() if cost[0] >= MIN_SHARE * total[0] or cost[1] >= MIN_SHARE * total[1]
    }
    lines = [*_header(title), *(_line(name, cost, total) for name, cost in large.items())]
    if len(large) < len(costs):
        lines.append(_line("others", _sum(cost for name, cost in costs.items() if name not in large), total))
    return [*lines, _line("total", _sum(costs.values()), total)]


def _line(name: str, cost: Cost, total: Cost) -> str:
    cells = [f"{part:.1f} µs, {part / (whole or 1):.0%}" for part, whole in zip(cost, total, strict=True)]
    return f"| {name} | {cells[0]} | {cells[1]} |"


def _sum(costs: Iterable[Cost]) -> Cost:
    changes, reads = zip(*costs, strict=True)
    return sum(changes), sum(reads)


def main() -> None:
    """Print the profile."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long to send requests")
    parser.add_argument(
        "--functions", type=int, default=0, metavar="N", help="also print the N most expensive functions"
    )
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        Sampler(options.serve).install()
        sys.argv = ["mockserver", "serve", "--port", "0", "--no-watch"]
        runpy.run_module("mockserver", run_name="__main__", alter_sys=True)
        return
    profile = measure(options.seconds)
    print(section(profile))
    if options.functions:
        print(functions_table(profile, options.functions))


if __name__ == "__main__":
    main()
