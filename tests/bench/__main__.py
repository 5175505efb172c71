"""Measures everything in one run, and writes the results to `docs` and the README: `make bench`.

`--quick` only compares with bare Flask, in less than half a minute, and writes nothing. `--only push` measures one part,
and writes nothing.
Compare figures within one run only: machines differ, and other work slows them down.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable

from tests.bench import growth, profile, push, report, servers, throughput, timings, upstream
from tests.bench.report import Row

# The parts that need no programs, or say so where these are missing.
PARTS = {"timings": timings.rows, "growth": growth.rows, "upstream": upstream.rows, "push": push.rows}


def print_rows(rows: Iterable[Row]) -> list[Row]:
    """Print each row with its targets once it is measured, and then all targets."""
    print("\n".join(report.HEADER), flush=True)
    measured = []
    for row in rows:
        print(row.line(with_targets=True), flush=True)
        measured.append(row)
    print(f"\n{report.targets_table(measured)}\n", flush=True)
    return measured


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only compare with bare Flask, and write nothing")
    parser.add_argument("--only", choices=PARTS, help="only measure this part, and write nothing")
    options = parser.parse_args()
    if options.only:
        print_rows(PARTS[options.only]())
        return
    if missing := servers.missing_programs():
        sys.exit(f"{' and '.join(missing)} must be installed; on Debian: apt-get install wrk nginx-light redis-server")
    if options.quick:
        print_rows(throughput.compare_with_bare_flask())
        return
    rows = itertools.chain(
        throughput.compare_with_all(), throughput.compare_shared_stores(), *(rows() for rows in PARTS.values())
    )
    measured = print_rows(rows)
    print("Measuring where the time of a change goes", flush=True)
    section = profile.section(profile.measure())
    print(section)
    report.write(measured, section)


if __name__ == "__main__":
    main()
