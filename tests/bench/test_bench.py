"""The parts of the benchmark that need no other programs, and short forms of those that take little time."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.bench import profile, push, rounds, servers, upstream, wiremock, wrk
from tests.bench.report import Comparison, Row, ratio
from tests.bench.wrk import Load

REPORT = """\
Running 2s test @ http://127.0.0.1:4080
  1 threads and 32 connections
  Latency Distribution
     50%    0.50ms
     75%    1.20ms
     99%    1.10s 
  2400 requests in 2.00s, 1.00MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 4
Requests/sec:   1200.50
"""  # noqa: W291


def test_the_report_of_wrk_is_read_with_its_units() -> None:
    assert wrk.parse(REPORT) == Load(rate=1200.5, median=0.5e-3, p99=1.1, errors=7, requests=2400)


def test_the_cost_of_a_get_is_what_a_pair_costs_beyond_its_change() -> None:
    pairs = rounds.Series([Load(rate=1000, median=0, p99=0, errors=0, requests=0, cpu=0.001)])
    changes = rounds.Series([Load(rate=2000, median=0, p99=0, errors=0, requests=0, cpu=0.0005)])
    (load,) = rounds.second_of_pair(pairs, changes).loads
    assert (load.rate, load.cpu) == pytest.approx((1 / 0.0015, 0.0015))


def test_a_ratio_below_its_target_is_reported_as_missed() -> None:
    row = Row("POST", "500/s", [ratio(0.5, "bare Flask", at_least=1.2)])
    assert row.line(with_targets=True) == "| POST | 500/s | 0.50 of bare Flask (at least 1.2: **missed**) |"


def test_the_table_of_targets_has_a_line_for_each_comparison_with_a_target() -> None:
    row = Row("start", "0.30 s", [Comparison("", "at most 0.35 s"), ratio(2, "nginx")])
    assert row.target_lines() == ["| start | 0.30 s | at most 0.35 s | met |"]


def test_without_java_wiremock_is_reported_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(wiremock.WireMockMissing, match="java is not installed"):
        wiremock.find_jar()


def sample_in(source: str, file: str, call: str) -> profile.Sample:
    """The sample of a stack in which `call`, which may use `sample`, runs in code that seems to be in `file`."""
    samples: list[profile.Sample] = []
    names = {"sample": lambda: samples.append(profile.describe(sys._getframe(1)))}
    exec(compile(source, file, "exec"), names)
    exec(compile(call, "server.py", "exec"), names)
    return samples[0]


def test_a_sample_belongs_to_the_request_and_the_file_that_it_was_taken_in() -> None:
    source = "def data_received(self, data):\n    sample()\n"
    sample = sample_in(source, "/project/mockserver/http/pipeline.py", "data_received(None, b'POST /jobs HTTP/1.1')")
    functions = ("http/pipeline.py data_received",)
    assert sample == profile.Sample("POST", "http/pipeline.py", "", functions)


def test_a_sample_outside_of_a_request_belongs_to_the_event_loop() -> None:
    sample = sample_in("def poll():\n    sample()\n", "/project/mockserver/server/server.py", "poll()")
    assert sample == profile.Sample("", profile.LOOP, "", ())


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("/opt/mockserver/project/mockserver/http/pipeline.py", ("mockserver", "http/pipeline.py")),
        ("/venv/lib/python3.11/site-packages/werkzeug/routing/map.py", ("werkzeug", "routing/map.py")),
        ("/venv/lib/python3.11/site-packages/six.py", ("six", "")),
        (json.__file__, (profile.STANDARD_LIBRARY, "json/__init__.py")),
    ],
)
def test_a_file_belongs_to_the_package_that_it_is_installed_in(file: str, module: tuple[str, str]) -> None:
    assert profile.module_of(file) == module


# They are programs of the benchmark alone, so that the tests do without them everywhere.
@pytest.mark.full
@pytest.mark.skipif(bool(servers.missing_programs(upstream.PROGRAMS)), reason="wrk or nginx is not installed")
def test_passing_on_is_measured_beside_nginx_and_the_backend() -> None:
    rows = list(upstream.rows(seconds=1, rounds=1, requests=2, downloads=1, megabytes=1))
    assert [(row.what, [without_figures(str(comparison)) for comparison in row.comparisons]) for row in rows] == [
        ("response of an upstream, 2 KB", ["N of nginx as a proxy", "N of the backend itself"]),
        ("the same, of an operation, and validated", ["N of one that is not"]),
        (
            "time that passing on adds to a GET of 2 KB, one connection",
            ["nginx as a proxy adds N µs, to N µs of the backend itself"],
        ),
        (
            "response of an upstream, 1 MB",
            ["N of nginx as a proxy", "N of the backend itself", "memory at most N MB, N MB more than before"],
        ),
    ]


def test_without_nginx_and_wrk_passing_on_is_reported_as_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "missing_programs", list)
    assert list(upstream.rows()) == [Row("response of an upstream", "not measured: without wrk and nginx")]


def test_events_are_measured_with_few_and_many_listeners() -> None:
    rows = list(push.rows(listeners=(1, 3), posts=1, writer_listeners=2, writer_posts=3, rounds=1))
    assert [(row.what, [without_figures(str(comparison)) for comparison in row.comparisons]) for row in rows] == [
        (
            "POST to its event, with 1 · 3 listeners",
            ["N of a POST's response, with one listener", "N µs for each further one"],
        ),
        (
            "events to 2 listeners, one POST after the other",
            ["N of the POSTs/s without listeners", "CPU time N µs for each event"],
        ),
        ("memory of an idle stream, with 3 open", []),
    ]


def without_figures(text: str) -> str:
    """The text with N in place of figures with a fraction, and of those before a unit; none of them is the same again."""
    return re.sub(r"-?[\d.]+(?= (µs|MB|of))", "N", text)


def test_an_event_whose_line_comes_in_two_parts_is_counted_once() -> None:
    counter = push.EventCounter()
    parts = (b"id: 1\neve", b"nt: retry\ndata: 1\n\nid: 2\nevent: ", b"retry\ndata: 2\n\n", b"id: 3\nevent: cancel\n")
    assert [counter.count(part) for part in parts] == [0, 2, 0, 1]
