"""Collections of a large document are inferred in proportion to its size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.contract.inference.collection_detection import detect_collections
from tests.attack.growth import assert_grows_linearly
from tests.bench.large_document import LargeDocument
from tests.documents.shapes import TEXT, crud, document, operation, record


def test_inferring_collections_grows_linearly_with_their_number(tmp_path: Path) -> None:
    def prepare(count: int) -> Callable[[], object]:
        paths: dict[str, Any] = {}
        for number in range(count):
            thing = record(id=TEXT, label=TEXT, status=TEXT, other_id=TEXT)
            paths |= crud(f"/things{number}s", f"/things{number}s/{{id}}", thing)
            paths[f"/things{number}s/{{id}}/label"] = {"get": operation(schema=TEXT)}
        file = tmp_path / f"{count}.json"
        file.write_text(json.dumps(document(paths)))
        operations = load_contract(file).operations
        return lambda: detect_collections(operations.values())

    assert_grows_linearly(prepare, 25)


@pytest.mark.full
def test_keeping_state_of_linked_schemas_grows_linearly_with_the_document(tmp_path: Path) -> None:
    def prepare(percent: int) -> Callable[[], object]:
        file = tmp_path / f"{percent}.json"
        file.write_text(json.dumps(LargeDocument(percent / 100).create()))
        return lambda: load_contract(file, stateful=True).resources

    # In smaller parts of the document, schemas lead to so few others that the work for each grows with their number.
    assert_grows_linearly(prepare, 4)


@pytest.mark.full
def test_naming_the_owners_of_nested_collections_grows_linearly_with_their_number(tmp_path: Path) -> None:
    def prepare(count: int) -> Callable[[], object]:
        paths: dict[str, Any] = {}
        for number in range(count):
            thing = record(id=TEXT, label=TEXT)
            paths |= crud(f"/owners{number}s", f"/owners{number}s/{{owner_id}}", thing)
            below = f"/owners{number}s/{{owner_id}}/parts{number}s"
            paths |= crud(below, f"{below}/{{part_id}}", thing)
            paths[f"{below}/{{part_id}}/archive"] = {"post": operation(schema=thing)}
        file = tmp_path / f"{count}.json"
        file.write_text(json.dumps(document(paths)))
        return lambda: load_contract(file, stateful=True).resources

    assert_grows_linearly(prepare, 25)
