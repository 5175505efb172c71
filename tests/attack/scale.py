"""How much fuzzers, property tests, attacks and tables of cases try: little in `make test`, all in `make attack`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import product
from typing import Any, TypeVar

Row = TypeVar("Row")

IS_FULL = os.environ.get("MOCKSERVER_ATTACK") == "full"


# Of schemathesis: its fixed cases for each parameter and body, and in full also random ones and sequences of requests.
FUZZER = ("--phases", "examples,coverage,fuzzing,stateful" if IS_FULL else "coverage", "--max-examples", "10")


def rounds(short: int, full: int) -> int:
    """The number of rounds: `full` if the environment variable MOCKSERVER_ATTACK is `full`."""
    return full if IS_FULL else short


def some(rows: Iterable[Row], short: int) -> list[Row]:
    """All rows in full, otherwise `short` of them at equal distances, from the first to the last one.

    It is for rows that differ in nothing but a value.
    """
    every = list(rows)
    if IS_FULL or short >= len(every):
        return every
    return [every[number * (len(every) - 1) // max(short - 1, 1)] for number in range(short)]


def combine(*columns: Iterable[Any]) -> list[tuple[Any, ...]]:
    """All combinations of the values in full, otherwise only so many that each value is in one of them."""
    values = [list(column) for column in columns]
    if IS_FULL:
        return list(product(*values))
    return [tuple(column[number % len(column)] for column in values) for number in range(max(map(len, values)))]
