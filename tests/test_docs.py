"""The examples of the documentation run, and every flag, header, path and code is documented."""

from __future__ import annotations

import os
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
from mockserver.http.response.problems import STATUS
from mockserver.server.rejections import REJECTIONS
from tests.bench.report import BEGIN, END
from tests.cli.test_main import SECONDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text()
CONTROL_API = (ROOT / "docs" / "control-api.md").read_text()
DOCUMENTATION = "\n".join([README, *(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))])
COMMANDS = {name: main.get_command(click.Context(main), name) for name in main.list_commands(click.Context(main))}
CONSOLE = re.findall(r"```console\n(.*?)```", DOCUMENTATION, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)


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
def test_a_console_example_prints_what_the_documentation_shows(block: str) -> None:
    with BackgroundServer(create_app()) as server:
        for command, output in re.findall(r"\$ (curl .*)\n(.*)\n", block):
            assert curl(command, server.url) == output


@pytest.mark.parametrize("block", PYTHON)
def test_a_python_example_runs(block: str, tmp_path: Path) -> None:
    with BackgroundServer(create_app()) as server:
        path = tmp_path / "test_example.py"
        path.write_text(block.replace("http://localhost:4080", server.url))
        plugin = ["-p", "mockserver.pytest_plugin", "--mock-url", server.url]
        runner = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin] if "def test_" in block else []
        process = subprocess.run(
            [sys.executable, *runner, str(path)],
            cwd=tmp_path,
            # The plugin is named, since it may not be installed where the tests run.
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert process.returncode == 0, process.stdout + process.stderr


def test_every_option_is_documented() -> None:
    options = [
        name
        for command in COMMANDS.values()
        for option in (command.params if command is not None else ())
        if isinstance(option, click.Option)
        for name in option.opts + option.secondary_opts
    ]
    assert [name for name in options if f"`{name}" not in COMMAND_LINE] == []


def test_every_command_is_documented() -> None:
    assert [name for name in COMMANDS if f"mockserver {name}" not in COMMAND_LINE] == []


def test_the_readme_shows_the_lifecycle_as_the_command_prints_it() -> None:
    (block,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert CliRunner().invoke(main, ["diagram"]).stdout == block


def test_every_path_of_the_control_api_is_documented_with_its_methods() -> None:
    rows = re.findall(r"^\| (.*?) (/\S+)` \|", CONTROL_API, re.MULTILINE)
    documented = {(method, path) for methods, path in rows for method in re.findall("[A-Z]+", methods)}
    declared = {(operation.method, operation.path) for operation in load_control_api().operations.values()}
    assert declared - documented == {("GET", "/openapi.json")}
    assert documented - declared == set()


def test_every_header_of_the_server_is_documented() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "mockserver").rglob("*.py"))
    names = sorted(set(re.findall(r'"(X-Mock-[A-Z][A-Za-z-]+)"', sources)))
    assert "X-Mock-Scenario" in names
    assert [name for name in names if name not in DOCUMENTATION] == []


def test_every_code_is_documented_with_its_status() -> None:
    documented = dict(re.findall(r"^### `([a-z-]+)`\n\n\*\*(\d+)\.\*\* ", ERRORS, re.MULTILINE))
    statuses = {refusal.code: str(int(status)) for refusal, status in STATUS.items()}
    assert documented == statuses | {code: str(status) for code, (status, _, _) in REJECTIONS.items()}


def test_every_code_has_one_entry() -> None:
    documented = re.findall(r"^### `([a-z-]+)`$", ERRORS, re.MULTILINE)
    assert sorted(documented) == sorted({*refusals.by_code(), *REJECTIONS})


def test_every_link_in_the_documentation_leads_to_a_file_and_a_heading() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text())):
            if "://" in target:
                continue
            file = path.parent / target if target else path
            assert file.is_file(), f"{path.name}: {target}"
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE) if anchor else []
            slugs = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert not anchor or anchor in slugs, f"{path.name}: {target}#{anchor}"


def test_the_figures_of_the_readme_are_those_of_the_benchmark() -> None:
    benchmark = (ROOT / "docs" / "benchmark.md").read_text()
    shown = README.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    assert len(shown) > 5
    assert [line for line in shown if line not in benchmark.splitlines()] == []
