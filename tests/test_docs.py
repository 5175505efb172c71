"""The examples of the documentation run, and every flag, header, path and code is documented."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner

from mockserver import BackgroundServer, create_app, refusals
from mockserver.cli.main import main
from mockserver.contract import formats
from mockserver.control.document import load_control_api
from mockserver.http.response.problems import STATUS
from mockserver.server.rejections import REJECTIONS
from mockserver.syntax import yaml_reader
from tests.bench.report import BEGIN, END
from tests.cli.test_main import SECONDS
from tests.conftest import require_program
from tests.push.reader import Reader
from tests.recorder.traffic import entry, write_har

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text()
CONTROL_API = (ROOT / "docs" / "control-api.md").read_text()
DOCUMENTATION = "\n".join([README, *(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))])
COMMANDS = {name: main.get_command(click.Context(main), name) for name in main.list_commands(click.Context(main))}
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
BLOCKS = [
    (page, *block) for page, text in PAGES.items() for block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)
]
# The languages of examples that other tests run, and those of other tools that have nothing to run.
TESTED_ELSEWHERE = {
    ("README.md", "mermaid"), ("README.md", "js"), ("testing-javascript.md", "js"), ("qa.md", "mermaid"),
    *(("coming-from.md", language) for language in ("yaml", "js", "http", "json", "java")),
    ("upstream.md", "yaml"), ("frontend.md", "nginx"),
    *(("handlers.md", language) for language in ("yaml", "json", "py")),
}  # fmt: skip
COMMAND = re.compile(r"^(?:\$ )?((?:mockserver|make|pip|npm|docker) .*?)\s*(?:# .*)?$", re.MULTILINE)
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


def test_contributors_are_led_to_files_that_exist() -> None:
    page = PAGES["contributing.md"]
    named = re.findall(r"`((?:mockserver|tests|docs|\.ci)/[\w./-]*)`", page)
    assert [name for name in named if not (ROOT / name).exists()] == []
    folders = {path.parent.name for path in (ROOT / "mockserver").glob("*/__init__.py")}
    assert folders - set(re.findall(r"`(\w+)`", page)) == set()


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


def test_the_lifecycle_is_shown_as_the_command_prints_it() -> None:
    (block,) = [text for _, language, text in BLOCKS if language == "mermaid"]
    assert CliRunner().invoke(main, ["diagram"]).stdout == block


def test_every_example_is_tested() -> None:
    here = {
        "console", "python", "sh", ("frontend.md", "js"), ("contract.md", "yaml"), ("contract.md", ""),
        ("control-api.md", "json"), ("containers.md", "yaml"), ("openapi.md", "yaml"), ("push.md", "yaml"), ("push.md", "text"),
    }  # fmt: skip
    languages = {(page, language) for page, language, _ in BLOCKS}
    assert {pair for pair in languages - TESTED_ELSEWHERE if not here & {pair, pair[1]}} == set()


def test_the_overlay_changes_the_responses(tmp_path: Path) -> None:
    (block,) = [text for page, language, text in BLOCKS if (page, language) == ("openapi.md", "yaml")]
    content = "content: {application/json: {schema: {type: array}}}"
    (tmp_path / "petstore.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths:\n"
        f"  /pets: {{get: {{responses: {{'200': {{description: ok, {content}}}}}}}}}\n"
        "  /admin: {get: {x-internal: true, responses: {'204': {description: ok}}}}\n"
    )
    (tmp_path / "overlay.yaml").write_text(block)
    client = create_app(tmp_path / "overlay.yaml").test_client()
    assert client.get("/pets").get_json() == [{"id": 1, "name": "Rex"}]
    assert client.get("/admin").status_code == 404


@pytest.mark.parametrize("block", [text for _, language, text in BLOCKS if language in ("console", "sh")])
def test_a_command_of_an_example_exists_and_has_its_options(block: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for command in COMMAND.findall(block):
        program, name, *arguments = shlex.split(command)
        if program == "make":
            assert name in targets
        elif program == "mockserver":
            (COMMANDS[name] or pytest.fail(name)).make_context(name, arguments, help_option_names=[])


def test_the_commands_for_an_own_api_work_one_after_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (block,) = [text for _, _, text in BLOCKS if "mockserver init --from petstore.yaml" in text]
    (document,) = [text for page, language, text in BLOCKS if (page, language) == ("coming-from.md", "yaml")]
    (tmp_path / "petstore.yaml").write_text(document)
    monkeypatch.chdir(tmp_path)
    for command in COMMAND.findall(block):
        program, name, *arguments = shlex.split(command)
        if program == "mockserver" and name != "serve":
            result = CliRunner().invoke(main, [name, *arguments])
            assert result.exit_code == 0, result.output
        elif program == "mockserver":
            assert create_app(Path(arguments[0]), stateful="--stateful" in arguments)


def test_the_commands_for_a_recorded_backend_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocks = [text for page, language, text in BLOCKS if (page, language) == ("recording.md", "console")]
    (document,) = [text for page, language, text in BLOCKS if (page, language) == ("coming-from.md", "yaml")]
    (tmp_path / "petstore.yaml").write_text(document)
    write_har(tmp_path, entry("/pets", []))
    monkeypatch.chdir(tmp_path)
    with BackgroundServer(create_app(tmp_path / "petstore.yaml", stateful=True)) as server:
        for command in COMMAND.findall("".join(blocks)):
            _, name, *arguments = shlex.split(re.sub(r"https?://\S+", server.url, command).replace("…", "t"))
            if name not in ("serve", "record"):
                result = CliRunner().invoke(main, [name, *arguments])
                assert result.exit_code == 0, result.output
    assert create_app(Path("my-pets")).extensions["mockserver"]


@pytest.mark.parametrize(
    "block", [text for page, language, text in BLOCKS if page in ("contract.md", "push.md") and language == "yaml"]
)
def test_an_example_of_a_contract_file_matches_its_schema(block: str) -> None:
    part = yaml_reader.parse(block.replace("fingerprint: …", f"fingerprint: {'a' * 64}"))
    name = "resources" if part.keys() <= {"resources", "operations", "channels", "upstream", "webhooks"} else "scenario"
    assert formats.violations(name, part) == []


def test_the_example_of_a_stream_is_what_is_sent() -> None:
    (block,) = [text for page, language, text in BLOCKS if (page, language) == ("push.md", "text")]
    with BackgroundServer(create_app()) as server, Reader(server.url, "/admin/jobs/stream") as reader:
        first = reader.block()
        requests.post(f"{server.url}/admin/jobs/job-7/retry", timeout=SECONDS)
        assert f"{first}\n\n{reader.block()}\n" == block


def test_the_examples_of_overrides_and_of_a_verification_hold() -> None:
    overrides, verification = [
        json.loads(text) for page, language, text in BLOCKS if (page, language) == ("control-api.md", "json")
    ]
    client = create_app().test_client()
    client.get("/admin/jobs")
    client.post("/admin/jobs/job-7/retry")
    assert client.post("/__mock/verify", json=verification).status_code == 200
    assert client.post("/__mock/overrides", json=overrides).status_code == 201
    assert [client.post("/admin/jobs/job-7/retry").status_code for _ in range(3)] == [503, 429, 200]


def test_the_examples_of_the_action_have_its_inputs() -> None:
    inputs = yaml_reader.parse((ROOT / "action.yml").read_text())["inputs"].keys()
    steps = [
        step for page, language, text in BLOCKS if (page, language) == ("containers.md", "yaml")
        for step in yaml_reader.parse(text) if "mockserver" in step.get("uses", "")
    ]  # fmt: skip
    assert len(steps) == 2
    for step in steps:
        assert step["with"].keys() <= inputs


def configuration(name: str, expression: str, tmp_path: Path) -> Any:
    """The value of a JavaScript expression over a configuration file of the documentation, called `config`."""
    node = require_program(shutil.which("node"), "Node.js is not installed; on Debian: apt-get install nodejs")
    (text,) = [text for _, language, text in BLOCKS if language == "js" and text.startswith(f"// {name}\n")]
    (tmp_path / "config.js").write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}' if "export default" in text else "{}")
    script = (
        f"import('./config.js').then(async ({{default: config}}) => console.log(JSON.stringify(await {expression})))"
    )
    process = subprocess.run([node, "-e", script], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    return json.loads(process.stdout)


@pytest.mark.parametrize(
    ("url", "is_proxied"),
    [
        ("/admin/jobs", True),
        ("/admin/jobs/job-7/retry", True),
        ("/tutor/courses", True),
        ("/tutor/courses?__scenario=empty", True),
        ("/tutor/courses/course-1/sessions?__scenario=empty", True),
        ("/__mock/", True),
        ("/admin/queue", False),
        ("/tutor", False),
        ("/tutor/courses-of-the-app", False),
    ],
)
def test_the_proxy_of_vite_has_the_paths_of_the_api_with_their_queries(
    url: str, is_proxied: bool, tmp_path: Path
) -> None:
    # Vite takes a key with ^ as a regular expression, and any other as the beginning of the URL.
    keys = configuration("vite.config.js", "Object.keys(config.server.proxy)", tmp_path)
    assert any(re.match(key, url) if key.startswith("^") else url.startswith(key) for key in keys) is is_proxied


def test_the_rewrites_of_next_lead_to_the_same_path_of_the_mock(tmp_path: Path) -> None:
    for rewrite in configuration("next.config.js", "config.rewrites()", tmp_path):
        assert rewrite["destination"] == f"http://127.0.0.1:4080{rewrite['source']}"


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
