from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attack.growth import assert_grows_linearly


def linear(size: int) -> Callable[[], object]:
    return lambda: sum(range(size * 1_000))


def square(size: int) -> Callable[[], object]:
    return lambda: sum(range(size * size))


def test_work_that_grows_linearly_passes() -> None:
    assert_grows_linearly(linear, 200)


def test_work_that_grows_with_the_square_fails() -> None:
    with pytest.raises(AssertionError, match="4 times the input takes"):
        assert_grows_linearly(square, 300)
