"""Counts and amounts of generated objects agree with the members that they follow from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generate.test_generator import generate

AMOUNT = {"type": "number", "minimum": 0, "maximum": 10_000_000}
CENTS = {"type": "integer", "minimum": 0}
SEEDS = [f"seed {number}" for number in range(5)]


def object_of(**members: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(members), "properties": members}


def list_of(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": 4}


def make(schema: Any, seed: str) -> Any:
    value, is_valid = generate(schema, seed)
    assert is_valid
    return value


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("items", "count"),
    [
        ("items", "item_count"),
        ("items", "count"),
        ("items", "total"),
        ("items", "total_items"),
        ("comments", "commentsCount"),
        ("categories", "numCategories"),
        ("tags", "number_of_tags"),
    ],
)
def test_a_count_is_the_number_of_items(items: str, count: str, seed: str) -> None:
    value = make(object_of(**{items: list_of({"type": "string"}), count: CENTS}), seed)
    assert value[count] == len(value[items])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_count_of_one_list_says_nothing_of_another(seed: str) -> None:
    schema = object_of(tags=list_of({"type": "string"}), photos=list_of({"type": "string"}), tag_count=CENTS)
    value = make(schema, seed)
    assert value["tag_count"] == len(value["tags"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_total_of_a_line_is_its_price_times_its_quantity(seed: str) -> None:
    quantity = {"type": "integer", "minimum": 1, "maximum": 9}
    line = make(object_of(unit_price=CENTS, quantity=quantity, total=CENTS), seed)
    assert line["total"] == line["unit_price"] * line["quantity"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lines", ["lines", "items", "lineItems"])
def test_the_total_of_an_order_is_the_sum_of_its_lines(lines: str, seed: str) -> None:
    line = object_of(price=CENTS, qty={"type": "integer", "minimum": 1, "maximum": 9})
    order = make(object_of(total=CENTS, **{lines: list_of(line)}), seed)
    assert order["total"] == sum(line["price"] * line["qty"] for line in order[lines])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("number", "currency"), [("amount", "currency"), ("value", "currencyCode"), ("centAmount", "currency")]
)
def test_amounts_with_a_currency_add_up_in_the_currency_of_the_first_line(
    number: str, currency: str, seed: str
) -> None:
    money = object_of(**{number: CENTS, currency: {"enum": ["CHF", "EUR"]}})
    line = object_of(unitPrice=money, quantity={"type": "integer", "minimum": 1, "maximum": 9})
    order = make(object_of(lines=list_of(line), subtotal=money, shipping=money, total=money), seed)
    expected = sum(line["unitPrice"][number] * line["quantity"] for line in order["lines"])
    assert order["subtotal"] == {number: expected, currency: order["lines"][0]["unitPrice"][currency]}
    assert order["total"][number] == expected + order["shipping"][number]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_object_without_a_currency_is_no_amount(seed: str) -> None:
    line = object_of(price=CENTS, quantity={"type": "integer", "minimum": 1, "maximum": 9})
    order = make(object_of(lines=list_of(line), total=object_of(amount={"const": 7}, unit={"const": "kg"})), seed)
    assert order["total"] == {"amount": 7, "unit": "kg"}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_empty_list_of_lines_amounts_to_nothing(seed: str) -> None:
    money = object_of(amount={"type": "integer", "minimum": 0}, currency={"const": "EUR"})
    cart = make(object_of(items={"type": "array", "maxItems": 0}, subtotal=money, total=money), seed)
    assert cart == {
        "items": [],
        "subtotal": {"amount": 0, "currency": "EUR"},
        "total": {"amount": 0, "currency": "EUR"},
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_total_of_an_order_has_tax_and_shipping_added_and_the_discount_subtracted(seed: str) -> None:
    small = {"type": "integer", "minimum": 0, "maximum": 5}
    line = object_of(amount={"type": "integer", "minimum": 100, "maximum": 1_000})
    members = {"subtotal": CENTS, "tax": small, "shipping": small, "discount": small, "grand_total": CENTS}
    order = make(object_of(lines=list_of(line), **members), seed)
    assert order["subtotal"] == sum(line["amount"] for line in order["lines"])
    assert order["grand_total"] == order["subtotal"] + order["tax"] + order["shipping"] - order["discount"]


@pytest.mark.parametrize("seed", SEEDS)
def test_amounts_that_are_no_integers_have_cents(seed: str) -> None:
    line = object_of(price={"type": "number", "minimum": 0.01, "maximum": 99.99, "multipleOf": 0.01})
    order = make(object_of(lines=list_of(line), total=AMOUNT), seed)
    assert order["total"] == round(sum(line["price"] for line in order["lines"]), 2)


@pytest.mark.parametrize(
    "count", [{"type": "integer", "example": 7}, {"const": 7}, {"type": "integer", "minimum": 7, "maximum": 7}]
)
def test_a_value_that_the_schema_prescribes_stays(count: dict[str, Any]) -> None:
    assert make(object_of(items=list_of({"type": "string"}), item_count=count), "seed")["item_count"] == 7
