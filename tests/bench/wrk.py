"""Runs wrk against a server and reads what it reports."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32
CHANGES = Path(__file__).with_name("changes.lua")
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk: requests per second, median and p99 latency in seconds, failed requests, requests in total.

    `cpu` is the server's CPU time for one request, in seconds; 0 if it was not measured.
    """

    rate: float
    median: float
    p99: float
    errors: int
    requests: int
    cpu: float = 0.0


def run(url: str, seconds: int, *options: str, script: Sequence[str] = ()) -> Load:
    """Send requests over 32 connections; `script` is a Lua file and its arguments.

    Raises subprocess.CalledProcessError if wrk cannot connect.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "10s", "--latency", *options]
    command += ["-s", script[0], url, "--", *script[1:]] if script else [url]
    return parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def changes(
    sandbox: str, jobs: Sequence[str], *, every: int = 1, sandboxes: int = 1, reuse: bool = False
) -> Sequence[str]:
    """The script whose every `every`th request is a change, with its arguments; `changes.lua` documents them."""
    return (str(CHANGES), sandbox, str(every), str(sandboxes), "yes" if reuse else "no", *jobs)


def parse(report: str) -> Load:
    """Read what `wrk --latency` prints."""
    latency = {
        percentile: float(number) * UNITS[unit]
        for percentile, number, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s|m) *$", report, re.MULTILINE)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    requests = re.search(r"(\d+) requests in", report)
    statuses = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    errors = (int(statuses[1]) if statuses else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    assert rate is not None, report
    assert requests is not None, report
    return Load(float(rate[1]), latency["50"], latency["99"], errors, int(requests[1]))
