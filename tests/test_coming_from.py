"""The examples of docs/coming-from.md, in their order, in one sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract

PAGE = (Path(__file__).parent.parent / "docs" / "coming-from.md").read_text()
EXCHANGE = re.compile(r"^([A-Z]+) (\S+)(?: (.+))?\n(\d{3})(?: (.+))?$", re.MULTILINE)


class Exchange(NamedTuple):
    method: str
    path: str
    body: str
    status: str
    response: str


def exchanges() -> Iterator[list[Exchange]]:
    """The requests of each block, with the responses that the page shows."""
    for block in re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL):
        matches = [Exchange(*match.groups("")) for match in EXCHANGE.finditer(block)]
        assert len(matches) == len(block.strip().split("\n\n"))
        yield matches


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    document = tmp_path / "books.yaml"
    document.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    return create_app(load_contract(document, stateful=True)).test_client()


def test_the_examples_respond_as_the_page_shows(client: FlaskClient) -> None:
    blocks = list(exchanges())
    assert len(blocks) == 9
    for block in blocks:
        client.delete("/__mock/overrides")
        if block[0].path != "/__mock/verify":  # it verifies the requests of the block before it
            client.delete("/__mock/requests")
        for exchange in block:
            body = json.loads(exchange.body) if exchange.body else None
            response = client.open(exchange.path, method=exchange.method, json=body)
            assert response.status_code == int(exchange.status), f"{exchange}: {response.text}"
            if exchange.response:
                assert response.json == json.loads(exchange.response)
