"""A server goes on whatever becomes of its standard streams."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time

import pytest
import requests

from tests.attack.scale import combine
from tests.cli.test_main import SECONDS, get, poll, replace_text, serving
from tests.conftest import MakeContract
from tests.ports import free_port


def test_a_server_goes_on_after_whoever_read_its_lines_has_gone(make_contract: MakeContract) -> None:
    root = make_contract()
    with serving(str(root), "--log", "text") as (process, url, _):
        assert process.stdout is not None
        process.stdout.close()
        assert get(f"{url}/jobs/c").status_code == 200
        file = root / "fixtures" / "small" / "jobs.json"
        replace_text(file, '"id": "c"', '"note": "edited", "id": "c"')
        assert poll(f"{url}/jobs/c", lambda job: "note" in job)["note"] == "edited"
        replace_text(file, '"note": "edited", ', "")
        assert "note" not in poll(f"{url}/jobs/c", lambda job: "note" not in job)
        process.terminate()
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize(
    ("redirection", "number"),
    combine(["<&- >&- 2>&-", ">/dev/full 2>/dev/full", ">&- 2>/dev/full"], [signal.SIGTERM, signal.SIGHUP]),
)
def test_a_server_serves_where_its_streams_are_closed_or_full(redirection: str, number: signal.Signals) -> None:
    port = free_port()
    command = shlex.join([sys.executable, "-m", "mockserver", "serve", "--port", str(port), "--log", "text"])
    with subprocess.Popen(["/bin/sh", "-c", f"exec {command} {redirection}"]) as process:
        try:
            url, until = f"http://127.0.0.1:{port}/__mock/health", time.monotonic() + SECONDS
            while True:
                try:
                    assert get(url).json()["status"] == "ok"
                    break
                except requests.ConnectionError:
                    assert time.monotonic() < until
                    time.sleep(0.02)
            process.send_signal(number)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_nohup_keeps_a_server_running() -> None:
    with serving("--no-watch", prefix=["nohup"]) as (process, url, _):
        process.send_signal(signal.SIGHUP)
        assert get(f"{url}/__mock/health").status_code == 200
