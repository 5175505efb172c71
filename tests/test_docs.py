"""The README's examples run, and every flag, header, path and code is documented."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner

from mockserver import BackgroundServer, create_app, refusals
from mockserver.cli.main import main
from mockserver.control.document import load_control_api
from mockserver.http.response import cors
from mockserver.http.response.problems import STATUS
from mockserver.server.protocol import REFUSALS
from tests.bench.report import BEGIN, END
from tests.cli.test_main import SECONDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def curl(command: str, url: str) -> str:
    """What the curl command would print, with the documented address replaced."""
    words = iter(shlex.split(command)[1:])
    method, headers, target, data = "GET", {}, "", None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            data = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        else:
            target = word.replace("http://localhost:4080", url)
    return requests.request(method, target, headers=headers, data=data, timeout=SECONDS).text


@pytest.mark.parametrize("block", [block for block in CONSOLE if "curl" in block])
def test_a_console_example_prints_what_the_readme_says(block: str) -> None:
    with BackgroundServer(create_app()) as server:
        for example in re.findall(r"\$ (curl .*)\n(.*)\n", block):
            assert curl(example[0], server.url) == example[1]


@pytest.mark.parametrize("block", PYTHON)
def test_a_python_example_runs(block: str, tmp_path: Path) -> None:
    with BackgroundServer(create_app()) as server:
        path = tmp_path / "test_example.py"
        path.write_text(block.replace("http://localhost:4080", server.url))
        runner = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block else []
        command = [sys.executable, *runner, str(path)]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_flag_of_serve_is_in_the_readme() -> None:
    serve = main.commands["serve"]
    flags = [
        flag
        for option in serve.params
        if isinstance(option, click.Option)
        for flag in option.opts + option.secondary_opts
    ]
    assert [flag for flag in flags if f"`{flag}" not in README] == []


def test_every_command_is_in_the_readme() -> None:
    assert [name for name in main.commands if f"`{name}`" not in README and f"mockserver {name}" not in README] == []


def test_the_readme_shows_the_lifecycle_as_the_command_draws_it() -> None:
    (block,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert CliRunner().invoke(main, ["diagram"]).stdout == block


def test_every_control_path_is_in_the_readme() -> None:
    paths = {operation.path for operation in load_control_api().operations.values()}
    assert [path for path in sorted(paths) if path not in README] == []


def test_every_header_of_ours_is_in_the_documentation() -> None:
    names = [name for name in cors.EXPOSED.split(", ") if name.startswith("X-Mock-")] + ["X-Mock-Token"]
    text = README + ERRORS + (ROOT / "docs" / "contract.md").read_text()
    assert [name for name in names if name not in text] == []


def test_every_code_is_documented_with_its_status() -> None:
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", ERRORS, re.MULTILINE))
    own = {kind.code: str(int(status)) for kind, status in STATUS.items()}
    assert documented == own | {code: str(status) for code, (status, _, _) in REFUSALS.items()}
    assert set(refusals.by_code()) == set(own) | {refusals.Injected.code}
    assert f"`{refusals.Injected.code}`" in ERRORS


def test_the_figures_of_the_readme_are_those_of_the_benchmark() -> None:
    benchmark = (ROOT / "docs" / "benchmark.md").read_text()
    shown = README.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    assert len(shown) > 5
    assert [line for line in shown if line not in benchmark.splitlines()] == []
