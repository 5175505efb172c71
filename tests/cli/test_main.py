from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner, Result

from mockserver.cli.access import find_network_address
from mockserver.cli.check import check_command
from mockserver.cli.main import COMMANDS, RENAMED_OPTIONS, main
from mockserver.cli.serve import serve_command
from tests.attack.scale import some
from tests.conftest import SCENARIOS, MakeContract
from tests.documents.kennel import write

SECONDS = 20

# An OpenAPI document with two mistakes: a misspelled member and an unknown type.
DOCUMENT_WITH_MISTAKES = """\
openapi: 3.0.3
info: {title: Odd, version: '1'}
paths:
  /a:
    get:
      summry: x
      responses: {'200': {description: ok, content: {application/json: {schema: {type: strng}, example: 1}}}}
"""
DOCUMENT_WITH_A_BAD_EXAMPLE = """\
openapi: 3.1.0
info: {title: Example, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {description: ok, content: {application/json: {schema: {type: integer}, example: text}}}}
"""
RECORDING = "summary: x\nfixtures: tutoring\nclock: {start: '2026-01-15T09:00:00Z'}\n"


def run(*arguments: str) -> Result:
    """The result of a command: `exit_code`, `stdout` and `stderr`."""
    return CliRunner().invoke(main, list(arguments))


@contextmanager
def serving(
    *arguments: str, env: dict[str, str] | None = None, prefix: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """`mockserver serve` in another process: the process, its address, and the lines that it printed before that."""
    command = [*prefix, sys.executable, "-m", "mockserver", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                if match := re.fullmatch(r"Listening on (\S+)\n", line):
                    yield process, match[1], lines
                    break
                lines.append(line)
            else:
                pytest.fail("".join(lines))
        finally:
            process.terminate()
            process.wait(SECONDS)


def remaining_output(process: subprocess.Popen[str]) -> str:
    """Stop the process; what it printed since its address."""
    process.terminate()
    return process.stdout.read() if process.stdout else ""


def lines_until(process: subprocess.Popen[str], *beginnings: str) -> list[str]:
    """The next lines of a process, up to one for each of these beginnings; all where it ends before."""
    lines, expected = list[str](), iter(beginnings)
    beginning = next(expected)
    for line in process.stdout or ():
        lines.append(line)
        if line.startswith(beginning) and not (beginning := next(expected, "")):
            break
    return lines


def get(url: str, **options: Any) -> requests.Response:
    return requests.get(url, timeout=SECONDS, **options)


def poll(url: str, accept: Callable[[Any], bool]) -> Any:
    """The JSON body of a GET, as soon as it is accepted; the last one received, after SECONDS."""
    until = time.monotonic() + SECONDS
    while True:
        body = get(url).json()
        if accept(body) or time.monotonic() > until:
            return body
        time.sleep(0.02)


def replace_text(path: Path, before: str, after: str) -> None:
    """Edit a file as editors do: write another file beside it, then rename that."""
    new = path.with_suffix(".tmp")
    new.write_text(path.read_text().replace(before, after))
    new.rename(path)


@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGHUP, signal.SIGTERM], 2))
def test_serve_prints_what_it_serves_and_exits_with_0_on_a_signal(number: signal.Signals) -> None:
    with serving() as (process, url, lines), requests.Session() as session:
        first, *others = SCENARIOS
        assert lines == [
            "Tutoring ingestion API: 8 operations from the built-in contract\n",
            f"Scenarios: {first} (default), {', '.join(others)}\n",
        ]
        assert session.get(f"{url}/__mock/health", timeout=SECONDS).json()["status"] == "ok"
        ipv4 = url.replace("localhost", "127.0.0.1")
        assert session.get(f"{ipv4}/admin/jobs", timeout=SECONDS).json()["total"] == 36
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        assert remaining_output(process) == f"Console: {url}/__mock/\nPress Ctrl-C to stop.\n"


def test_without_pages_there_is_no_console_to_print() -> None:
    with serving("--no-pages") as (process, _, _):
        assert remaining_output(process) == "Press Ctrl-C to stop.\n"


def test_options_are_read_from_the_command_line_and_the_environment(make_contract: MakeContract) -> None:
    root = make_contract()
    env = {"MOCKSERVER_SCENARIO": "empty", "MOCKSERVER_ALLOW_HOST": "mock", "MOCKSERVER_TOKEN": "t"}
    with serving(str(root), "--no-pages", "--lenient", env=env) as (_, url, lines):
        assert lines == [f"Small: 9 operations from {root}\n", "Scenarios: empty (default), baseline\n"]
        assert get(f"{url}/jobs").json() == []
        assert get(f"{url}/__mock/", headers={"X-Mock-Token": "t"}).status_code == 404
        assert get(f"{url}/__mock/state").status_code == 401


@pytest.mark.parametrize("encoding", some(["cp1252", "ascii", "latin-1"], 1))
def test_a_title_that_standard_output_cannot_write_is_served_all_the_same(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(
        DOCUMENT_WITH_MISTAKES.replace("Odd", "Zoo 動物園 ☃").replace("summry", "sumáry☃"), encoding="utf-8"
    )
    with serving(str(file), env={**os.environ, "PYTHONIOENCODING": encoding}) as (_, url, lines):
        # Click takes ASCII for a mistake of the system, and writes UTF-8.
        assert ("Zoo ??? ?: 1 operation from" in "".join(lines)) == (encoding != "ascii")
        assert get(f"{url}/a").status_code == 200


@pytest.mark.parametrize("command", [("check",), ("scenarios",), ("diagram",), ("check", "--format", "json")])
def test_a_command_prints_what_the_encoding_has(make_contract: MakeContract, command: tuple[str, ...]) -> None:
    root = make_contract(lambda files: files["schemas/openapi.yaml"]["info"].update(title="動物園"))
    replace_text(root / "scenarios" / "empty.yaml", "Nothing", "動物園")
    result = CliRunner(charset="latin-1").invoke(main, [*command, str(root)])
    assert result.exit_code == 0
    assert result.exception is None


@pytest.mark.parametrize(("arguments", "env"), [(("--body-limit", "1KB"), {}), ((), {"MOCKSERVER_BODY_LIMIT": "1KB"})])
def test_a_body_beyond_the_limit_is_413(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    with serving(*arguments, env=env) as (_, url, _):
        statuses = [
            requests.post(f"{url}/admin/jobs/job-7/retry", data="{}".rjust(size), timeout=SECONDS).status_code
            for size in (1_000, 1_001)
        ]
    assert statuses == [200, 413]


def test_every_response_of_the_api_is_delayed() -> None:
    with serving("--delay", "80ms-120ms", "--no-watch") as (_, url, _):
        took = {}
        for path in ("/admin/jobs", "/admin/jobs", "/nowhere", "/__mock/clock"):
            begun = time.monotonic()
            get(f"{url}{path}")
            took[path] = time.monotonic() - begun
        override = {"operation": "getJob", "delay": "1ms"}
        assert requests.post(f"{url}/__mock/overrides", json=override, timeout=SECONDS).status_code == 201
        assert get(f"{url}/admin/jobs/job-1").status_code == 200
    assert took["/admin/jobs"] >= 0.08
    assert took["/nowhere"] >= 0.08


@pytest.mark.parametrize("value", ["0", "soon", "2s-1s", "1s-", "-1s"])
def test_a_delay_that_is_none_is_an_error(value: str) -> None:
    result = run("serve", f"--delay={value}")
    assert result.exit_code == 2
    assert "Invalid value for '--delay'" in result.output


def test_on_a_public_address_the_control_api_requires_a_printed_token() -> None:
    with serving("--host", "0.0.0.0") as (process, url, lines):
        token = lines[0].split()[-1]
        local = url.replace("0.0.0.0", "127.0.0.1")
        assert get(f"{local}/__mock/state").json()["code"] == "token-required"
        assert get(f"{local}/__mock/state", headers={"X-Mock-Token": token}).status_code == 200
        console = remaining_output(process).splitlines()[0].split()[-1]
        assert console == f"{url.replace('0.0.0.0', 'localhost')}/__mock/?__token={token}"


def test_the_printed_console_address_opens_the_console() -> None:
    with serving("--host", "0.0.0.0") as (process, url, _), requests.Session() as browser:
        assert process.stdout is not None
        console = process.stdout.readline().split()[-1].replace("localhost", "127.0.0.1")
        page = browser.get(console, headers={"Accept": "text/html"}, timeout=SECONDS)
        assert page.status_code == 200
        assert page.url == f"{url.replace('0.0.0.0', '127.0.0.1')}/__mock/"


@pytest.mark.skipif(find_network_address() is None, reason="this machine is in no network")
def test_on_every_address_the_one_in_the_network_is_printed() -> None:
    with serving("--host", "0.0.0.0", "--token", "secret") as (process, url, _):
        address = lines_until(process, "In the network: ")[-1].split()[-1]
        assert address == url.replace("0.0.0.0", find_network_address() or "")
        assert get(f"{address}/__mock/health").status_code == 200


@pytest.mark.parametrize("token", ["", " "])
def test_an_empty_token_is_an_error(token: str) -> None:
    result = run("serve", "--host", "0.0.0.0", "--token", token)
    assert result.exit_code == 2
    assert "Invalid value for '--token': it is empty" in result.output


def test_a_token_that_the_user_chose_is_not_printed() -> None:
    with serving("--host", "0.0.0.0", "--token", "chosen") as (process, _, lines):
        output = "".join(lines) + remaining_output(process)
    assert "chosen" not in output
    assert "/__mock/?__token=TOKEN\n" in output


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"mockserver: Port {port} of localhost is in use by another program; --port 0 picks a free one.\n"  # fmt: skip


def test_an_unknown_scenario_is_reported_with_the_nearest_name() -> None:
    result = run("serve", "--scenario", "emty", "--port", "0")
    assert result.exit_code == 1
    assert result.stderr == 'mockserver: There is no scenario "emty". Did you mean "empty"?\n'


def test_check_prints_what_it_validated() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "scenario large-queue: 3 courses, 200 sessions, 5000 jobs" in result.stdout
    last_line = r"Tutoring ingestion API: 8 operations, [0-9,]+ responses validated. No errors found.\n$"
    assert re.search(last_line, result.stdout)


def test_check_prints_every_error_and_exits_with_1(make_contract: MakeContract) -> None:
    root = make_contract(**{"fixtures/small/jobs.json": '[{"id": 1}]', "scenarios/empty.yaml": "fixture: x"})
    result = run("check", str(root))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "fixtures/small/jobs.json:1 /0/id: 1 is not of type string\n" in result.stderr
    assert 'scenarios/empty.yaml:1: "fixture" is not declared here. Did you mean "fixtures"?\n' in result.stderr
    assert result.stderr.endswith("errors in the contract\n")


def test_check_finds_a_scenario_whose_records_cannot_be_generated(make_contract: MakeContract) -> None:
    root = make_contract(lambda files: files["schemas/job.json"]["properties"]["note"].update(pattern="^a$", minLength=2), **{"scenarios/many.yaml": "generate: {owners: {count: 1}, jobs: {count: 2}}"})  # fmt: skip
    result = run("check", str(root))
    assert result.exit_code == 1
    assert result.stderr.startswith("scenarios/many.yaml:1: no record of jobs can be generated: ")


def test_check_prints_json(make_contract: MakeContract) -> None:
    result = run("check", "--format", "json", str(make_contract()))
    proof = json.loads(result.stdout)
    assert result.exit_code == 0
    assert proof["contract"] == "Small"
    assert proof["holds"] is True
    assert proof["findings"] == []
    assert [scenario["name"] for scenario in proof["scenarios"]] == ["baseline", "empty"]


def test_check_prints_json_for_a_contract_that_cannot_be_loaded(make_contract: MakeContract) -> None:
    result = run("check", "--format", "json", str(make_contract(**{"fixtures/small/jobs.json": '[{"id": 1}]'})))
    proof = json.loads(result.stdout)
    assert result.exit_code == 1
    assert proof["contract"] is None
    assert proof["holds"] is False
    finding = {name: proof["findings"][-1][name] for name in ("level", "file", "pointer", "line")}
    assert finding == {"level": "error", "file": "fixtures/small/jobs.json", "pointer": "/0/id", "line": 1}


def test_check_annotates_lines_with_paths_relative_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "odd.yaml").write_text(DOCUMENT_WITH_MISTAKES)
    monkeypatch.chdir(tmp_path)
    result = run("check", "api/odd.yaml", "--format", "github")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "::warning file=api/odd.yaml,line=6,title=unknown::/paths/~1a/get/summry: \"summry\" is not a member of an operation. Did you mean \"summary\"?",
        "::warning file=api/odd.yaml,line=7,title=schema::/paths/~1a/get/responses/200/content/application~1json/schema/type: is not a valid JSON Schema: \"strng\" is not a valid type. Did you mean \"string\"?",
    ]  # fmt: skip
    result = run("check", "api/odd.yaml", "--format", "sarif")
    assert result.exit_code == 0
    results = json.loads(result.stdout)["runs"][0]["results"]
    assert [finding["ruleId"] for finding in results] == ["unknown", "schema"]


def test_check_annotates_an_error_of_a_document_that_cannot_be_served(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("swagger: '1.2'")
    result = run("check", str(tmp_path / "odd.yaml"), "--format", "github")
    assert result.exit_code == 1
    assert ",line=1,title=openapi-version::/swagger: is a Swagger 1.2" in result.stdout


def test_serve_prints_the_number_of_warnings(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(DOCUMENT_WITH_MISTAKES)
    with serving(str(path)) as (_, url, lines):
        assert lines[0] == f"mockserver: 2 warnings; run `mockserver check {path}` for details\n"
        assert get(f"{url}/a").json() == 1


@pytest.mark.parametrize("option", some([(), ("--repair-examples",), ("--mend-examples",)], 2))
def test_serve_repairs_examples_and_prints_how_many(tmp_path: Path, option: tuple[str, ...]) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(DOCUMENT_WITH_A_BAD_EXAMPLE)
    with serving(str(path), *option) as (_, url, lines):
        problem = "1 example does not match its schema and is repaired when served"
        assert lines[0] == f"mockserver: {problem}; run `mockserver check {path}` for details\n"
        assert isinstance(get(f"{url}/a").json(), int)


def test_strict_examples_makes_a_bad_example_an_error(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DOCUMENT_WITH_A_BAD_EXAMPLE)
    result = run("check", "--strict-examples", str(tmp_path / "api.yaml"))
    assert result.exit_code == 1
    assert result.stderr.endswith("mockserver: 1 error in the contract\n")


@pytest.mark.parametrize("path", ["nowhere", "README.md"])
def test_a_path_that_is_not_a_contract_is_an_error_that_says_what_is(path: str) -> None:
    result = run("check", path)
    assert result.exit_code == 1
    assert "pass a directory with schemas/, fixtures/ and scenarios/" in result.stderr


def test_scenarios_lists_them_with_an_asterisk_at_the_default() -> None:
    result = run("scenarios")
    assert result.exit_code == 0
    assert [line[2:].split()[0] for line in result.stdout.splitlines()] == SCENARIOS
    assert [line.split()[1] for line in result.stdout.splitlines() if line.startswith("*")] == ["baseline"]


def test_init_creates_a_contract_without_errors(tmp_path: Path) -> None:
    target = tmp_path / "new" / "mock"
    result = run("init", str(target))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Next: mockserver serve {target}"
    assert run("check", str(target)).exit_code == 0


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    result = run("init", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr == f"mockserver: {tmp_path} already has schemas, fixtures, scenarios; nothing was written\n"


def test_init_creates_the_directory_of_a_document(tmp_path: Path) -> None:
    document, target = write(tmp_path), tmp_path / "mock"
    result = run("init", "--from", str(document), str(target))
    assert result.exit_code == 0
    assert result.stdout.endswith(f"Created {target}/scenarios/empty.yaml\nNext: mockserver serve {target}\n")
    result = run("check", str(target))
    assert result.exit_code == 0
    unused = '/paths/~1pets/get/parameters/4: listPets does nothing with its query parameter "fields"'
    assert result.stderr == f"schemas/openapi.json:1 {unused} (warning)\n"
    assert "scenario baseline: 3 owners, 6 pets, 3 staff, 6 visits" in result.stdout


def test_init_writes_nothing_for_a_document_that_does_not_exist(tmp_path: Path) -> None:
    result = run("init", "--from", str(tmp_path / "none.yaml"), str(tmp_path / "mock"))
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    assert not (tmp_path / "mock").exists()


def test_init_warns_of_errors_that_the_created_directory_has(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(DOCUMENT_WITH_MISTAKES)
    target = tmp_path / "mock"
    result = run("init", "--from", str(tmp_path / "odd.yaml"), str(target))
    assert result.exit_code == 0
    warning = f"fix 1 error before serving the directory; run `mockserver check {target}` for details"
    assert result.stderr == f"mockserver: {warning}\n"
    assert run("check", str(target)).exit_code == 1


def test_init_does_not_warn_where_the_directory_has_only_warnings(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(DOCUMENT_WITH_MISTAKES.replace("strng", "integer"))
    result = run("init", "--from", str(tmp_path / "odd.yaml"), str(tmp_path / "mock"))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert run("check", str(tmp_path / "mock")).exit_code == 0


@pytest.mark.parametrize("name", ["override", "resources", "scenario"])
def test_schema_prints_a_json_schema(name: str) -> None:
    result = run("schema", name)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["type"] == "object"


def test_serve_prints_the_collections_that_have_state(tmp_path: Path) -> None:
    with serving(str(write(tmp_path)), "--stateful") as (_, url, lines):
        assert "  pets: /pets, key id, owned by owners; read, list, create, delete; 6 records\n" in lines
        created = requests.post(f"{url}/owners", json={"name": "Ada"}, timeout=SECONDS).json()
        assert get(f"{url}/owners/{created['id']}").json() == created


def test_serve_names_the_command_that_writes_what_was_inferred(tmp_path: Path) -> None:
    path = write(tmp_path)
    with serving(str(path), "--stateful") as (_, _, lines):
        assert f"To edit all of this as files: mockserver init --from {path} DIRECTORY\n" in lines


def test_check_counts_the_records_of_collections_that_have_state(tmp_path: Path) -> None:
    result = run("check", "--stateful", str(write(tmp_path)))
    assert result.exit_code == 0
    assert "scenario baseline: 3 owners" in result.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help(command: str) -> None:
    result = run(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: main")
    assert result.stdout == run(*filter(None, [command]), "-h").stdout


def test_the_version_is_printed() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("mockserver 0.")


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [(["serve", "--prot", "1"], "--port"), (["srve"], "serve"), (["check", "--format", "jsn"], "json")],
)
def test_a_wrong_argument_exits_with_2_and_suggests_the_right_one(arguments: list[str], suggestion: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"'{suggestion}'" in result.stderr


def test_former_option_names_work_and_are_not_shown() -> None:
    options = {name for command in (serve_command, check_command) for option in command.params for name in
               (*option.opts, *option.secondary_opts) if isinstance(option, click.Option)}  # fmt: skip
    assert {f"--{name}" for name in RENAMED_OPTIONS.values()} <= options
    assert {f"--{name}" for name in RENAMED_OPTIONS} & options == set()


def test_a_recording_that_no_longer_reproduces_its_state_is_served_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "bug.yaml"
    path.write_text(f"{RECORDING}recorded: {{from: baseline, fingerprint: {'f' * 64}}}\n")
    with serving("--scenario", str(path)) as (_, url, lines):
        assert "no longer reproduces the recorded state" in lines[0]
        assert get(f"{url}/admin/jobs").headers["X-Mock-Scenario"] == "bug"


def test_a_scenario_file_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    result = run("serve", "--scenario", str(tmp_path / "none.yaml"))
    assert result.exit_code == 1
    assert "none.yaml: cannot be read: No such file" in result.stderr


def test_a_scenario_file_with_a_command_that_is_rejected_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bug.yaml"
    path.write_text(f"{RECORDING}commands:\n- {{at: '2026-01-15T09:00:00Z', use_override: none}}\n")
    result = run("serve", "--scenario", str(path))
    assert result.exit_code == 1
    assert "bug.yaml:5 /commands/0" in result.stderr


def test_an_edited_file_is_reloaded_and_state_is_kept(make_contract: MakeContract) -> None:
    root = make_contract()
    with serving(str(root)) as (process, url, _):
        assert requests.post(f"{url}/jobs/a/cancel", timeout=SECONDS).status_code == 200
        replace_text(root / "fixtures" / "small" / "jobs.json", '"id": "c"', '"note": "edited", "id": "c"')
        assert poll(f"{url}/jobs/c", lambda job: "note" in job)["note"] == "edited"
        assert get(f"{url}/jobs/a").json()["status"] == "cancelled"
        assert "Reloaded fixtures/small/jobs.json\n" in lines_until(process, "Reloaded")


def test_an_edit_with_errors_leaves_the_previous_version_in_service(make_contract: MakeContract) -> None:
    root = make_contract()
    file = root / "fixtures" / "small" / "jobs.json"
    with serving(str(root)) as (process, url, _):
        replace_text(file, '"done"', '"dnoe"')
        health = poll(f"{url}/__mock/health", lambda health: "problems" in health)
        assert [problem["pointer"] for problem in health["problems"]] == ["/2/event_type", "/2/status"]
        assert get(f"{url}/jobs/c").json()["status"] == "done"
        replace_text(file, '"dnoe"', '"done"')
        assert "problems" not in poll(f"{url}/__mock/health", lambda health: "problems" not in health)
        output = remaining_output(process)
    files = "fixtures/small/events.json, fixtures/small/jobs.json"
    assert f"mockserver: 2 errors in {files}; still serving the previous version\n" in output


def test_an_openapi_file_and_a_scenario_file_are_reloaded_too(tmp_path: Path) -> None:
    document, scenario = tmp_path / "api.yaml", tmp_path / "own.yaml"
    document.write_text(
        "openapi: 3.1.0\ninfo: {title: One, version: '1'}\npaths:\n  /a:\n    get:\n"
        "      responses: {'200': {description: x, content: {application/json: {example: 1}}}}\n"
    )
    scenario.write_text("summary: before\n")
    with serving(str(document), "--scenario", str(scenario)) as (_, url, _):
        replace_text(document, "example: 1", "example: 2")
        assert poll(f"{url}/a", lambda body: body == 2) == 2
        replace_text(scenario, "before", "after")
        listed = poll(f"{url}/__mock/scenarios", lambda body: "after" in json.dumps(body))
        assert {"name": "own", "summary": "after"} in listed["scenarios"]


def test_no_watch_does_not_reload(make_contract: MakeContract) -> None:
    root = make_contract()
    with serving(str(root), "--no-watch") as (process, url, _):
        replace_text(root / "fixtures" / "small" / "jobs.json", '"done"', '"dnoe"')
        assert get(f"{url}/jobs/c").json()["status"] == "done"
        assert "errors" not in remaining_output(process)


def test_diagram_prints_each_lifecycle(make_contract: MakeContract) -> None:
    result = run("diagram", str(make_contract()))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == ["stateDiagram-v2", "    %% jobs", "    [*] --> queued"]


def test_diagram_says_so_where_there_is_no_lifecycle(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "Bare", "version": "1"}, "paths": {}}))
    result = run("diagram", str(path))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == "Bare declares no lifecycle.\n"
