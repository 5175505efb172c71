"""`check` calls each handler with the requests that it makes up, twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver import load_contract
from mockserver.check.checker import ContractChecker
from tests.handlers.conftest import PAY, TOTAL, WriteShop
from tests.handlers.test_responses import pay

Errors = Callable[..., list[str]]


@pytest.fixture
def errors(write_shop: WriteShop) -> Errors:
    """The errors that `check` finds in the shop with this code, which begins in line 2."""

    def check(code: str, total: str = TOTAL) -> list[str]:
        checker = ContractChecker(load_contract(write_shop(code + total)))
        for _ in checker.steps():
            pass
        return [str(finding.problem) for finding in checker.findings if finding.level == "error"]

    return check


def test_handlers_that_keep_the_contract_pass(errors: Errors) -> None:
    assert errors(PAY) == []


@pytest.mark.parametrize(
    "value",
    ["__import__('time').time()", "int(__import__('time').time())", "__import__('datetime').datetime.now()", "__import__('random').random()",
     "__import__('uuid').uuid4()"],
)  # fmt: skip
def test_a_handler_that_reads_the_wall_clock_or_random_values_is_reported(errors: Errors, value: str) -> None:
    (error,) = errors(f'@handler("login")\ndef login(call):\n    return {{"token": str({value})}}\n')
    assert error == (
        "handlers.py:2: POST /login (login) at the start of the scenario: two runs differ in body after the same "
        "request: take the time from `clock` and random values from `random`, and keep nothing in variables of the module"
    )


def test_a_handler_that_stores_another_value_each_time_is_reported(errors: Errors) -> None:
    code = 'import itertools\nnumbers = itertools.count()\n' + pay("records.lines.update('line-1', price=next(numbers))\nreturn records.orders['order-2']")  # fmt: skip
    assert [error.partition(": ")[0] for error in errors(code)] == ["handlers.py:4"] * len(errors(code))
    assert "two runs differ in records" in errors(code)[0]


def test_an_exception_is_reported_at_its_line(errors: Errors) -> None:
    (error,) = errors(pay("order = records.orders[call.path['order_id']]\nreturn order['totl']"))
    assert error == (
        "handlers.py:5: POST /orders/order-1/pay (payOrder) for orders order-1 in state open: "
        "the handler of payOrder failed at handlers.py:5: KeyError: 'totl'"
    )


def test_a_response_that_violates_the_contract_is_reported_at_the_handler(errors: Errors) -> None:
    found = errors(pay("return {'id': 1}"))
    assert {error.partition(": ")[0] for error in found} == {"handlers.py:2"}


def test_a_derived_member_that_fails_or_differs_is_reported(errors: Errors) -> None:
    head = '\n@derived("orders", "total")\ndef total(order):\n'
    failing = errors("", head + "    return order['totl']\n")
    assert {error.partition(": ")[0] for error in failing} == {"handlers.py:5"}
    differing = errors("import itertools\nnumbers = itertools.count()\n", head + "    return next(numbers)\n")
    assert "two runs differ in body" in differing[0]


def test_a_derived_member_of_the_wrong_type_is_reported(errors: Errors) -> None:
    assert '"many" is not of type integer' in errors("", '\n@derived("orders", "total")\ndef total(order):\n    return "many"\n')[0]  # fmt: skip
