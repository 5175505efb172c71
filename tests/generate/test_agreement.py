"""Members of generated objects agree with each other, and names are those of what has them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver.generate.people import meaning_of_name, whose_name
from tests.generate.test_totals import SEEDS, make, object_of

TEXT = {"type": "string"}
BOOLEAN = {"type": "boolean"}
NUMBER = {"type": "number"}
STATUS = {"enum": ["pending", "paid", "shipped", "cancelled"]}
TIME = {"type": "string", "format": "date-time"}
TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("minimum", "maximum"), [(0, 0), (1, 9)])
def test_what_has_no_stock_is_not_available(minimum: int, maximum: int, seed: str) -> None:
    stock = {"type": "integer", "minimum": minimum, "maximum": maximum}
    value = make(object_of(inStock=BOOLEAN, is_available=BOOLEAN, soldOut=BOOLEAN, stock=stock), seed)
    assert [value["inStock"], value["is_available"], value["soldOut"]] == [maximum > 0, maximum > 0, maximum == 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_time_of_deletion_that_cannot_be_null_is_left_out(seed: str) -> None:
    value = make({"type": "object", "properties": {"deleted_at": TIME, "createdAt": TIME}}, seed)
    assert list(value) == ["createdAt"]


@pytest.mark.parametrize("seed", [*SEEDS, *"abcdefgh"])
def test_a_time_that_has_not_come_in_a_status_is_null(seed: str) -> None:
    times = {"paid_at": TIME_OR_NULL, "shippedAt": TIME_OR_NULL, "cancelled_on": TIME_OR_NULL}
    value = make(object_of(status=STATUS, is_shipped=BOOLEAN, **times), seed)
    status = value["status"]
    assert (value["cancelled_on"] is not None) == (status == "cancelled")
    if status != "cancelled":
        assert (value["paid_at"] is not None) == (status != "pending")
        assert (value["shippedAt"] is not None) == value["is_shipped"] == (status == "shipped")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("first", "last"), [("valid_from", "valid_to"), ("check_in", "checkOut"), ("departureTime", "arrivalTime")]
)
def test_what_begins_is_before_what_ends(first: str, last: str, seed: str) -> None:
    value = make(object_of(**{last: TIME, first: TIME}), seed)
    assert value[first] <= value[last]


def test_what_is_overdue_has_not_been_paid() -> None:
    for seed in "abcdefgh":
        invoice = make(object_of(status={"enum": ["paid", "overdue"]}, paid_on=TIME_OR_NULL), seed)
        assert (invoice["paid_on"] is not None) == (invoice["status"] == "paid")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_time_follows_a_boolean_of_its_name(seed: str) -> None:
    times = {"completed_at": TIME_OR_NULL, "deleted_at": TIME_OR_NULL}
    value = make(object_of(completed=BOOLEAN, isDeleted=BOOLEAN, **times), seed)
    assert (value["completed_at"] is not None) == value["completed"]
    assert [value["isDeleted"], value["deleted_at"]] == [False, None]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_schema_demands_stays(seed: str) -> None:
    value = make(object_of(stock={"const": 0}, inStock={"const": True}, deleted_at=TIME), seed)
    assert value["inStock"] is True
    assert value["deleted_at"] is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thing_has_no_parent_where_it_need_not_have_one(seed: str) -> None:
    assert make(object_of(id=NUMBER, parentId={"type": ["integer", "null"]}), seed)["parentId"] is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "names",
    [
        ("costPrice", "sale_price", "price", "originalPrice"),
        ("minTeamSize", "maxTeamSize"),
        ("price_min", "price_max"),
        ("priceFrom", "priceTo"),
    ],
)
def test_numbers_ascend_as_their_names_say(names: tuple[str, ...], seed: str) -> None:
    value = make(object_of(**dict.fromkeys(reversed(names), NUMBER)), seed)
    assert [value[name] for name in names] == sorted(value.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_names_of_a_person_agree(seed: str) -> None:
    names = ("firstName", "lastName", "name", "displayName", "username", "email", "initials")
    value = make(object_of(**dict.fromkeys(names, TEXT)), seed)
    first, last = value["firstName"], value["lastName"]
    assert value["name"] == value["displayName"] == f"{first} {last}"
    assert value["email"] == f"{first}.{last}@example.com".lower()
    assert value["username"] == f"{first[0]}{last}".lower()
    assert value["initials"] == f"{first[0]}{last[0]}"


@pytest.mark.parametrize("seed", SEEDS)
def test_an_address_of_a_person_beside_the_name_is_of_that_person(seed: str) -> None:
    value = make(object_of(customer_name=TEXT, customer_email=TEXT, owner_email=TEXT), seed)
    names = re.sub(r"[^a-z ]", "", value["customer_name"].lower()).split()
    assert value["customer_email"] == f"{'.'.join(names)}@example.com"
    assert value["owner_email"] != value["customer_email"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_age_is_that_of_somebody_born_then(seed: str) -> None:
    value = make(object_of(age={"type": "integer"}, birthDate={"type": "string", "format": "date"}), seed)
    assert value["age"] == 2025 - int(value["birthDate"][:4])
    assert 18 <= value["age"] <= 81


@pytest.mark.parametrize("seed", SEEDS)
def test_an_address_is_in_one_country(seed: str) -> None:
    assert make(object_of(city=TEXT, state=TEXT, zip=TEXT, country=TEXT), seed)["country"] == "United States"


@pytest.mark.parametrize(
    ("schema", "members", "expected"),
    [
        ("#/components/schemas/NewUser", [], "name"),
        ("users.json", [], "name"),
        ("author", [], "name"),
        ("#/components/schemas/Project", [], "thing_name"),
        ("#/definitions/Project", ["email"], "name"),
        ("#/components/schemas/Company", ["email"], "company"),
        ("#/components/schemas/Restaurant", ["email", "phone", "street"], "thing_name"),
        ("#/paths/~1users/get/responses/200/content/application~1json/schema/items", [], "name"),
        ("#/paths/~1users/get/responses/200/content/application~1json/schema/items", ["sku"], "thing_name"),
    ],
)
def test_a_name_is_that_of_what_has_it(schema: str, members: list[str], expected: str) -> None:
    assert whose_name([schema], ["name", *members]) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("customerName", "name"), ("full_name", "name"), ("product_name", "thing_name"), ("companyName", "company"),
        ("cityName", "city"), ("name", None), ("title", None),
    ],
)  # fmt: skip
def test_a_member_says_whose_name_it_holds(name: str, expected: str | None) -> None:
    assert meaning_of_name(name) == expected


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("sku", "[A-Z]{3}-[0-9]{4}"), ("order_number", "ORD-[0-9]{4}"), ("accountNumber", "[0-9]{6}"),
        ("addressLine1", "[0-9]+ .+"),
    ],
)  # fmt: skip
def test_a_code_looks_like_one(name: str, pattern: str) -> None:
    value: Any = make(object_of(**{name: TEXT}), "seed")
    assert re.fullmatch(pattern, value[name])
