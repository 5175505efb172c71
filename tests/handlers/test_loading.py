"""`handlers.py` is read with the contract: every mistake in it has its file and line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import create_app, load_contract
from tests.handlers.conftest import HEAD, SHOP, WriteShop

Mistakes = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("def f(:\n", "handlers.py:2: is not valid Python: invalid syntax"),
        ("import pricng\n", "handlers.py:2: cannot be imported: ModuleNotFoundError: No module named 'pricng'"),
        ("1 / 0\n", "handlers.py:2: cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit(1)\n", "handlers.py:2: cannot be imported: SystemExit: 1"),
        (
            '@handler("payOrdr")\ndef f(): ...\n',
            'handlers.py:2: there is no operation "payOrdr". Did you mean "payOrder"?',
        ),
        (
            '@handler("getOrder")\ndef f(): ...\n',
            'handlers.py:2: getOrder has the behaviour "read" in resources.yaml: it can have that or a handler, not both',
        ),
        (
            '@handler("login")\ndef f(): ...\n\n@handler("login")\ndef g(): ...\n',
            "handlers.py:5: login has another handler in handlers.py:2",
        ),
        (
            '@handler("login")\ndef f(call, recrods): ...\n',
            'handlers.py:2: the handler of login has an unknown parameter "recrods". Did you mean "records"?',
        ),
        (
            '@handler("login")\ndef f(call, /): ...\n',
            'handlers.py:2: the handler of login takes "call" by position only: it is passed by name',
        ),
        (
            '@handler("login")\nasync def f(call): ...\n',
            "handlers.py:2: the handler of login is `async def`: write `def`, since the server runs it on a thread of its own",
        ),
        (
            '@handler("login")\ndef f(call):\n    yield 1\n',
            "handlers.py:2: the handler of login is a generator: it must return its result, not yield it",
        ),
        (
            "@handler\ndef f(call): ...\n",
            'handlers.py:2: cannot be imported: TypeError: @handler needs the operationId of an operation: @handler("payOrder")',
        ),
        (
            '@derived("order", "total")\ndef f(order): ...\n',
            'handlers.py:2: there is no resource "order". Did you mean "orders"?',
        ),
        (
            '@derived("orders", "totl")\ndef f(order): ...\n',
            'handlers.py:2: the schema of orders has no member "totl". Did you mean "total"?',
        ),
        (
            '@derived("orders", "id")\ndef f(order): ...\n',
            'handlers.py:2: "id" is in the `sort` of orders: records are kept in an order of stored members',
        ),
        (
            '@derived("orders", "status")\ndef f(order): ...\n',
            'handlers.py:2: "status" is the state of the lifecycle of orders, which is stored and cannot be computed',
        ),
        (
            '@derived("lines", "order_id")\ndef f(line): ...\n',
            'handlers.py:2: "order_id" is a reference of lines, which is stored and cannot be computed',
        ),
        (
            '@derived("orders", "total")\ndef f(): ...\n',
            'handlers.py:2: the function for "total" of orders must take the record as its first parameter',
        ),
        (
            '@derived("orders", "total")\ndef f(order, clock): ...\n',
            'handlers.py:2: the function for "total" of orders has an unknown parameter "clock". Known: records.',
        ),
        (
            '@derived("orders", "total")\ndef f(order): ...\n\n@derived("orders", "total")\ndef g(order): ...\n',
            'handlers.py:5: "total" of orders is derived twice',
        ),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_what_would_be_right(
    mistakes: Mistakes, code: str, mistake: str
) -> None:
    assert mistakes(code) == [mistake]


def test_a_mistake_in_a_module_beside_it_names_that_module(mistakes: Mistakes) -> None:
    code = "import pricing\n"
    assert mistakes(code, {"pricing.py": "\n1 / 0\n"}) == [
        "pricing.py:2: cannot be imported: ZeroDivisionError: division by zero"
    ]


def test_all_mistakes_are_reported_at_once(mistakes: Mistakes) -> None:
    code = '@handler("a")\ndef f(): ...\n\n@derived("b", "c")\ndef g(x): ...\n'
    assert [problem.partition(": ")[0] for problem in mistakes(code)] == ["handlers.py:2", "handlers.py:5"]


@pytest.mark.parametrize(
    "code",
    [
        '@handler("login")\ndef f(): ...\n',
        '@handler("login")\ndef f(random, clock, records, call): ...\n',
        '@handler("login")\ndef f(*, call, limit=3): ...\n',
        '@handler("login")\ndef f(**rest): ...\n',
        'f = handler("login")(lambda call: None)\n',
        '@handler("login")\n@handler("payOrder")\ndef f(call): ...\n',
        '@derived("orders", "total")\ndef f(any_name, records): ...\n',
    ],
)
def test_a_function_takes_what_it_needs(mistakes: Mistakes, code: str) -> None:
    assert mistakes(code) == []


def test_modules_beside_it_are_imported_and_stay_out_of_the_server(write_shop: WriteShop) -> None:
    before = set(sys.modules)
    root = write_shop(
        """
        import pricing
        from rates.vat import RATE
        from rates import vat
        from . import pricing as same
        assert pricing is same
        assert (pricing.PRICE, RATE, vat.RATE) == (7, 19, 19)
        """,
        {
            "pricing.py": "from dataclasses import dataclass\n\n@dataclass\nclass Price:\n    value: 'int'\n\nPRICE = 7\n",
            "rates/__init__.py": "",
            "rates/vat.py": "from .base import RATE\n",
            "rates/base.py": "RATE = 19\n",
        },
    )
    load_contract(root)
    names = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert names & {"pricing", "rates", "handlers"} == set()


def test_two_contracts_have_modules_of_the_same_name(write_shop: WriteShop) -> None:
    code = 'import pricing\n\n@handler("login")\ndef login(call):\n    return {"token": pricing.NAME}\n'
    clients = [
        create_app(write_shop(code, {"pricing.py": f"NAME = {name!r}\n"}, name)).test_client() for name in ("a", "b")
    ]
    login = {"name": "Ada", "password": "secret"}
    assert [client.post("/login", json=login).json for client in clients] == [{"token": "a"}, {"token": "b"}]


@pytest.mark.parametrize("name", ["json", "mockserver", "time"])
def test_a_module_does_not_take_the_place_of_the_servers_own(write_shop: WriteShop, name: str) -> None:
    code = f"import {name}\nassert {name}.__name__ == {name!r}\n"
    load_contract(write_shop(code, {f"{name}.py": "raise RuntimeError('not this')\n"}))


def test_a_file_outside_the_directory_is_not_executed(tmp_path: Path, write_shop: WriteShop) -> None:
    root = write_shop("import outside_of_the_contract\n")
    (tmp_path / "elsewhere.py").write_text("raise RuntimeError('executed')\n")
    (root / "outside_of_the_contract.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(Exception, match="No module named 'outside_of_the_contract'"):
        load_contract(root)


def test_a_bare_document_executes_nothing(tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    for folder in ("shop", "shop/schemas"):
        (tmp_path / folder / "handlers.py").write_text(HEAD + "raise RuntimeError('executed')\n")
    assert load_contract(tmp_path / "shop" / "schemas" / "openapi.yaml", stateful=True).python is None


def test_a_directory_without_the_file_has_no_functions(tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    assert load_contract(tmp_path / "shop").python is None
