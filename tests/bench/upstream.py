"""Responses of an upstream that are passed on, beside nginx as a proxy and beside the same backend without any."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mockserver import create_app
from tests.bench import connection, servers
from tests.bench.connection import Connection
from tests.bench.report import Comparison, Row, ratio
from tests.bench.rounds import Series, get, measure_in_turn, median_ratio
from tests.bench.servers import Server

PROGRAMS = ("wrk", "nginx")
SECONDS, ROUNDS, REQUESTS, DOWNLOADS, MEGABYTES = 2, 5, 3_000, 5, 100
# About 2 KB of jobs, at a path of the contract, where they are validated, and at one that it does not have.
OPERATION, OPERATION_ID, QUERY = "/admin/jobs", "listJobs", "?limit=16"
SMALL, LARGE = "/small", "/large"
OURS, NGINX, BACKEND = "ours", "nginx as a proxy", "the backend itself"


@dataclass(frozen=True, slots=True)
class Downloads:
    """Bytes per second of each download, and the server's memory in megabytes: before them, and at most."""

    rates: Mapping[str, Sequence[float]]
    before: float
    peak: float


def interleave_gets(targets: Mapping[str, Server], count: int) -> dict[str, float]:
    """The median seconds of a GET of the small body from each server, over one connection each, sent in turn."""
    data = connection.request("GET", SMALL)
    seconds: dict[str, list[float]] = {name: [] for name in targets}
    with contextlib.ExitStack() as stack:
        connections = {name: stack.enter_context(Connection(server)) for name, server in targets.items()}
        for _ in range(count):
            for name, client in connections.items():
                started = time.perf_counter()
                client.send(data)
                client.read()
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def download_in_turn(targets: Mapping[str, Server], count: int) -> Downloads:
    """GET the large body from each server, `count` times in turn."""
    data = connection.request("GET", LARGE)
    rates: dict[str, list[float]] = {name: [] for name in targets}
    before = targets[OURS].megabytes
    targets[OURS].forget_peak()
    for _ in range(count):
        for name, server in targets.items():
            with Connection(server) as client:
                started = time.perf_counter()
                client.send(data)
                rates[name].append(client.read() / (time.perf_counter() - started))
    return Downloads(rates, before, targets[OURS].peak_megabytes)


def rows(
    seconds: int = SECONDS, rounds: int = ROUNDS, requests: int = REQUESTS, downloads: int = DOWNLOADS,
    megabytes: int = MEGABYTES,
) -> Iterator[Row]:  # fmt: skip
    """The rows of the benchmark's table; the large body has this number of megabytes."""
    if missing := servers.missing_programs(PROGRAMS):
        yield Row("response of an upstream", f"not measured: without {' and '.join(missing)}")
        return
    body = create_app().test_client().get(OPERATION + QUERY).data
    files = {SMALL: body, OPERATION: body, LARGE: bytes(megabytes * 1_000_000)}
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(servers.nginx(files))
        ours = servers.mockserver("--upstream", backend.url, "--pass", OPERATION_ID)
        targets = {
            OURS: stack.enter_context(ours),
            NGINX: stack.enter_context(servers.nginx_proxy(backend, SMALL)),
            BACKEND: backend,
        }
        # The server is new: what a single request or download leaves in its memory is not what many need.
        interleave_gets(targets, 100)
        yield from _rate_rows(targets, seconds, rounds)
        yield _latency_row(interleave_gets(targets, requests))
        yield _download_row(download_in_turn(targets, downloads), megabytes)


def _rate_rows(targets: Mapping[str, Server], seconds: int, rounds: int) -> Iterator[Row]:
    measurements = {name: get(server, SMALL, seconds) for name, server in targets.items()}
    measurements["validated"] = get(targets[OURS], OPERATION + QUERY, seconds)
    series: dict[str, Series] = measure_in_turn(measurements, rounds)
    rates = series[OURS].rates
    yield Row(
        "response of an upstream, 2 KB",
        str(series[OURS]),
        [ratio(median_ratio(rates, series[name].rates), name) for name in (NGINX, BACKEND)],
        in_readme=True,
    )
    yield Row(
        "the same, of an operation, and validated",
        str(series["validated"]),
        [ratio(median_ratio(series["validated"].rates, rates), "one that is not")],
    )


def _latency_row(seconds: Mapping[str, float]) -> Row:
    ours, nginx = (seconds[name] - seconds[BACKEND] for name in (OURS, NGINX))
    return Row(
        "time that passing on adds to a GET of 2 KB, one connection",
        f"{ours * 1e6:.0f} µs",
        [Comparison(f"{NGINX} adds {nginx * 1e6:.0f} µs, to {seconds[BACKEND] * 1e6:.0f} µs of {BACKEND}")],
    )


def _download_row(downloads: Downloads, megabytes: int) -> Row:
    rates = downloads.rates
    return Row(
        f"response of an upstream, {megabytes} MB",
        f"{statistics.median(rates[OURS]) / 1e6:,.0f} MB/s",
        [
            *(ratio(median_ratio(rates[OURS], rates[name]), name) for name in (NGINX, BACKEND)),
            Comparison(
                f"memory at most {downloads.peak:.0f} MB, {downloads.peak - downloads.before:.1f} MB more than before"
            ),
        ],
    )
