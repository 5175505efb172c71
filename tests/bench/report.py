"""The benchmark's table: rows, targets, and the files that they are written to."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mockserver.version import __version__
from tests.bench.wrk import CONNECTIONS

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
# The README has the rows with `in_readme` between these comments.
BEGIN, END = "<!-- benchmark -->", "<!-- /benchmark -->"
HEADER = ("| what | figure | compared |", "|---|---|---|")
TARGETS_HEADER = ("| what | measured | target | |", "|---|---|---|---|")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure beside another one of the same run, with its target, if there is one."""

    text: str
    target: str = ""
    is_missed: bool = False

    def __str__(self) -> str:
        if not self.target:
            return self.text
        return f"{self.text} ({self.target}: {self.verdict})"

    @property
    def verdict(self) -> str:
        """Whether the target was met."""
        return "**missed**" if self.is_missed else "met"


def ratio(value: float, reference: str, at_least: float | None = None) -> Comparison:
    """A figure divided by that of `reference`."""
    text = f"{value:.2f} of {reference}"
    return Comparison(text) if at_least is None else Comparison(text, f"at least {at_least:g}", value < at_least)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    comparisons: Sequence[Comparison] = ()
    in_readme: bool = False

    def line(self, *, with_targets: bool) -> str:
        """The row in Markdown."""
        cells = [str(comparison) if with_targets else comparison.text for comparison in self.comparisons]
        return f"| {self.what} | {self.figure} | {', '.join(filter(None, cells))} |"

    def target_lines(self) -> list[str]:
        """A line of the table of targets for each comparison that has one."""
        return [
            f"| {self.what} | {comparison.text or self.figure} | {comparison.target} | {comparison.verdict} |"
            for comparison in self.comparisons
            if comparison.target
        ]


def targets_table(rows: Sequence[Row]) -> str:
    """All targets, and whether they were met."""
    return "\n".join((*TARGETS_HEADER, *(line for row in rows for line in row.target_lines())))


def write(rows: Sequence[Row], profile: str) -> None:
    """Replace `docs/benchmark.md` and the README's rows."""
    system = f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}"
    text = f"""\
# Benchmark

One run of `make bench`: mockserver {__version__}, {system}, two cores shared with wrk.
{CONNECTIONS} connections, one process for each server, journal and strict validation on.
Servers that are compared were measured in turn, round by round; a ratio is the median of the rounds' ratios, a rate the median of their rates. "By CPU time" compares how many requests a second of CPU time serves, which other work on the machine hardly changes.

{_table(rows)}

- WireMock has fixed stubs: the list is one body of the same bytes; retry and cancel match a regular expression, return a fixed job and set the state of one WireMock scenario. It validates nothing and keeps no records. Its journal is limited to 1,000 entries, like ours.
- Bare Flask is one view for each path that returns a constant, behind the same HTTP server.
- POST of retry and cancel never sends the same bytes twice: once all failed jobs of a sandbox are retried and cancelled, it goes on in a new sandbox. "Requests repeated after a reset" resets two sandboxes in turn instead, so that the same bytes come again and again.
- GET right after each change is computed from runs that send a change and a GET in turn, and from runs of changes alone.
- The upstream is nginx, which sends the bytes from a file. nginx as a proxy uses its connections to it again and writes no files. With one connection, each of the three gets one request in turn; what passing on adds is the median less that of the upstream itself. Memory is the resident memory of the server.
- "POST to its event" begins when a client sends the POST and ends when a listener on `/admin/jobs/stream` has read the event; all listeners are one Python process, whose time is part of it. The response that it is compared with is that of a POST in a sandbox that nobody listens to, in turn with the others.

## Targets

{targets_table(rows)}

{profile}"""
    (DOCS / "benchmark.md").write_text(text)
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    shown = _table([row for row in rows if row.in_readme])
    README.write_text("\n".join((before + BEGIN, shown, END)) + after)


def _table(rows: Sequence[Row]) -> str:
    return "\n".join((*HEADER, *(row.line(with_targets=False) for row in rows)))
