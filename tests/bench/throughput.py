"""Measures everything in one run; writes `docs/benchmark.md` and `.svg`, and the README's rows: `make bench`.

Compare figures within one run: machines differ, and this one may have other work to do.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from mockserver import load_contract
from mockserver.version import __version__
from tests.bench import bar_chart, growth, timings
from tests.bench.servers import Load, Server, bare_flask, missing, nginx, ours, redis, wrk

ROOT = Path(__file__).parents[2]
DOCS, README = ROOT / "docs", ROOT / "README.md"
# The README shows some of the rows between these.
BEGIN, END = "<!-- benchmark -->", "<!-- /benchmark -->"
HEAD = ("| what | figure | beside |", "|---|---|---|")
LIST = "/admin/jobs?limit=20"
SECONDS = 4
ROUNDS = 3
MIXED_SECONDS = 60
WORKERS = (1, 2, 4)
# So many tests at a time, each in a sandbox of its own.
TESTS = 16

# All jobs that have failed are retried, then all are cancelled, then in other sandboxes, so that no two requests on
# their way at the same time are about the same job. wrk draws a few requests as it begins that it never sends.
SCRIPT = """
local jobs, number, sandboxes = { %s }, 0, %d
local headers = { ["X-Mock-Scenario"] = "large-queue", ["X-Mock-Sandbox"] = "%s-0-0" }
local function read() return wrk.format("GET", "/admin/jobs?limit=20", headers) end
local function change()
  local turn = math.floor(number / sandboxes)
  local round, at = math.floor(turn / #jobs), turn %% #jobs
  headers["X-Mock-Sandbox"] = "%s-" .. math.floor(round / 2) .. "-" .. number %% sandboxes
  number = number + 1
  return wrk.format("POST", "/admin/jobs/" .. jobs[at + 1] .. (round %% 2 == 0 and "/retry" or "/cancel"), headers)
end
local drawn = 0
function request()
  drawn = drawn + 1
  if drawn < 64 or drawn %% %d > 0 then return read() end
  return change()
end
"""


def script(jobs: str, name: str, every: int, sandboxes: int = 1) -> str:
    """Lua for wrk: each `every`th request is a change, the others read the list of the sandbox that was changed.

    Changes go to so many sandboxes in turn.
    """
    return SCRIPT % (jobs, sandboxes, name, name, every)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    beside: str
    is_shown: bool = False


def best(loads: list[Load]) -> Load:
    """The run of median rate."""
    return sorted(loads, key=lambda one: one.rate)[len(loads) // 2]


def failed_jobs(server: Server) -> str:
    """The ids of failed jobs, as Lua."""
    asked = Request(f"{server.url}/admin/jobs?status=failed&limit=500", headers={"X-Mock-Scenario": "large-queue"})
    with urlopen(asked, timeout=10) as answer:
        return ", ".join(f'"{job["id"]}"' for job in json.load(answer)["jobs"])


def speed() -> Iterator[Row]:
    """Requests per second, ours and the floors in turn."""
    with ours() as own, bare_flask() as flask:
        with urlopen(own.url + LIST, timeout=10) as answer:
            body = answer.read()
        jobs = failed_jobs(own)
        with nginx(body) as file:
            found: dict[str, list[Load]] = {name: [] for name in ("own", "304", "flask", "nginx", "changes", "turn")}
            for number in range(ROUNDS):
                found["nginx"].append(wrk(f"{file.url}/jobs", SECONDS))
                found["own"].append(wrk(own.url + LIST, SECONDS))
                found["304"].append(wrk(own.url + LIST, SECONDS, "-H", "If-None-Match: *"))
                found["flask"].append(wrk(flask.url + "/", SECONDS))
                found["changes"].append(wrk(own.url, SECONDS, script=script(jobs, f"a{number}", 1)))
                found["turn"].append(wrk(own.url, SECONDS, script=script(jobs, f"b{number}", 2)))
        assert not any(load.errors for loads in found.values() for load in loads), found
        of = {name: best(loads) for name, loads in found.items()}
        after = 1 / (2 / of["turn"].rate - 1 / of["changes"].rate)
        (DOCS / "benchmark.svg").write_text(
            bar_chart.bars(
                "Requests per second, 32 connections, one process",
                "",
                [
                    ("GET of 20 jobs", of["own"].rate, True),
                    ("nginx, the same bytes from a file", of["nginx"].rate, False),
                    ("GET of 20 jobs, 304", of["304"].rate, True),
                    ("GET right after a change", after, True),
                    ("POST of retry and cancel", of["changes"].rate, True),
                    ("one bare Flask view, same server", of["flask"].rate, False),
                ],
            )
        )
        yield Row(
            "GET of 20 jobs, nothing changed", _told(of["own"]), _ratio(of["own"].rate, of["nginx"].rate, "nginx"), True
        )
        yield Row("the same, 304", _told(of["304"]), _ratio(of["304"].rate, of["own"].rate, "the 200"), True)
        yield Row(
            "GET of 20 jobs right after a change",
            f"{after:,.0f}/s",
            _ratio(after, of["flask"].rate, "bare Flask"),
            True,
        )
        yield Row(
            "POST of retry and cancel",
            _told(of["changes"]),
            _ratio(of["changes"].rate, of["flask"].rate, "bare Flask"),
            True,
        )
        yield Row("nginx, the same bytes from a file", _told(of["nginx"]), "", True)
        yield Row("bare Flask, one view behind the same server", _told(of["flask"]), "", True)
        mixed = wrk(own.url, MIXED_SECONDS, script=script(jobs, "m", 10))
        yield Row(
            f"reads and changes 9:1, {MIXED_SECONDS} s", _told(mixed),
            f"p99 {mixed.p99 / mixed.median:.1f} of the median, {mixed.errors} errors", True,
        )  # fmt: skip
        yield Row("memory after all of this", f"{own.megabytes:.0f} MB", "")


def together() -> Iterator[Row]:
    """Reads and changes where processes share a Redis: the answers kept, and each change in the store."""
    for workers in WORKERS:
        with redis() as store, ours("--store", store, "--workers", str(workers)) as own:
            jobs = failed_jobs(own)
            # Each worker makes the scenario on first use.
            wrk(own.url, 1, script=script(jobs, "warm", 1, TESTS))
            reads = wrk(own.url + LIST, SECONDS)
            changes = wrk(own.url, SECONDS, script=script(jobs, "r", 1, TESTS))
            yield Row(
                f"with Redis, {workers} worker{'s' if workers > 1 else ''}: GET of 20 jobs · POST of retry and cancel",
                f"{reads.rate:,.0f}/s · {changes.rate:,.0f}/s",
                f"median {reads.median * 1e3:.1f} · {changes.median * 1e3:.1f} ms, {reads.errors + changes.errors} errors",
                workers == 2,
            )


def parts() -> Iterator[Row]:
    """Figures of single parts."""
    contract = load_contract()
    few, many = timings.reset(contract, 10), timings.reset(contract, 5_000)
    yield Row("reset, 5,000 jobs", f"{many * 1e6:.1f} µs", _ratio(many, few, "that of 10 jobs"), True)
    rewound, size = timings.going_back(contract, timings.COMMANDS)
    yield Row("rewind by one of 10,000 commands", f"{rewound * 1e3:.1f} ms", f"the log takes {size / 1e6:.1f} MB")
    before, during = timings.held(contract, timings.HELD)
    yield Row("GET while 200 requests are held", f"{during * 1e6:.0f} µs", _ratio(during, before, "without"))
    yield Row("check of the built-in contract", f"{timings.checked(contract):.2f} s", "")
    yield Row("start-up to the first answer", f"{timings.start_up():.2f} s", "", True)
    listed = growth.pages(contract)
    yield Row("page of 100 of 50,000 jobs, right after a change", f"{listed.values[-1] * 1e6:.0f} µs", _ratio(listed.values[-1], listed.values[1], "that of 500 jobs"), True)  # fmt: skip
    made, megabytes = growth.sandboxes(contract)
    yield Row("10,000 sandboxes, a change each, over 1,000 jobs", f"{megabytes:.0f} MB", f"the last is made in {made.values[-1] / made.values[0]:.2f} of the first's time", True)  # fmt: skip
    empty, full = growth.journal(contract)
    yield Row("GET with a full journal, nothing kept", f"{full * 1e6:.0f} µs", _ratio(full, empty, "an empty one"))
    for curve in (listed, made, growth.logs(contract)):
        yield Row(
            f"growth: {curve.name}, {curve.sizes[0]:,} to {curve.sizes[-1]:,}",
            " · ".join(f"{value * 1e6:.0f}" for value in curve.values) + " µs",
            f"size^{curve.exponent:.2f}",
        )


def _told(load: Load) -> str:
    return f"{load.rate:,.0f}/s (median {load.median * 1e3:.2f} ms, p99 {load.p99 * 1e3:.2f} ms)"


def _ratio(value: float, other: float, name: str) -> str:
    return f"{value / other:.2f} of {name}"


def main() -> None:
    if needed := missing():
        sys.exit(f"{' and '.join(needed)} are needed; on Debian: apt-get install wrk nginx-light redis-server")
    lines, shown = [*HEAD], [*HEAD]
    print("\n".join(lines), flush=True)
    for rows in (speed(), together(), parts()):
        for row in rows:
            lines.append(f"| {row.what} | {row.figure} | {row.beside} |")
            shown += lines[-1:] if row.is_shown else []
            print(lines[-1], flush=True)
    about = f"mockserver {__version__}, Python {platform.python_version()}, {platform.system()} on {platform.machine()}, two cores shared with wrk."  # fmt: skip
    text = (
        f"# Benchmark\n\nOne run of `make bench`: {about} 32 connections, one process each, everything switched on.\n\n"
    )
    (DOCS / "benchmark.md").write_text(text + "\n".join(lines) + "\n")
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text("\n".join((before + BEGIN, *shown, END)) + after)


if __name__ == "__main__":
    main()
