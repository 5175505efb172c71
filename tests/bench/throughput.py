"""Requests per second of mockserver and of the servers that it is compared with, driven by wrk."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence

from tests.bench import bar_chart, servers, wrk
from tests.bench.report import DOCS, Comparison, Row, ratio
from tests.bench.rounds import (
    LIST,
    WARM_UP_SECONDS,
    Measurement,
    Series,
    change,
    changes_and_pairs,
    get,
    measure_in_turn,
    median_ratio,
    read,
    read_failed_jobs,
    second_of_pair,
    warm_up,
    warm_up_jvm,
)
from tests.bench.servers import Server
from tests.bench.wiremock import JOURNAL, NO_JOURNAL, WireMockMissing, find_jar, stubs, wiremock

SECONDS, ROUNDS = 2, 5
QUICK_SECONDS, QUICK_ROUNDS = 1, 3
MIXED_SECONDS = 30
STORE_WORKERS = (1, 2, 4)
STORE_SECONDS, STORE_ROUNDS = 2, 2
# Changes on a shared store go to this number of sandboxes in turn, as parallel tests do.
STORE_SANDBOXES = 16
NGINX, BARE_FLASK = "nginx", "bare Flask"
WIREMOCK, WIREMOCK_NO_JOURNAL = "WireMock with journal", "WireMock without journal"


def compare_with_bare_flask() -> Iterator[Row]:
    """The three ratios to bare Flask, in less than half a minute."""
    with servers.mockserver() as ours, servers.bare_flask() as flask:
        jobs = read_failed_jobs(ours)
        for server in (ours, flask):
            warm_up(server, jobs, WARM_UP_SECONDS)
        series = measure_in_turn(
            {
                "ours: GET": get(ours, LIST, QUICK_SECONDS),
                "Flask: GET": get(flask, LIST, QUICK_SECONDS),
                **changes_and_pairs(ours, jobs, QUICK_SECONDS, "ours"),
                **changes_and_pairs(flask, jobs, QUICK_SECONDS, "Flask"),
            },
            QUICK_ROUNDS,
        )
    yield Row(
        "GET of 20 jobs, nothing changed",
        str(series["ours: GET"]),
        beside_bare_flask(series["ours: GET"], series["Flask: GET"]),
    )
    yield _changes_row(series, [])
    yield _after_change_row(series)


def compare_with_all() -> Iterator[Row]:
    """Reads and changes on every server; also writes the chart."""
    with contextlib.ExitStack() as stack:
        ours, flask = stack.enter_context(servers.mockserver()), stack.enter_context(servers.bare_flask())
        body, jobs = read(ours, LIST), read_failed_jobs(ours)
        nginx = stack.enter_context(servers.nginx({"/jobs": body}))
        peers, reason = {}, ""
        try:
            jar, mappings = find_jar(), stubs(body, read(ours, f"/admin/jobs/{json.loads(body)['jobs'][0]['id']}"))
            for name, options in ((WIREMOCK, JOURNAL), (WIREMOCK_NO_JOURNAL, NO_JOURNAL)):
                peers[name] = stack.enter_context(wiremock(jar, mappings, *options))
        except WireMockMissing as missing:
            reason = str(missing)
        for server in (ours, flask):
            warm_up(server, jobs, WARM_UP_SECONDS)
        for server in peers.values():
            warm_up_jvm(server, jobs)
        series = measure_in_turn(_measurements(ours, flask, nginx, peers, jobs), ROUNDS)
        yield from _rows(series, list(peers), reason)
        (DOCS / "benchmark.svg").write_text(_chart(series, list(peers)))
        mixed = wrk.run(ours.url, MIXED_SECONDS, script=wrk.changes("mixed", jobs, every=10))
        yield Row(
            f"reads and changes 9:1, {MIXED_SECONDS} s", str(Series([mixed])),
            [ratio(mixed.p99 / mixed.median, "the median for p99"), Comparison(f"{mixed.errors} errors")],
        )  # fmt: skip
        yield Row("memory after all of this", f"{ours.megabytes:.0f} MB")


def _measurements(
    ours: Server, flask: Server, nginx: Server, peers: Mapping[str, Server], jobs: Sequence[str]
) -> dict[str, Measurement]:
    return {
        "nginx: GET": get(nginx, "/jobs", SECONDS),
        "ours: GET": get(ours, LIST, SECONDS),
        "ours: 304": get(ours, LIST, SECONDS, "-H", "If-None-Match: *"),
        "Flask: GET": get(flask, LIST, SECONDS),
        **{f"{name}: GET": get(server, LIST, SECONDS) for name, server in peers.items()},
        **changes_and_pairs(ours, jobs, SECONDS, "ours"),
        "ours: repeated": change(ours, jobs, SECONDS, "repeated", reuse=True),
        **changes_and_pairs(flask, jobs, SECONDS, "Flask"),
        **{f"{name}: changes": change(server, jobs, SECONDS, "changes") for name, server in peers.items()},
    }


def _rows(series: Mapping[str, Series], peers: Sequence[str], reason: str) -> Iterator[Row]:
    reads = series["ours: GET"]
    yield Row(
        "GET of 20 jobs, nothing changed",
        str(reads),
        [
            ratio(median_ratio(reads.rates, series["nginx: GET"].rates), NGINX, 1.0),
            ratio(median_ratio(reads.rates, series["Flask: GET"].rates), BARE_FLASK),
            *(ratio(median_ratio(reads.rates, series[f"{name}: GET"].rates), name) for name in peers),
        ],
        in_readme=True,
    )
    yield Row(
        "the same, 304",
        str(series["ours: 304"]),
        [ratio(median_ratio(series["ours: 304"].rates, reads.rates), "the 200")],
    )
    yield _changes_row(series, peers)
    repeated = series["ours: repeated"]
    yield Row(
        "the same, requests repeated after a reset",
        str(repeated),
        beside_bare_flask(repeated, series["Flask: changes"]),
    )
    yield _after_change_row(series)
    yield Row("nginx, GET of the same bytes from a file", str(series["nginx: GET"]))
    yield Row("bare Flask behind the same server, GET", str(series["Flask: GET"]))
    yield Row("bare Flask behind the same server, POST", str(series["Flask: changes"]))
    for name in peers:
        yield Row(f"{name}, GET of the same bytes", str(series[f"{name}: GET"]))
        yield Row(f"{name}, POST of retry and cancel", str(series[f"{name}: changes"]))
    if not peers:
        yield Row("WireMock", f"not measured: {reason}")


def beside_bare_flask(ours: Series, flask: Series, at_least: float | None = None) -> list[Comparison]:
    """The ratio of the rates, and that of the requests that one second of CPU time serves.

    The second does not depend on other work on the machine, and leaves out the time that a server waits.
    """
    rates, cpu = median_ratio(ours.rates, flask.rates), median_ratio(flask.cpu, ours.cpu)
    return [ratio(rates, BARE_FLASK, at_least), Comparison(f"by CPU time {cpu:.2f}")]


def _changes_row(series: Mapping[str, Series], peers: Sequence[str]) -> Row:
    """POST of retry and cancel, each request a change and none sent twice."""
    changes = series["ours: changes"]
    targets = {WIREMOCK: 1.5, WIREMOCK_NO_JOURNAL: None}
    return Row(
        "POST of retry and cancel, each one a change",
        str(changes),
        [
            *beside_bare_flask(changes, series["Flask: changes"], 1.2),
            *(
                ratio(median_ratio(changes.rates, series[f"{name}: changes"].rates), name, targets[name])
                for name in peers
            ),
        ],
        in_readme=True,
    )


def _after_change_row(series: Mapping[str, Series]) -> Row:
    reads = second_of_pair(series["ours: pairs"], series["ours: changes"])
    flask_reads = second_of_pair(series["Flask: pairs"], series["Flask: changes"])
    both = median_ratio(series["ours: pairs"].rates, series["Flask: pairs"].rates)
    return Row(
        "GET of 20 jobs right after each change",
        f"{reads.median.rate:,.0f}/s",
        [*beside_bare_flask(reads, flask_reads, 1.0), Comparison(f"both requests together {both:.2f}")],
        in_readme=True,
    )


def _chart(series: Mapping[str, Series], peers: Sequence[str]) -> str:
    reads_after_change = second_of_pair(series["ours: pairs"], series["ours: changes"])
    bars = [
        ("GET of 20 jobs", series["ours: GET"].median.rate, True),
        ("nginx, GET from a file", series["nginx: GET"].median.rate, False),
        ("bare Flask, GET", series["Flask: GET"].median.rate, False),
        *((f"{name}, GET", series[f"{name}: GET"].median.rate, False) for name in peers),
        ("POST of retry and cancel", series["ours: changes"].median.rate, True),
        ("GET right after a change", reads_after_change.median.rate, True),
        ("bare Flask, POST", series["Flask: changes"].median.rate, False),
        *((f"{name}, POST", series[f"{name}: changes"].median.rate, False) for name in peers),
    ]
    return bar_chart.draw(f"Requests per second, {wrk.CONNECTIONS} connections", bars)


def compare_shared_stores() -> Iterator[Row]:
    """Reads and changes where several processes share a Redis; bare Flask, in one process, in turn with them."""
    for workers in STORE_WORKERS:
        with servers.redis() as store, servers.bare_flask() as flask, contextlib.ExitStack() as stack:
            ours = stack.enter_context(servers.mockserver("--store", store, "--workers", str(workers)))
            jobs = read_failed_jobs(ours)
            # Each worker builds the scenario's state on first use.
            wrk.run(ours.url, 1, script=wrk.changes("warm-up", jobs, sandboxes=STORE_SANDBOXES))
            series = measure_in_turn(
                {
                    "GET": get(ours, LIST, STORE_SECONDS),
                    "Flask": get(flask, LIST, STORE_SECONDS),
                    "changes": change(ours, jobs, STORE_SECONDS, "store", sandboxes=STORE_SANDBOXES),
                },
                STORE_ROUNDS,
            )
        yield _store_row(workers, series)


def _store_row(workers: int, series: Mapping[str, Series]) -> Row:
    reads, changes = series["GET"], series["changes"]
    # Two workers must stay as fast as they were; their rates are given relative to bare Flask's of the same run.
    targets = (1.2, 0.32) if workers == 2 else (None, None)
    return Row(
        f"Redis, {workers} worker{'' if workers == 1 else 's'}: GET of 20 jobs · POST of retry and cancel",
        f"{reads.median.rate:,.0f}/s · {changes.median.rate:,.0f}/s",
        [
            ratio(median_ratio(reads.rates, series["Flask"].rates), "bare Flask's GET", targets[0]),
            ratio(median_ratio(changes.rates, series["Flask"].rates), "it for POST", targets[1]),
            Comparison(f"median {reads.median.median * 1e3:.1f} · {changes.median.median * 1e3:.1f} ms"),
        ],
        in_readme=workers == 2,
    )
