"""A client that loses its connection again and again while others write: it misses no event, and has none twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from mockserver import BackgroundServer, create_app, load_contract
from tests.attack.scale import rounds
from tests.cli.test_main import serving
from tests.conftest import start_redis, write_contract
from tests.push.conftest import Api
from tests.push.reader import Reader
from tests.push.test_channels import add_channels
from tests.push.test_server_sent_events import with_stream

SECONDS = 20.0
WRITERS = 4
CHANGES = rounds(40, 200)
CONNECTIONS = 20
# The id of an event, and the key of the record.
Received = tuple[str, Any]
Read = Callable[[Api, str, int], list[Received]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def add(files: dict[str, Any]) -> None:
        with_stream()(files)
        add_channels(files)

    return write_contract(tmp_path_factory.mktemp("reconnecting") / "contract", add)


@pytest.fixture(scope="module", params=["memory", "two workers with a store"])
def url(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "memory":
        with BackgroundServer(create_app(load_contract(root)), "127.0.0.1") as server:
            yield server.url
        return
    store = start_redis(tmp_path_factory.mktemp("redis"))
    with serving(str(root), "--workers", "2", "--store", store.url, "--no-watch") as (_, address, _lines):
        yield address
    store.stop()


def read_stream(api: Api, last_id: str, count: int) -> list[Received]:
    """So many events after one, by a connection of their own."""
    with Reader(api.url, "/events", api.headers | {"Last-Event-ID": last_id}) as reader:
        return [(message.id, message.data["id"]) for message in reader.take(count)]


def read_channel(api: Api, last_id: str, count: int) -> list[Received]:
    """The same by a WebSocket."""
    address = f"{api.url.replace('http', 'ws')}/live?last_event_id={last_id}"
    # A client whose queue is full would not read the close frame.
    with connect(address, additional_headers=api.headers, max_queue=None) as channel:
        messages = [json.loads(channel.recv(SECONDS)) for _ in range(count)]
    return [(message["id"], message["key"]) for message in messages]


@pytest.mark.parametrize("read", [read_stream, read_channel])
def test_a_client_that_connects_again_and_again_misses_nothing_and_has_nothing_twice(
    url: str, read: Read, make_api: Callable[..., Api]
) -> None:
    api = make_api(url)
    with Reader(url, "/events", api.headers) as first:
        ready = first.next()
    assert ready is not None
    keys = [f"job-{number}" for number in range(CHANGES)]

    def write(writer: int) -> None:
        for key in keys[writer::WRITERS]:
            api.post("/jobs", {"id": key, "owner_id": 1})

    received: list[Received] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        for _ in range(CONNECTIONS):
            received += read(api, received[-1][0] if received else ready.id, CHANGES // CONNECTIONS)
        for writer in writers:
            writer.result()
    numbers = [int(event_id.partition("-")[0]) for event_id, _ in received]
    assert numbers == list(range(1, CHANGES + 1))
    assert sorted(key for _, key in received) == sorted(keys)
    # Who has read it all at once has the same.
    assert received == read(api, ready.id, CHANGES)
