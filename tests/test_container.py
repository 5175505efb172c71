"""The Dockerfile, the Compose file and the GitHub Action, as far as they can be run without Docker and GitHub."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mockserver import BackgroundServer, create_app
from tests.cli.test_main import SECONDS

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def instruction(name: str) -> Any:
    """The arguments of the last instruction of that name, in its JSON form."""
    matches = re.findall(rf"^{name} (?:.*\\\n  CMD )?(\[.*\])$", DOCKERFILE, re.MULTILINE)
    return json.loads(matches[-1])


def test_the_image_is_built_from_files_that_exist_and_are_sent_to_docker() -> None:
    sources = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert sources == [".", "schemas", "fixtures", "scenarios"]
    assert set(sources[1:]) <= sent
    assert all((ROOT / name).exists() for name in sent)


def test_the_image_runs_as_a_user_without_privileges() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["mockserver"]


def test_the_command_of_the_image_serves_what_is_mounted_at_its_path(tmp_path: Path) -> None:
    for folder in ("schemas", "fixtures", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    arguments = [*instruction("ENTRYPOINT"), *instruction("CMD")]
    assert arguments == ["mockserver", "serve", "/contract"]
    command = [sys.executable, "-m", "mockserver", "serve", str(tmp_path), "--port", "0", "--no-watch"]
    environment = {**os.environ, "MOCKSERVER_HOST": "127.0.0.1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        url = next(line.split()[-1] for line in process.stdout or () if line.startswith("Listening on"))
        assert requests.get(f"{url}/admin/jobs", timeout=SECONDS).json()["total"] == 36
        process.send_signal(getattr(signal, re.findall(r"^STOPSIGNAL (.*)$", DOCKERFILE, re.MULTILINE)[0]))
        assert process.wait(SECONDS) == 0


def test_the_health_check_of_the_image_passes_only_while_it_serves() -> None:
    program, option, code = instruction("HEALTHCHECK")
    assert program == "python"
    assert option == "-c"
    command = [sys.executable, option, code]
    with BackgroundServer(create_app(), "127.0.0.1") as server:
        environment = {**os.environ, "MOCKSERVER_PORT": server.url.rpartition(":")[2]}
        assert subprocess.run(command, timeout=SECONDS, check=False, env=environment).returncode == 0
    done = subprocess.run(command, timeout=SECONDS, check=False, env=environment, stderr=subprocess.DEVNULL)
    assert done.returncode == 1


def test_compose_publishes_the_port_on_loopback_alone() -> None:
    (service,) = COMPOSE["services"].values()
    assert service["ports"] == ["127.0.0.1:4080:4080"]
    assert list(service["environment"]) == ["MOCKSERVER_TOKEN"]


class Runner:
    """Runs the steps of the action as GitHub does, with the installed command in place of a new environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, folder / "output"
        (folder / "mockserver" / "bin").mkdir(parents=True)
        program = folder / "mockserver" / "bin" / "mockserver"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mockserver "$@"\n')
        program.chmod(0o755)

    def run(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == name)
        values = {key: entry["default"] for key, entry in ACTION["inputs"].items()} | inputs
        expressions = {f"${{{{ inputs.{key} }}}}": value for key, value in values.items()}
        environment = {
            **os.environ,
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(self.output),
            **{key: expressions[value] for key, value in step["env"].items()},
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS * 2, env=environment, check=False, cwd=ROOT
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_action_annotates_the_errors_of_a_contract(runner: Runner, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/x: {get: {responses: 5}}}\n")
    done = runner.run("Check the contract", contract=str(broken), options="--strict-examples")
    assert "::" in done.stdout
    assert "file=" in done.stdout


@pytest.mark.full
def test_the_action_checks_the_built_in_example_without_a_contract(runner: Runner) -> None:
    done = runner.run("Check the contract")
    assert done.returncode == 0, done.stderr


def test_the_action_serves_for_the_steps_that_follow(runner: Runner) -> None:
    done = runner.run("Serve the mock API", port="0", options="--no-watch --no-pages")
    try:
        assert done.returncode == 0, done.stderr
        name, _, url = runner.output.read_text().strip().partition("=")
        assert name == "url"
        assert requests.get(f"{url}/admin/jobs", timeout=SECONDS).status_code == 200
    finally:
        os.kill(int((runner.folder / "mockserver.pid").read_text()), signal.SIGTERM)


def test_the_action_fails_with_the_log_where_the_server_does_not_start(runner: Runner) -> None:
    done = runner.run("Serve the mock API", port="0", contract="/no/such/contract")
    assert done.returncode == 1
    assert "/no/such/contract" in done.stderr


def test_the_action_names_its_output_after_the_step_that_sets_it() -> None:
    step = ACTION["outputs"]["url"]["value"].removeprefix("${{ steps.").removesuffix(".outputs.url }}")
    assert step in [entry.get("id") for entry in ACTION["runs"]["steps"]]
