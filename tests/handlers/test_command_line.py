"""Handlers from the command line: watched, limited in time, checked, created."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cli.test_main import SECONDS, lines_until, poll, remaining_output, run, serving
from tests.handlers.conftest import HEAD, WriteShop

PRICED = '@derived("orders", "total")\ndef total(order):\n    return pricing.PRICE\n'


def price_is(price: int) -> Callable[[Any], bool]:
    return lambda order: bool(order.get("total") == price)


@pytest.fixture
def priced(write_shop: WriteShop) -> Path:
    """A shop in which each order costs what `pricing.py` says."""
    return write_shop("import pricing\n" + PRICED, {"pricing.py": "PRICE = 1\n"})


def test_edited_modules_are_reloaded(priced: Path) -> None:
    with serving(str(priced)) as (process, url, _):
        assert poll(f"{url}/orders/order-1", price_is(1))["total"] == 1
        (priced / "pricing.py").write_text("PRICE = 22\n")
        assert poll(f"{url}/orders/order-1", price_is(22))["total"] == 22
        (priced / "handlers.py").write_text(HEAD + PRICED.replace("pricing.PRICE", "333"))
        assert poll(f"{url}/orders/order-1", price_is(333))["total"] == 333
        lines = lines_until(process, "Reloaded", "Reloaded")
        assert lines[-2:] == ["Reloaded pricing.py\n", "Reloaded handlers.py\n"]


def test_a_mistake_in_a_module_that_is_new_is_gone_once_that_module_is_corrected(priced: Path) -> None:
    with serving(str(priced)) as (_, url, _lines):
        (priced / "rates.py").write_text("1 / 0\n")
        (priced / "handlers.py").write_text(HEAD + "import rates as pricing\n" + PRICED)
        health = poll(f"{url}/__mock/health", lambda body: "problems" in body)
        assert [(problem["file"], problem["line"]) for problem in health["problems"]] == [("rates.py", 1)]
        assert poll(f"{url}/orders/order-1", price_is(1))["total"] == 1
        (priced / "rates.py").write_text("PRICE = 4444\n")
        assert poll(f"{url}/orders/order-1", price_is(4444))["total"] == 4444


def test_a_file_that_is_added_is_found(priced: Path) -> None:
    code = (priced / "handlers.py").read_text()
    (priced / "handlers.py").unlink()
    with serving(str(priced)) as (_, url, _lines):
        assert "total" not in poll(f"{url}/orders/order-1", lambda order: "total" not in order)
        (priced / "handlers.py").write_text(code)
        assert poll(f"{url}/orders/order-1", price_is(1))["total"] == 1


def test_the_limit_of_time_is_an_option(write_shop: WriteShop) -> None:
    root = write_shop('@handler("payOrder")\ndef pay():\n    while True: pass\n')
    with serving(str(root), "--handler-timeout", "200ms") as (process, url, _):
        response = requests.post(f"{url}/orders/order-1/pay", timeout=SECONDS)
        assert response.json()["code"] == "handler-timeout"
        assert "the handler of payOrder did not end (interrupted at handlers.py:4): the limit is 0.2 s" in remaining_output(process)  # fmt: skip


@pytest.mark.parametrize("value", ["0", "-1s", "soon", "2h", ""])
def test_a_limit_that_is_none_is_refused(priced: Path, value: str) -> None:
    result = run("serve", str(priced), "--handler-timeout", value)
    assert result.exit_code == 2
    assert "is not a duration such as 2s, 500ms or 1m (up to an hour)." in " ".join(result.stderr.split())


def test_check_fails_for_a_broken_handler(write_shop: WriteShop) -> None:
    root = write_shop('@handler("payOrder")\ndef pay(call):\n    return call.pth\n')
    result = run("check", str(root))
    assert result.exit_code == 1
    assert "handlers.py:4: POST /orders/order-1/pay (payOrder)" in result.stdout + result.stderr


def test_check_reports_a_mistake_at_load_with_its_line(write_shop: WriteShop) -> None:
    result = run("check", str(write_shop('@handler("payOrdr")\ndef pay(): ...\n')))
    assert result.exit_code == 1
    assert 'handlers.py:2: there is no operation "payOrdr". Did you mean "payOrder"?' in result.stderr


def test_init_creates_a_handler_that_works(tmp_path: Path) -> None:
    result = run("init", str(tmp_path / "mock"))
    assert f"Edit {tmp_path / 'mock' / 'handlers.py'} for responses that need code\n" in result.stdout
    with serving(str(tmp_path / "mock")) as (_, url, _lines):
        assert requests.post(f"{url}/finish-all", timeout=SECONDS).json() == {"finished": 2}
        tasks = requests.get(f"{url}/tasks", timeout=SECONDS).json()["tasks"]
    assert {task["status"] for task in tasks} == {"finished"}
