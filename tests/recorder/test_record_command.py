"""`mockserver record` between a client and a backend: what it writes gives the client the same responses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from mockserver import BackgroundServer, create_app
from mockserver.cli.main import main
from mockserver.cli.record import interrupted_only_twice
from mockserver.recorder.directory import write
from tests.cli.test_main import SECONDS
from tests.recorder.backend import DOCUMENT, JWT, backend


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "shelter.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def play(url: str) -> list[Any]:
    """What a client does that reads and writes; the responses that it gets."""
    with requests.Session() as session:
        responses = [session.get(f"{url}/pets", timeout=SECONDS)]
        created = session.post(f"{url}/pets", json={"name": "Zoe"}, timeout=SECONDS)
        key = created.json()["id"]
        responses += [
            created,
            session.get(f"{url}/pets/{key}", timeout=SECONDS),
            session.patch(f"{url}/pets/{key}", json={"name": "Zoë"}, timeout=SECONDS),
            session.get(f"{url}/pets", timeout=SECONDS),
            session.delete(f"{url}/pets/pet-b", timeout=SECONDS),
            session.get(f"{url}/search?q=cat", timeout=SECONDS),
            session.post(f"{url}/search", json={"name": "x"}, timeout=SECONDS),
            session.get(f"{url}/pets", timeout=SECONDS),
        ]
        return [(response.status_code, response.json() if response.content else None) for response in responses]


def record(document: Path, directory: Path, upstream: str) -> tuple[list[Any], str]:
    """Record what `play` does; its responses, and what the command printed."""
    command = [sys.executable, "-m", "mockserver", "record", str(document), str(directory), "--upstream", upstream]
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert run.stdout is not None
        try:
            match = next(found for line in run.stdout if (found := re.fullmatch(r"Recording on (\S+)\n", line)))
            requests.post(f"{match[1]}/login", json={"user": "ada", "password": "hunter2hunter2"}, timeout=SECONDS)
            responses = play(match[1])
            assert requests.get(f"{match[1]}/nowhere", timeout=SECONDS).status_code == 404
            run.send_signal(signal.SIGINT)
            return responses, run.stdout.read()
        finally:
            run.kill()


def test_a_client_gets_the_recorded_responses_without_the_backend(document: Path, tmp_path: Path) -> None:
    directory = tmp_path / "recorded"
    with BackgroundServer(backend()) as server:
        responses, output = record(document, directory, server.url)
        upstream = server.url
    assert f"Created {directory / 'schemas'}" in output
    assert "GET /nowhere" in output
    assert output.endswith(f"Next: mockserver serve {directory}\n")
    with BackgroundServer(create_app(directory)) as server:
        assert play(server.url) == responses
    written = "".join(path.read_text() for path in directory.rglob("*") if path.is_file())
    assert [secret for secret in (JWT, "hunter2hunter2", "s3cr3ts3cr3ts3cr3t", upstream) if secret in written] == []
    assert CliRunner().invoke(main, ["check", str(directory)]).exit_code == 0


def test_a_second_ctrl_c_while_the_directory_is_written_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with interrupted_only_twice(tmp_path):
        signal.raise_signal(signal.SIGINT)
    message = f"mockserver: still writing {tmp_path}; press Ctrl-C again to lose the recording\n"
    assert capsys.readouterr() == ("", message)


@pytest.fixture
def usual_interrupt() -> Iterator[None]:
    """Python's own handling of Ctrl-C, whatever a test before has left."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("usual_interrupt")
def test_a_third_ctrl_c_ends_the_writing(tmp_path: Path) -> None:
    with interrupted_only_twice(tmp_path):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_directory_with_files_is_refused_before_anything_else(document: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    result = CliRunner().invoke(main, ["record", str(document), str(tmp_path / "mine"), "--upstream", "http://[::1]:1"])
    assert result.exit_code == 1
    assert "nothing was written" in result.output
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_recording_is_written_elsewhere_where_its_directory_has_gone(document: Path, tmp_path: Path) -> None:
    directory, other = tmp_path / "recorded", tmp_path / "other"
    other.mkdir()
    with BackgroundServer(backend()) as server:
        command = [sys.executable, "-m", "mockserver", "record", str(document), str(directory), "--port", "0"]
        with subprocess.Popen(
            [*command, "--upstream", server.url],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "TMPDIR": str(other)},
        ) as run:  # fmt: skip
            assert run.stdout is not None
            try:
                match = next(found for line in run.stdout if (found := re.fullmatch(r"Recording on (\S+)\n", line)))
                play(match[1])
                directory.rmdir()
                directory.write_text("in the way")
                run.send_signal(signal.SIGINT)
                output = run.stdout.read()
            finally:
                run.kill()
    (written,) = other.iterdir()
    assert f"{directory} is a file; the recording is written to {written} instead" in output
    assert sorted(path.name for path in written.iterdir()) == ["fixtures", "scenarios", "schemas"]


def test_where_a_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    files = {"schemas/a.yaml": "a", "schemas/b/c.yaml": "b", f"fixtures/{'c' * 300}": "d"}
    with pytest.raises(OSError, match="too long"):
        write(tmp_path, files)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_created_is_refused_before_anything_is_recorded(document: Path) -> None:
    arguments = ["record", str(document), str(document / "new"), "--port", "0", "--upstream", "http://[::1]:1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert f"mockserver: cannot write {document / 'new'}: " in result.output
    assert "Recording on" not in result.output


def test_an_upstream_that_is_no_address_is_a_usage_error(document: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["record", str(document), str(tmp_path / "new"), "--upstream", "localhost:8000"])
    assert result.exit_code == 2
    assert "needs the scheme http:// or https://" in result.output


def test_at_a_public_address_the_control_api_requires_the_printed_token(document: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mockserver", "record", str(document), str(tmp_path / "new"), "--upstream"]
    with subprocess.Popen(
        [*command, "http://127.0.0.1:9", "--host", "0.0.0.0", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        try:
            output = ""
            while "Recording on" not in output and (line := run.stdout.readline()):
                output += line
            (port,) = re.findall(r"Recording on http://0\.0\.0\.0:(\d+)\n", output)
            (token,) = re.findall(r"the control API requires the header X-Mock-Token: (\S+)\n", output)
            url = f"http://127.0.0.1:{port}/__mock/state"
            headers = {"X-Mock-Token": token}
            assert requests.get(url, timeout=SECONDS).json()["code"] == "token-required"
            assert requests.get(url, headers=headers, timeout=SECONDS).status_code == 200
        finally:
            run.kill()
