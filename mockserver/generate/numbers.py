"""Numbers within bounds, on the steps that `multipleOf` allows; exact, so that no step is missed by rounding."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from mockserver.generate.constraints import Constraints

WINDOW = 1000
HUNDREDTH = Fraction(1, 100)
Pick = Callable[[list[Fraction]], Fraction]


def number(
    demand: Constraints, chance: random.Random, usual: tuple[float, float] | None, *, whole: bool
) -> int | float | None:
    """A number of this demand, in the `usual` range where that may be; None where there is none."""
    low, high = _bounds(demand, "minimum", max), _bounds(demand, "maximum", min)
    above, below = _bounds(demand, "exclusiveMinimum", max), _bounds(demand, "exclusiveMaximum", min)
    step = _step(demand, whole)
    if step is None:
        step = _fine(_pick([high, below], min), _pick([low, above], max))
    first = None if low is None else ceil(low / step)
    if above is not None:
        first = max(floor(above / step) + 1, first if first is not None else floor(above / step) + 1)
    final = None if high is None else floor(high / step)
    if below is not None:
        final = min(ceil(below / step) - 1, final if final is not None else ceil(below / step) - 1)
    first, final = _narrowed(first, final, step, usual)
    if first > final:
        return None
    found = chance.randint(first, final) * step
    if found.denominator == 1 and (whole or abs(found) >= 1 << 53):
        return int(found)
    return float(found)


def _exact(value: int | float) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _bounds(demand: Constraints, keyword: str, pick: Pick) -> Fraction | None:
    found = [_exact(one) for one in demand.all(keyword) if isinstance(one, int | float) and not isinstance(one, bool)]
    return pick(found) if found else None


def _pick(bounds: list[Fraction | None], pick: Pick) -> Fraction | None:
    found = [one for one in bounds if one is not None]
    return pick(found) if found else None


def _step(demand: Constraints, whole: bool) -> Fraction | None:
    """The least step that every `multipleOf` allows; whole numbers have a step of one at least."""
    steps = [_exact(one) for one in demand.all("multipleOf")] + ([Fraction(1)] if whole else [])
    if not steps:
        return None
    found = steps[0]
    for one in steps[1:]:
        found = Fraction(lcm(found.numerator, one.numerator), gcd(found.denominator, one.denominator))
    return found


def _fine(high: Fraction | None, low: Fraction | None) -> Fraction:
    """Hundredths, and less where the bounds are close."""
    step = HUNDREDTH
    if high is not None and low is not None and high > low:
        while (high - low) / step < 10:
            step /= 10
    return step


def _narrowed(
    first: int | None, final: int | None, step: Fraction, usual: tuple[float, float] | None
) -> tuple[int, int]:
    """The range to draw from: what is usual, else from zero or the lower bound on."""
    low, high = (Fraction(usual[0]), Fraction(usual[1])) if usual is not None else (Fraction(0), Fraction(WINDOW))
    least, most = ceil(low / step), floor(high / step)
    if first is None and final is not None and final < least:
        first = final - ceil(WINDOW / step)
    inside = least if first is None else max(least, first), most if final is None else min(most, final)
    if inside[0] <= inside[1]:
        return inside
    start = first if first is not None else min(0, final or 0)
    end = start + ceil(WINDOW / step)
    return start, end if final is None else min(end, final)
