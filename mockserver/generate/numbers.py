"""Numbers within bounds, on the steps that `multipleOf` allows; exact, so that no step is missed by rounding."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from mockserver.generate.constraints import Constraints
from mockserver.schemas.directions import INTEGER_RANGES

WINDOW = 1000
HUNDREDTH = Fraction(1, 100)
# Integers from here on are not all exact as floats.
EXACT_FLOAT_LIMIT = 1 << 53
# The steps within which a number is looked for whose quotient has no rounding error.
NEIGHBOURS = 20
Strictest = Callable[[list[Fraction]], Fraction]


def make_number(
    constraints: Constraints,
    rng: random.Random,
    usual_range: tuple[float, float] | None,
    *,
    whole: bool,
    end: int | None,
) -> int | float | None:
    """A number that satisfies the constraints, in the usual range where they allow; None where there is none.

    With an `end` of 0 or 1, it is the first or the last number of the range.
    """
    low, high = _bound(constraints, "minimum", max), _bound(constraints, "maximum", min)
    above, below = _bound(constraints, "exclusiveMinimum", max), _bound(constraints, "exclusiveMaximum", min)
    step = _step(constraints, whole)
    if step is None:
        step = _fine_step(_strictest([low, above], max), _strictest([high, below], min))
    # From here on bounds are counted in steps.
    first = None if low is None else ceil(low / step)
    if above is not None:
        first = max(floor(above / step) + 1, first if first is not None else floor(above / step) + 1)
    last = None if high is None else floor(high / step)
    if below is not None:
        last = min(ceil(below / step) - 1, last if last is not None else ceil(below / step) - 1)
    first, last = _narrow(first, last, step, usual_range)
    if whole:
        first, last = _limit_to_format(constraints, first, last, step)
    if first > last:
        return None
    if end is None:
        number = _draw(first, last, step, constraints.values("multipleOf"), rng)
    else:
        number = (first, last)[end] * step
    if number.denominator == 1 and (whole or abs(number) >= EXACT_FLOAT_LIMIT):
        return int(number)
    return float(number)


def _draw(first: int, last: int, step: Fraction, divisors: Sequence[int | float], rng: random.Random) -> Fraction:
    """A number of the range, if possible a multiple for validators that divide floats, such as Ajv, as well."""
    count = rng.randint(first, last)
    if all(isinstance(divisor, int) for divisor in divisors):
        return count * step
    above = range(count, min(last, count + NEIGHBOURS) + 1)
    below = range(count - 1, max(first, count - NEIGHBOURS) - 1, -1)
    nearest = (*above, *below)
    multiples = (near for near in nearest if all(_divides(divisor, near * step) for divisor in divisors))
    return next(multiples, count) * step


def _divides(divisor: int | float, number: Fraction) -> bool:
    return abs(number) < EXACT_FLOAT_LIMIT and (float(number) / divisor).is_integer()


def _limit_to_format(constraints: Constraints, first: int, last: int, step: Fraction) -> tuple[int, int]:
    """The range, in steps, without what the format of integers cannot hold, unless nothing else is allowed."""
    for form in constraints.values("format"):
        lowest, highest = INTEGER_RANGES.get(form, (None, None)) if isinstance(form, str) else (None, None)
        if lowest is not None and highest is not None:
            limited = max(first, ceil(lowest / step)), min(last, floor(highest / step))
            first, last = limited if limited[0] <= limited[1] else (first, last)
    return first, last


def _exact(value: int | float) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _bound(constraints: Constraints, keyword: str, strictest: Strictest) -> Fraction | None:
    values = constraints.values(keyword)
    return _strictest(
        [_exact(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)], strictest
    )


def _strictest(bounds: list[Fraction] | list[Fraction | None], strictest: Strictest) -> Fraction | None:
    declared = [bound for bound in bounds if bound is not None]
    return strictest(declared) if declared else None


def _step(constraints: Constraints, whole: bool) -> Fraction | None:
    """The smallest step that every `multipleOf` allows; whole numbers have a step of at least 1."""
    steps = [_exact(value) for value in constraints.values("multipleOf")] + ([Fraction(1)] if whole else [])
    if not steps:
        return None
    common = steps[0]
    for step in steps[1:]:
        common = Fraction(lcm(common.numerator, step.numerator), gcd(common.denominator, step.denominator))
    return common


def _fine_step(low: Fraction | None, high: Fraction | None) -> Fraction:
    """A hundredth, and less where the bounds are close."""
    step = HUNDREDTH
    if high is not None and low is not None and high > low:
        while (high - low) / step < 10:
            step /= 10
    return step


def _narrow(
    first: int | None, last: int | None, step: Fraction, usual_range: tuple[float, float] | None
) -> tuple[int, int]:
    """The range to draw from, in steps: the usual one, else from zero or the lower bound on."""
    low, high = (Fraction(usual_range[0]), Fraction(usual_range[1])) if usual_range else (Fraction(0), Fraction(WINDOW))
    usual_first, usual_last = ceil(low / step), floor(high / step)
    if first is None and last is not None and last < usual_first:
        first = last - ceil(WINDOW / step)
    inside = (
        usual_first if first is None else max(usual_first, first),
        usual_last if last is None else min(usual_last, last),
    )
    if inside[0] <= inside[1]:
        return inside
    start = first if first is not None else min(0, last or 0)
    end = start + ceil(WINDOW / step)
    return start, end if last is None else min(end, last)
