"""Counts and amounts of generated objects that follow from their other members: `item_count` is the number of `items`.

In each line of an order, `total` is `price` times `quantity`; in the order, `subtotal` is the sum of its lines, and
`total` that with tax and shipping added and the discount subtracted.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Set
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mockserver.generate.chronology import PRESCRIBING, is_prescribed
from mockserver.generate.constraints import Constraints
from mockserver.generate.generation_state import Generation
from mockserver.syntax.amounts import CURRENCIES, amount_member, number_in
from mockserver.syntax.words import normalize, singular_forms

COUNT_AFFIXES = ("count", "total", "number", "numberof", "num", "n", "size", "quantity")
PLAIN_COUNTS = ("count", "totalcount", "itemcount", "total", "size", "length")
PRICES = ("price", "unitprice", "unitamount", "unitcost")
QUANTITIES = ("quantity", "qty")
LINE_TOTALS = ("total", "linetotal", "amount", "totalprice", "totalamount", "subtotal")
SUBTOTALS = ("subtotal", "subtotalamount", "subtotalprice", "itemstotal", "linestotal", "nettotal")
TOTALS = ("total", "totalamount", "totalprice", "grandtotal", "amounttotal", "ordertotal", "totaldue")
ADDED = (
    "tax",
    "taxamount",
    "totaltax",
    "taxtotal",
    "vat",
    "shipping",
    "shippingcost",
    "shippingamount",
    "shippingtotal",
)
SUBTRACTED = ("discount", "discountamount", "discounttotal", "totaldiscount")
# The keywords that leave no other value.
FIXING = frozenset({"const", "enum"})
CENT = Decimal("0.01")


def add_up(
    generation: Generation,
    constraints: Constraints,
    members: dict[str, Any],
    kept: Container[str] = (),
    prescribing: Set[str] = PRESCRIBING,
) -> None:
    """Replace the generated counts and amounts of an object, in place, where the schemas allow what they should be.

    The members in `kept` stay, and so do those whose schemas have one of the keywords in `prescribing`.
    """
    for name, value in _derived_values(members, kept):
        is_given = name in constraints.hints or is_prescribed(constraints, name, prescribing)
        if is_given or number_in(members[name]) is None:
            continue
        amount = _with_number(members[name], value, members)
        if generation.is_valid(constraints.member_schemas(name), amount):
            members[name] = amount


def total_values(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the counts and amounts that follow from other members, each with the value that it should have."""
    current = dict(members)
    for name, value in _derived_values(current):
        if number_in(current[name]) is not None:
            current[name] = _with_number(current[name], value, current)
            yield name, current[name]


def _derived_values(members: dict[str, Any], kept: Container[str] = ()) -> Iterator[tuple[str, Decimal]]:
    """Yield each derived member and its value, before the members that are derived from it.

    Of a list of thousands of lines, nothing is added up if only the members in `kept` follow from that.
    """
    names = {normalize(name): name for name in members}
    derived = {plain: name for plain, name in names.items() if name not in kept}
    lists = {name: value for name, value in members.items() if isinstance(value, list)}
    for list_name, items in lists.items():
        for name in _count_names(list_name, is_only_list=len(lists) == 1):
            # An amount may be called `total` too.
            if name in derived and not (name in TOTALS and _sum_of_lines(items) is not None):
                if not items or not isinstance(members[derived[name]], dict):
                    yield derived[name], Decimal(len(items))
    price, quantity = (_first_number(members, names, candidates) for candidates in (PRICES, QUANTITIES))
    if price is not None and quantity is not None:
        yield from _named(derived, LINE_TOTALS, price * quantity)
        return
    if derived.keys().isdisjoint((*SUBTOTALS, *TOTALS)):
        return
    sums = [total for items in lists.values() if (total := _sum_of_lines(items)) is not None]
    if len(lists) == 1 and not any(lists.values()):
        sums = [Decimal()]
    if len(sums) != 1:
        return
    yield from _named(derived, SUBTOTALS, sums[0])
    added = sum((number for name in ADDED if (number := _first_number(members, names, (name,))) is not None), Decimal())
    discount = _first_number(members, names, SUBTRACTED) or Decimal()
    yield from _named(derived, TOTALS, sums[0] + added - discount)


def _count_names(list_name: str, *, is_only_list: bool) -> Iterator[str]:
    """The normalized names of members that count a list."""
    for form in singular_forms(list_name):
        for affix in COUNT_AFFIXES:
            yield form + affix
            yield affix + form
    if is_only_list:
        yield from PLAIN_COUNTS


def _named(names: Mapping[str, str], candidates: tuple[str, ...], value: Decimal) -> Iterator[tuple[str, Decimal]]:
    return ((names[name], value) for name in candidates if name in names)


def _sum_of_lines(items: list[Any]) -> Decimal | None:
    """The sum of the amounts of a list's items; None if an item has none, or if there is no item."""
    amounts = [_amount_of_line(item) for item in items]
    return (
        sum((amount for amount in amounts if amount is not None), Decimal())
        if amounts and None not in amounts
        else None
    )


def _amount_of_line(item: Any) -> Decimal | None:
    """What a line of an order amounts to: its total, else its price times its quantity, which may be missing."""
    if not isinstance(item, dict):
        return None
    names = {normalize(name): name for name in item}
    total = _first_number(item, names, LINE_TOTALS)
    if total is not None:
        return total
    price, quantity = (_first_number(item, names, candidates) for candidates in (PRICES, QUANTITIES))
    return None if price is None else price * (Decimal(1) if quantity is None else quantity)


def _first_number(members: Mapping[str, Any], names: Mapping[str, str], candidates: tuple[str, ...]) -> Decimal | None:
    numbers = (number_in(members[names[name]]) for name in candidates if name in names)
    return next((Decimal(str(number)) for number in numbers if number is not None), None)


def _with_number(amount: Any, value: Decimal, members: Mapping[str, Any]) -> Any:
    """The amount with another number, in the currency of the first price or line that it follows from."""
    if not isinstance(amount, dict):
        return _as_number(value, amount)
    name = amount_member(amount)
    items = (item for member in members.values() if isinstance(member, list) for item in member)
    lines = [item for item in items if isinstance(item, dict)]
    prices = [price for line in lines for price in _named_values(line, (*PRICES, *LINE_TOTALS))]
    prices += _named_values(members, PRICES)
    first = next((price for price in prices if isinstance(price, dict) and number_in(price) is not None), amount)
    currency = {key: text for key, text in first.items() if key in amount and normalize(key) in CURRENCIES}
    return {**amount, name: _as_number(value, amount[name]), **currency}


def _named_values(members: Mapping[str, Any], candidates: Container[str]) -> Iterator[Any]:
    return (value for name, value in members.items() if normalize(name) in candidates)


def _as_number(value: Decimal, generated: float) -> int | float:
    """A value as the type of number that was generated; amounts that are not integers have cents."""
    if isinstance(generated, int) and value == value.to_integral_value():
        return int(value)
    return float(value.quantize(CENT, ROUND_HALF_UP))
