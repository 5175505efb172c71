"""A shop whose handlers each test writes itself; some of its operations have no behaviour."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, ContractError, create_app, load_contract

SHOP = Path(__file__).parent / "shop"
SECONDS = 20.0
TOTAL = """
@derived("orders", "total")
def total(order, records):
    return sum(line["price"] * line["count"] for line in records.lines.where(order_id=order["id"]))
"""
PAY = """
@handler("payOrder")
def pay_order(call, records, clock):
    order = records.orders.fire(call.path["order_id"], "pay")
    records.payments.create(order_id=order["id"], amount=order["total"], at=clock.now)
    return order
"""
NO_FILES: Mapping[str, str | None] = {}
HEAD = "from mockserver import Reply, Upload, derived, handler\n"


class Server:
    """The shop over real sockets: requests to paths."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=SECONDS, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, timeout=SECONDS, **options)

    def state(self) -> Any:
        """The records and the fingerprint of the run."""
        body = self.get("/__mock/state").json()
        return body["records"], body["fingerprint"]

    def entry(self) -> dict[str, Any]:
        """The latest entry of the journal."""
        entry: dict[str, Any] = self.get("/__mock/requests").json()["requests"][0]
        return entry


Handlers = Callable[..., Server]
WriteShop = Callable[..., Path]


@pytest.fixture
def write_shop(tmp_path: Path) -> WriteShop:
    """Writes the shop with this code in its `handlers.py`, and other files by path; None removes one."""

    def write(code: str, files: Mapping[str, str | None] = NO_FILES, name: str = "shop") -> Path:
        root = tmp_path / name
        shutil.copytree(SHOP, root, dirs_exist_ok=True)
        (root / "handlers.py").write_text(HEAD + textwrap.dedent(code))
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                (root / path).unlink()
            else:
                (root / path).write_text(textwrap.dedent(text))
        return root

    return write


@pytest.fixture
def shop(write_shop: WriteShop) -> Iterator[Handlers]:
    """Serves the shop with this code in its `handlers.py`, the total of an order being computed unless `total` is given."""
    with ExitStack() as stack:

        def serve(
            code: str = "", *, total: str = TOTAL, files: Mapping[str, str | None] = NO_FILES, **options: Any
        ) -> Server:
            root = write_shop(textwrap.dedent(code) + total, files)
            server = stack.enter_context(BackgroundServer(create_app(root, **options), "127.0.0.1"))
            return Server(server.url)

        yield serve


@pytest.fixture
def mistakes(write_shop: WriteShop) -> Callable[..., list[str]]:
    """What the loader says of the shop with this code in its `handlers.py`, which begins in line 2."""

    def load(code: str, files: Mapping[str, str | None] = NO_FILES) -> list[str]:
        try:
            load_contract(write_shop(code, files))
        except ContractError as error:
            return [str(problem) for problem in error.problems]
        return []

    return load
