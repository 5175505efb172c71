"""Streams and channels behind nginx, with its default settings for proxies and HTTP/1.1 to the server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mockserver import BackgroundServer, create_app, load_contract
from tests.conftest import require_program, write_contract
from tests.ports import free_port
from tests.push.conftest import Api
from tests.push.test_channels import add_channels
from tests.push.test_server_sent_events import with_stream

SECONDS = 20.0
# One process in the foreground, whose files are all below its prefix.
CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {server};
      proxy_http_version 1.1;
    }}
    # HTTP/1.0, where the end of the connection is that of the response.
    location /old/ {{
      proxy_pass {server}/;
    }}
    location /live {{
      proxy_pass {server};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }}
    {documented}
  }}
}}
"""
FRONTEND = (Path(__file__).parents[2] / "docs" / "frontend.md").read_text()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx, in front of a server with a stream and channels."""
    program = require_program(shutil.which("nginx"), "nginx is not installed; on Debian: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")

    def add(files: dict[str, Any]) -> None:
        with_stream()(files)
        add_channels(files)

    app = create_app(load_contract(write_contract(folder / "contract", add)), forwarded=True)
    with BackgroundServer(app, "127.0.0.1") as server:
        port = free_port()
        (documented,) = re.findall(r"```nginx\n(.*?)```", FRONTEND, re.DOTALL)
        documented = documented.replace("http://127.0.0.1:4080", server.url)
        (folder / "nginx.conf").write_text(CONFIGURATION.format(port=port, server=server.url, documented=documented))
        with run_nginx(program, folder) as process:
            # It listens before it says how it waits for events.
            assert any("event method" in line for line in process.stderr or ())
            yield f"http://127.0.0.1:{port}"
            process.terminate()
            process.wait(SECONDS)


def run_nginx(program: str, folder: Path) -> subprocess.Popen[str]:
    command = [program, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-e", "stderr"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def api(proxied: str, make_api: Callable[..., Api]) -> Api:
    return make_api(proxied)


@pytest.mark.parametrize("path", ["/events", "/old/events"])
def test_events_arrive_one_by_one_while_the_stream_is_open(api: Api, path: str) -> None:
    reader = api.open(path)
    received = [reader.next()]
    for key in ("a", "b"):
        api.post(f"/jobs/{key}/cancel")
        received.append(reader.next())
    assert [message.event for message in received if message is not None] == ["ready", "cancel", "cancel"]


def test_a_client_continues_after_its_last_id(api: Api) -> None:
    reader = api.open("/events")
    reader.next()
    api.post("/jobs/a/cancel")
    (first,) = reader.take(1)
    reader.close()
    api.post("/jobs/b/cancel")
    api.post("/jobs/x%2Fy/cancel")
    resumed = api.open("/events", first.id).take(2)
    assert [(message.event, message.data["id"]) for message in resumed] == [("cancel", "b"), ("cancel", "x/y")]


def test_links_have_the_prefix_that_the_documented_configuration_sends(proxied: str) -> None:
    redirected = requests.get(f"{proxied}/mock/", allow_redirects=False, timeout=SECONDS)
    assert redirected.headers["Location"] == "/mock/__mock/"
    assert 'data-root="/mock"' in requests.get(f"{proxied}/mock/__mock/", timeout=SECONDS).text


def test_a_reset_ends_the_response(api: Api) -> None:
    reader = api.open("/events")
    reader.next()
    api.post("/__mock/reset", {})
    assert [message.event for message in reader.rest()] == ["reset"]


def test_a_channel_passes_where_the_headers_of_the_upgrade_do(api: Api) -> None:
    with connect(api.url.replace("http", "ws") + "/live", additional_headers=api.headers) as channel:
        ready = json.loads(channel.recv(SECONDS))
        api.post("/jobs/a/cancel")
        event = json.loads(channel.recv(SECONDS))
        channel.send("ping")
        assert ready["event"] == "ready"
        assert event["event"] == "cancel"
        assert event["key"] == "a"
        assert json.loads(channel.recv(SECONDS)) == "pong"


def test_a_channel_continues_after_its_last_id_and_is_closed_by_a_reset(api: Api) -> None:
    address = api.url.replace("http", "ws") + "/live"
    with connect(address, additional_headers=api.headers) as channel:
        last = json.loads(channel.recv(SECONDS))["id"]
    api.post("/jobs/a/cancel")
    with connect(f"{address}?last_event_id={last}", additional_headers=api.headers) as channel:
        assert json.loads(channel.recv(SECONDS))["event"] == "cancel"
        api.post("/__mock/reset", {})
        assert json.loads(channel.recv(SECONDS))["event"] == "reset"
        with pytest.raises(ConnectionClosed) as closed:
            channel.recv(SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


def test_without_these_headers_a_channel_is_refused(api: Api) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(api.url.replace("http", "ws") + "/echo", additional_headers=api.headers),
    ):
        pass
    problem = json.loads(refused.value.response.body)
    assert refused.value.response.status_code == 426
    assert problem["code"] == "upgrade-required"
