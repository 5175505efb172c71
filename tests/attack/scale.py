"""How long fuzzers, property tests and attacks take: short in `make test`, long in `make attack`."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("MOCKSERVER_ATTACK") == "full"


# Of schemathesis: its fixed cases for each parameter and body, and in full also random ones and sequences of requests.
FUZZER = ("--phases", "examples,coverage,fuzzing,stateful" if IS_FULL else "coverage", "--max-examples", "10")


def rounds(short: int, full: int) -> int:
    """The number of rounds: `full` if the environment variable MOCKSERVER_ATTACK is `full`."""
    return full if IS_FULL else short
