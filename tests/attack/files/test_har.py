"""HAR files come from elsewhere: whatever they hold, reading them ends, and nothing outside their folder is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract
from mockserver.recorder.har import UnreadableHar, read_har
from mockserver.recorder.recording import Recording
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import some
from tests.recorder.backend import write_document
from tests.recorder.traffic import ORIGIN, entry, har, write_har

ODD: list[Any] = [
    None,
    True,
    7,
    -1.5,
    "",
    "text",
    [],
    [None],
    {},
    {"a": 1},
    "\ud800",
    "http://[",
    "https://h:99999/",
    "a" * 10_000,
]
PLACES = [
    ("startedDateTime",), ("request",), ("request", "method"), ("request", "url"), ("request", "headers"), ("request", "headers", 0), ("request", "headers", 0, "name"),
    ("request", "headers", 0, "value"), ("request", "postData"), ("request", "postData", "text"), ("request", "postData", "mimeType"), ("request", "postData", "params"),
    ("request", "bodySize"), ("response",), ("response", "status"), ("response", "headers"), ("response", "content"), ("response", "content", "size"), ("response", "bodySize"),
    ("response", "content", "text"), ("response", "content", "encoding"), ("response", "content", "mimeType"), ("response", "content", "_file"), ("_fromCache",), ("_resourceType",),
]  # fmt: skip


def place(item: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        item = item[step]
    item[path[-1]] = value


@pytest.mark.parametrize("path", some(PLACES, 9))
def test_any_value_in_any_place_is_read_or_reported(tmp_path: Path, path: tuple[Any, ...]) -> None:
    items = []
    for value in ODD:
        item = entry("/pets", {"pets": [], "total": 0}, method="POST", sent={"name": "Eve"})
        place(item, path, value)
        items.append(item)
    file = read_har(write_har(tmp_path, *items, entry("/search", {"hits": 1})))
    recording = Recording(load_contract(write_document(tmp_path), stateful=True))
    for exchange in file.exchanges(ORIGIN):
        recording.add(exchange)
    assert list(recording.write(tmp_path / "recorded").lines())
    assert create_app(tmp_path / "recorded").test_client().get("/search").json == {"hits": 1}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"log": {"entries": [' + '{"a":' * 100_000, '{"log": {"entries": [1e999, NaN']
)
def test_a_file_that_no_parser_takes_is_refused_or_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "traffic.har"
    path.write_text(text)
    try:
        assert list(read_har(path).exchanges()) == []
    except UnreadableHar as error:
        assert str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "a/../../secret", "..\\secret", "sub/secret"])
def test_the_body_of_an_entry_is_read_from_the_folder_of_the_file_alone(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "har"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "secret", folder / "sub/secret"):
        path.write_text("secret")
    item = entry("/pets")
    item["response"]["content"] = {"size": 6, "_file": name}
    assert [exchange.response_body for exchange in read_har(write_har(folder, item)).exchanges()] == [None]


@pytest.mark.parametrize("cut", [False, True])
def test_the_time_to_read_entries_grows_linearly(tmp_path: Path, cut: bool) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = tmp_path / f"{size}.har"
        text = json.dumps(har(*[entry("/pets", {"a": "x" * 100}) for _ in range(size // 100)]))
        path.write_text(text[:-10] if cut else text)
        return lambda: list(read_har(path).exchanges())

    assert_grows_linearly(prepare, 20_000)


def test_the_time_to_write_a_recording_grows_linearly(tmp_path: Path) -> None:
    contract = load_contract(write_document(tmp_path), stateful=True)
    number = iter(range(1_000))

    def prepare(size: int) -> Callable[[], object]:
        path = write_har(tmp_path, *[
            item for count in range(size) for item in (
                entry(f"/pets/pet-{count}", {"id": f"pet-{count}", "name": "a", "created_at": "2025-01-01T00:00:00Z"}),
                entry(f"/search?q={count}", {"hits": count}),
            )
        ])  # fmt: skip
        recording = Recording(contract)
        for exchange in read_har(path).exchanges():
            recording.add(exchange)
        return lambda: recording.write(tmp_path / f"recorded-{next(number)}")

    assert_grows_linearly(prepare, 60)
