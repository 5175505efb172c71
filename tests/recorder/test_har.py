"""HAR files of browsers and proxies become exchanges, as far as they are usable."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver import create_app
from mockserver.cli.main import main
from mockserver.recorder.exchanges import RecordedExchange
from mockserver.recorder.har import AmbiguousOrigin, UnreadableHar, read_har
from tests.recorder.backend import write_document
from tests.recorder.traffic import ORIGIN, entry, har, pairs, write_har

PET = {"id": "pet-b", "name": "Bob", "created_at": "2025-01-01T00:00:00Z"}


def read(folder: Path, *entries: Any, origin: str | None = None) -> list[RecordedExchange]:
    return list(read_har(write_har(folder, *entries)).exchanges(origin))


def bodies(folder: Path, *entries: Any) -> list[bytes | None]:
    return [exchange.response_body for exchange in read(folder, *entries)]


def changed(path: str = "/pets", body: Any = None, *, request: Any = None, response: Any = None, content: Any = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    """An entry with members replaced; None removes one."""
    item = entry(path, body, **more)
    targets = ((item["request"], request), (item["response"], response), (item["response"]["content"], content))
    for target, members in targets:
        for name, value in (members or {}).items():
            target[name] = value
            if value is None:
                del target[name]
    return item


def test_an_entry_is_an_exchange(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path, entry("/pets?a=%20b", {"a": "ü"}, method="POST", status=201, sent={"name": "Eve"}))
    assert exchange == RecordedExchange(
        "POST", "/pets?a=%20b",
        [(":authority", "api.example.com"), (":method", "POST"), ("accept", "*/*"), ("cookie", "session=abcdef0123456789x"), ("Host", "api.example.com"), ("Content-Type", "application/json")],
        b'{"name": "Eve"}', 201, [("content-type", "application/json"), ("date", "Thu, 15 Jan 2026 09:00:00 GMT")], b'{"a": "\\u00fc"}',
    )  # fmt: skip


def test_a_media_type_that_is_unknown_is_none(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path, changed(response={"headers": []}, content={"mimeType": "x-unknown"}))
    assert exchange.response_headers == []


@pytest.mark.parametrize(
    ("item", "body"),
    [
        (entry("/a", b"\x89PNG\xff"), b"\x89PNG\xff"),
        (changed(content={"text": None}), None),
        (changed(content={"text": "", "size": 0}), b""),
        (changed(content={"text": '{"a": 1', "size": 900}), None),
        (changed(content={"text": "{}", "size": 1}), b"{}"),
        (changed(content={"text": "{}", "size": None}), b"{}"),
        (changed(content={"text": "{}", "size": 5}), b"{}"),
        (changed(content={"text": None, "size": -1}), None),
        (changed(response={"content": None}), None),
        (changed(response={"content": None, "bodySize": 0}), b""),
        (changed(content={"text": None, "_file": "body.json"}), b'{"of": "file"}'),
        (changed(content={"text": None, "_file": "../body.json"}), None),
        (changed(content={"text": None, "_file": "missing.json"}), None),
    ],
)  # fmt: skip
def test_a_body_is_read_if_it_is_complete(tmp_path: Path, item: dict[str, Any], body: bytes | None) -> None:
    (tmp_path / "har").mkdir()
    for folder in (tmp_path, tmp_path / "har"):
        (folder / "body.json").write_text('{"of": "file"}')
    if body == b'{"of": "file"}':
        item["response"]["content"]["size"] = len(body)
    assert bodies(tmp_path / "har", item) == [body]


def test_an_archive_of_playwright_holds_bodies_as_files(tmp_path: Path) -> None:
    item = changed(content={"text": None, "size": 7, "_file": "a1b2.json"})
    with zipfile.ZipFile(tmp_path / "traffic.zip", "w") as archive:
        archive.writestr("har.har", json.dumps(har(item)))
        archive.writestr("a1b2.json", '{"a":1}')
    assert [exchange.response_body for exchange in read_har(tmp_path / "traffic.zip").exchanges()] == [b'{"a":1}']


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("text", "it has no request"), ({}, "it has no request"), ({"request": {"method": "GET"}}, "its request has no URL or no method"),
        (entry("/pets", status=0), 'GET "/pets" has no response: it was aborted or has failed'),
        (entry("/pets?token=abc", status=-1), 'GET "/pets" has no response: it was aborted or has failed'),
        (entry("/pets", status=None), 'GET "/pets" has no response: it was aborted or has failed'),
        (changed(response={"status": None}), 'GET "/pets" has no response: it was aborted or has failed'),
        (entry("/live?token=abc", origin="wss://api.example.com", status=101), '"wss://api.example.com/live" is a WebSocket'),
        (entry("/live", status=101, _webSocketMessages=[]), '"https://api.example.com/live" is a WebSocket'),
        (entry("", origin="nothing"), '"nothing" is not an absolute URL'),
        (changed(content={"text": "a", "encoding": "base64"}), "a body is not valid base64"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_used_is_reported_with_its_number(tmp_path: Path, item: Any, reason: str) -> None:
    file = read_har(write_har(tmp_path, entry("/pets"), item))
    assert [exchange.target for exchange in file.exchanges()] == ["/pets"]
    assert file.unused == {f"entry 2: {reason}": 1}


@pytest.mark.parametrize(
    "item",
    [
        entry("", origin="data:text/plain,a"), entry("", origin="blob:https://api.example.com/1"), entry("/a", origin="chrome-extension://abc"),
        changed(method="OPTIONS", request={"headers": pairs({"access-control-request-method": "POST"})}), entry("/pets", method="OPTIONS", _resourceType="preflight"),
    ],
)  # fmt: skip
def test_what_is_no_request_of_a_client_is_left_out(tmp_path: Path, item: Any) -> None:
    file = read_har(write_har(tmp_path, item, entry("/pets")))
    assert [exchange.method for exchange in file.exchanges()] == ["GET"]
    assert file.unused == {}


def test_entries_are_in_the_order_of_their_times(tmp_path: Path) -> None:
    items = [entry("/2", second=2), entry("/1", second=1), entry("/3", second=3)]
    assert [exchange.target for exchange in read(tmp_path, *items)] == ["/1", "/2", "/3"]
    del items[0]["startedDateTime"]
    assert [exchange.target for exchange in read(tmp_path, *items)] == ["/2", "/1", "/3"]


def test_what_a_browser_had_in_its_cache_is_used_once(tmp_path: Path) -> None:
    cached = entry("/a", _fromCache="disk")
    assert [exchange.target for exchange in read(tmp_path, entry("/b"), cached, cached)] == ["/b", "/a"]


@pytest.mark.parametrize(("text", "status"), [("{}", 200), (None, 304)])
def test_a_response_that_was_not_modified_is_that_of_the_cache(tmp_path: Path, text: str | None, status: int) -> None:
    (exchange,) = read(tmp_path, changed(status=304, content={"text": text, "size": 2}))
    assert exchange.status == status


def test_fields_of_a_form_are_its_body(tmp_path: Path) -> None:
    data = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "a b", "value": "1&2"}, {"name": "c"}, 7],
    }
    (exchange,) = read(tmp_path, changed(method="POST", request={"postData": data}))
    assert exchange.request_body == b"a+b=1%262&c="


def test_several_origins_have_to_be_told_apart(tmp_path: Path) -> None:
    items = [
        entry("/a"),
        entry("/b"),
        entry("/c", origin="http://localhost:3000"),
        entry("/d", origin="https://api.example.com:443"),
    ]
    with pytest.raises(AmbiguousOrigin) as error:
        read(tmp_path, *items)
    assert (
        str(error.value)
        == "the file has requests to https://api.example.com (3 requests), http://localhost:3000 (1 request); choose one with --har-origin"
    )
    assert [exchange.target for exchange in read(tmp_path, *items, origin="http://localhost:3000/")] == ["/c"]
    assert [exchange.target for exchange in read(tmp_path, *items, origin="HTTPS://API.example.com")] == [
        "/a",
        "/b",
        "/d",
    ]
    with pytest.raises(AmbiguousOrigin, match="no request went to http://other; the file has requests to"):
        read(tmp_path, *items, origin="http://other")


def test_the_path_of_an_origin_is_left_out(tmp_path: Path) -> None:
    moved = changed("/api/pets", status=303, response={"headers": pairs({"location": "/api/pets/1"})})
    targets = read(tmp_path, moved, entry("/api?a=1"), entry("/apiary"), origin=f"{ORIGIN}/api/")
    assert [exchange.target for exchange in targets] == ["/pets", "/?a=1", "/apiary"]
    assert targets[0].response_headers[0] == ("location", "/pets/1")


@pytest.mark.parametrize(
    "encode", [lambda text: b"\xef\xbb\xbf" + text.encode(), lambda text: text.encode("utf-16"), str.encode]
)
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, encode: Callable[[str], bytes]) -> None:
    path = tmp_path / "traffic.har"
    path.write_bytes(encode(json.dumps(har(entry("/ü")), ensure_ascii=False)))
    assert [exchange.target for exchange in read_har(path).exchanges()] == ["/ü"]


def test_of_a_file_that_was_cut_off_the_whole_entries_are_used(tmp_path: Path) -> None:
    path = write_har(tmp_path, entry("/1"), entry("/2"), entry("/3"))
    path.write_text(path.read_text()[:-400])
    file = read_har(path)
    assert [exchange.target for exchange in file.exchanges()] == ["/1", "/2"]
    assert file.unused == {"entry 3 and whatever follows: the file is not valid JSON there": 1}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"log": []}', '{"log": {"entries": {}}}', "<html>", "null"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "traffic.har").write_text(text)
    with pytest.raises(UnreadableHar):
        read_har(tmp_path / "traffic.har")


def init(folder: Path, *entries: Any, options: tuple[str, ...] = ()) -> tuple[int, str]:
    arguments = [
        "--from",
        str(write_har(folder, *entries)),
        "--contract",
        str(write_document(folder)),
        *options,
        str(folder / "recorded"),
    ]
    result = CliRunner().invoke(main, ["init", *arguments])
    return result.exit_code, result.output


def test_init_writes_the_contract_of_a_har_file(tmp_path: Path) -> None:
    listed = {"pets": [PET], "total": 1}
    new = {"id": "pet-000", "name": "Eve", "created_at": "2025-02-01T00:00:00Z"}
    code, output = init(
        tmp_path,
        entry("/pets", listed),
        entry("/pets", new, method="POST", status=201, sent={"name": "Eve"}, second=1),
        entry("/x.js", "", second=2),
    )
    assert code == 0, output
    assert "Recorded 3 exchanges: 1 pets, 1 response" in output
    assert "1x GET /x.js" in output
    assert output.splitlines()[-1] == f"Next: mockserver serve {tmp_path / 'recorded'}"
    client = create_app(tmp_path / "recorded").test_client()
    assert client.get("/pets").json == listed
    assert client.post("/pets", json={"name": "Eve"}).json == new
    assert client.get("/pets/pet-000").json == new


def test_init_leaves_out_what_is_named(tmp_path: Path) -> None:
    assert init(tmp_path, entry("/search", {"pin": "13-57-91x"}), options=("--redact", "pin"))[0] == 0
    assert "13-57-91x" not in (tmp_path / "recorded/scenarios/baseline.yaml").read_text()


def test_init_reports_what_it_cannot_use(tmp_path: Path) -> None:
    code, output = init(tmp_path, entry("/pets", status=0), entry("/pets", {"pets": [], "total": 0}))
    assert code == 0
    assert '  1x entry 1: GET "/pets" has no response: it was aborted or has failed' in output


def test_init_needs_an_origin_where_there_are_several(tmp_path: Path) -> None:
    items = [entry("/a"), entry("/b", origin="http://localhost:3000")]
    code, output = init(tmp_path, *items)
    assert code == 1
    assert "choose one with --har-origin" in output
    assert not (tmp_path / "recorded").exists()
    assert init(tmp_path, *items, options=("--har-origin", ORIGIN))[0] == 0


def test_init_writes_to_an_empty_directory_only_and_looks_there_first(tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded/notes.txt").write_text("mine")
    result = CliRunner().invoke(main, ["init", "--from", "no.har", "--contract", "no.yaml", str(tmp_path / "recorded")])
    assert result.exit_code == 1
    assert result.output == f"mockserver: {tmp_path / 'recorded'} is not empty; nothing was written\n"


@pytest.mark.parametrize(
    "arguments", [["--from", "a.har"], ["--redact", "a"], ["--har-origin", "http://a"], ["--contract", "a.yaml"]]
)
def test_init_says_which_options_recorded_traffic_needs(tmp_path: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["init", *arguments, str(tmp_path / "recorded")])
    assert result.exit_code == 1
    assert "--from FILE, a HAR file" in result.output
