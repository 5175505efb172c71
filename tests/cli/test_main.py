from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from mockserver.cli.main import main
from tests.conftest import SCENARIOS, MakeContract
from tests.documents.kennel import write

SECONDS = 20


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    found = CliRunner().invoke(main, list(arguments))
    return found.exit_code, found.stdout, found.stderr


@contextmanager
def serving(
    *arguments: str, env: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """`mockserver serve` in a process of its own: the process, its address, and the lines before that one."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                if found := re.fullmatch(r"Listening on (\S+)\n", line):
                    yield process, found[1], lines
                    break
                lines.append(line)
            else:
                pytest.fail("".join(lines))
        finally:
            process.terminate()
            process.wait(SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_listens_and_ends_well_on_a_signal(number: signal.Signals) -> None:
    with serving() as (process, url, _), requests.Session() as session:
        assert session.get(f"{url}/__mock/health", timeout=SECONDS).json()["status"] == "ok"
        ipv4 = url.replace("localhost", "127.0.0.1")
        assert session.get(f"{ipv4}/admin/jobs", timeout=SECONDS).json()["total"] == 36
        process.send_signal(number)
        assert process.wait(SECONDS) == 0


def test_options_are_taken_from_the_command_line_and_the_environment(make_contract: MakeContract) -> None:
    root = make_contract()
    env = {"MOCKSERVER_SCENARIO": "empty", "MOCKSERVER_ALLOW_HOST": "mock", "MOCKSERVER_TOKEN": "t"}
    with serving(str(root), "--no-pages", "--lenient", env=env) as (_, url, lines):
        assert lines == ["Small: 9 operations, scenarios baseline, empty\n"]
        assert requests.get(f"{url}/jobs", timeout=SECONDS).json() == []
        assert requests.get(f"{url}/__mock/", timeout=SECONDS, headers={"X-Mock-Token": "t"}).status_code == 404
        assert requests.get(f"{url}/__mock/state", timeout=SECONDS).status_code == 401


def test_off_loopback_the_control_api_asks_for_a_token_that_is_printed() -> None:
    with serving("--host", "0.0.0.0") as (_, url, lines):
        token = lines[0].split()[-1]
        local = url.replace("0.0.0.0", "127.0.0.1")
        assert requests.get(f"{local}/__mock/state", timeout=SECONDS).json()["code"] == "token-required"
        answer = requests.get(f"{local}/__mock/state", headers={"X-Mock-Token": token}, timeout=SECONDS)
        assert answer.status_code == 200
        assert lines[1].split()[-1] == f"{url.replace('0.0.0.0', 'localhost')}/__mock/?__token={token}"
        with requests.Session() as browser:
            browser.headers["Accept"] = "text/html"
            page = browser.get(lines[1].split()[-1].replace("localhost", "127.0.0.1"), timeout=SECONDS)
            assert (page.status_code, page.url) == (200, f"{local}/__mock/")


def test_a_taken_port_is_one_sentence_and_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("serve", "--port", str(port)) == (
            1, "", f"mockserver: Port {port} of localhost is taken by another program; --port 0 picks a free one.\n",
        )  # fmt: skip


def test_an_unknown_scenario_is_refused_before_anything_is_served() -> None:
    code, _, error = run("serve", "--scenario", "emty", "--port", "0")
    assert (code, error) == (1, 'mockserver: There is no scenario "emty". Did you mean "empty"?\n')


def test_check_tells_what_is_there() -> None:
    code, output, error = run("check")
    assert (code, error) == (0, "")
    assert "scenario large-queue: 3 courses, 200 sessions, 5000 jobs" in output
    assert re.search(r"Tutoring ingestion API: 7 operations, [0-9,]+ answers judged. No mistakes found.\n$", output)


def test_check_tells_every_mistake_and_exits_1(make_contract: MakeContract) -> None:
    root = make_contract(**{"fixtures/small/jobs.json": '[{"id": 1}]', "scenarios/empty.yaml": "fixture: x"})
    code, output, error = run("check", str(root))
    assert (code, output) == (1, "")
    assert "fixtures/small/jobs.json:1 /0/id: 1 is not of type string\n" in error
    assert 'scenarios/empty.yaml:1: "fixture" is not declared here. Did you mean "fixtures"?\n' in error
    assert error.endswith("mistakes in the contract.\n")


def test_check_finds_a_scenario_that_cannot_be_generated(make_contract: MakeContract) -> None:
    root = make_contract(lambda files: files["schemas/job.json"]["properties"]["note"].update(pattern="^a$", minLength=2), **{"scenarios/many.yaml": "generate: {owners: {count: 1}, jobs: {count: 2}}"})  # fmt: skip
    code, _, error = run("check", str(root))
    assert (code, error.startswith("scenarios/many.yaml:1: No value can be generated for")) == (1, True)


def test_check_can_tell_it_as_json(make_contract: MakeContract) -> None:
    code, output, _ = run("check", "--format", "json")
    told = json.loads(output)
    assert (code, told["contract"], told["holds"], told["findings"]) == (0, "Tutoring ingestion API", True, [])
    assert [one["name"] for one in told["scenarios"]] == SCENARIOS
    code, output, _ = run(
        "check", "--format", "json", str(make_contract(**{"fixtures/small/jobs.json": '[{"id": 1}]'}))
    )
    told = json.loads(output)
    assert (code, told["contract"], told["holds"]) == (1, None, False)
    assert {"level": "error", "file": "fixtures/small/jobs.json", "pointer": "/0/id", "line": 1}.items() <= told["findings"][-1].items()  # fmt: skip


ODD = """\
openapi: 3.0.3
info: {title: Odd, version: '1'}
paths:
  /a:
    get:
      summry: x
      responses: {'200': {description: ok, content: {application/json: {schema: {type: strng}, example: 1}}}}
"""


def test_check_annotates_the_lines_of_a_file_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "odd.yaml").write_text(ODD)
    monkeypatch.chdir(tmp_path)
    code, output, _ = run("check", "api/odd.yaml", "--format", "github")
    assert (code, output.splitlines()) == (0, [
        "::warning file=api/odd.yaml,line=6,title=unknown::/paths/~1a/get/summry: \"summry\" is no member of an operation. Did you mean \"summary\"?",
        "::warning file=api/odd.yaml,line=7,title=schema::/paths/~1a/get/responses/200/content/application~1json/schema/type: is no JSON Schema: \"strng\" is no type. Did you mean \"string\"?",
    ])  # fmt: skip
    code, output, _ = run("check", "api/odd.yaml", "--format", "sarif")
    results = json.loads(output)["runs"][0]["results"]
    assert (code, [one["ruleId"] for one in results]) == (0, ["unknown", "schema"])
    (tmp_path / "api" / "odd.yaml").write_text("swagger: '2.0'")
    code, output, _ = run("check", "api/odd.yaml", "--format", "github")
    assert (code, output.startswith("::error file=api/odd.yaml,line=1,title=openapi-version::/swagger: is a Swagger 2.0")) == (1, True)  # fmt: skip


def test_serve_tells_how_many_warnings_there_are(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(ODD)
    with serving(str(tmp_path / "odd.yaml")) as (_, url, lines):
        assert "mockserver: 2 warnings; mockserver check" in "".join(lines)
        assert requests.get(f"{url}/a", timeout=SECONDS).json() == 1


@pytest.mark.parametrize("path", ["nowhere", "README.md"])
def test_what_is_no_contract_is_one_sentence(path: str) -> None:
    code, _, error = run("check", path)
    assert (code, "a contract is a directory with schemas/" in error) == (1, True)


def test_scenarios_are_listed_with_a_star_at_the_default() -> None:
    code, output, _ = run("scenarios")
    assert code == 0
    names = [line.split()[1] if line.startswith("*") else line.split()[0] for line in output.splitlines()]
    assert (names, output[:10]) == (SCENARIOS, "* baseline")


def test_init_writes_a_contract_that_checks_and_writes_over_nothing(tmp_path: Path) -> None:
    target = tmp_path / "new" / "mock"
    code, output, _ = run("init", str(target))
    assert (code, output.splitlines()[-1]) == (0, f"Now: mockserver serve {target}")
    assert run("check", str(target))[0] == 0
    code, _, error = run("init", str(target))
    assert (code, error) == (1, f"mockserver: {target} already has schemas, fixtures, scenarios; nothing was written\n")


@pytest.mark.parametrize("name", ["resources", "scenario"])
def test_schema_prints_a_json_schema(name: str) -> None:
    code, output, _ = run("schema", name)
    assert (code, json.loads(output)["type"]) == (0, "object")


def test_init_from_a_document_writes_what_serve_makes_of_it_and_over_nothing(tmp_path: Path) -> None:
    document, target = write(tmp_path), tmp_path / "mock"
    code, output, _ = run("init", "--from", str(document), str(target))
    assert (code, output.endswith(f"wrote {target}/scenarios/empty.yaml\nNow: mockserver serve {target}\n")) == (
        0,
        True,
    )
    code, output, error = run("check", str(target))
    assert (code, error) == (0, "")
    assert "scenario baseline: 3 owners, 6 pets, 3 staff, 6 visits" in output
    code, _, error = run("init", "--from", str(document), str(target))
    assert (code, error) == (
        1, f"mockserver: {target} already has schemas, fixtures, scenarios; nothing was written\n"
    )  # fmt: skip
    code, _, error = run("init", "--from", str(tmp_path / "none.yaml"), str(tmp_path / "other"))
    assert (code, "does not exist" in error, (tmp_path / "other").exists()) == (1, True, False)


def test_init_from_a_document_with_mistakes_says_what_comes_of_them(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(ODD)
    code, _, error = run("init", "--from", str(tmp_path / "odd.yaml"), str(tmp_path / "mock"))
    told = "mockserver: the document has 1 mistake that a directory is refused for: mockserver check"
    assert (code, error) == (0, f"{told} {tmp_path / 'mock'}\n")
    assert run("check", str(tmp_path / "mock"))[0] == 1
    (tmp_path / "odd.yaml").write_text(ODD.replace("strng", "integer"))
    assert run("init", "--from", str(tmp_path / "odd.yaml"), str(tmp_path / "well"))[::2] == (0, "")
    assert run("check", str(tmp_path / "well"))[0] == 0


def test_serve_tells_which_state_it_derived(tmp_path: Path) -> None:
    with serving(str(write(tmp_path)), "--stateful") as (_, url, lines):
        assert "  pets: /pets, key id, owned by owners; read, list, create, delete; 6 records\n" in lines
        made = requests.post(f"{url}/owners", json={"name": "Ada"}, timeout=SECONDS).json()
        assert requests.get(f"{url}/owners/{made['id']}", timeout=SECONDS).json() == made
    code, output, _ = run("check", "--stateful", str(tmp_path / "kennel.json"))
    assert (code, "scenario baseline: 3 owners" in output) == (0, True)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "-h"], ["check", "-h"], ["init", "-h"], ["--version"]])
def test_help_and_version_answer(arguments: list[str]) -> None:
    code, output, _ = run(*arguments)
    assert code == 0
    assert output.startswith(("Usage:", "mockserver 0."))


def test_a_wrong_option_is_exit_2() -> None:
    assert run("serve", "--prot", "1")[0] == 2


RECORDED = "summary: x\nfixtures: tutoring\nclock: {start: '2026-01-15T09:00:00Z'}\n"


def test_a_recording_that_leads_elsewhere_by_now_is_served_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "bug.yaml"
    path.write_text(f"{RECORDED}recorded: {{from: baseline, fingerprint: {'f' * 64}}}\n")
    with serving("--scenario", str(path)) as (_, url, lines):
        assert "leads to another state than was recorded" in lines[0]
        assert requests.get(f"{url}/admin/jobs", timeout=SECONDS).headers["X-Mock-Scenario"] == "bug"


def test_a_scenario_file_that_cannot_be_served_is_refused(tmp_path: Path) -> None:
    code, _, told = run("serve", "--scenario", str(tmp_path / "none.yaml"))
    assert (code, "none.yaml: cannot be read: No such file" in told) == (1, True)
    path = tmp_path / "bug.yaml"
    path.write_text(f"{RECORDED}commands:\n- {{at: '2026-01-15T09:00:00Z', use_override: none}}\n")
    code, _, told = run("serve", "--scenario", str(path))
    assert (code, "bug.yaml:5 /commands/0" in told) == (1, True)


def answers(url: str, path: str, accept: Callable[[Any], bool]) -> Any:
    """What a GET answers once that is accepted; what it answered last, after SECONDS."""
    until = time.monotonic() + SECONDS
    while True:
        found = requests.get(url + path, timeout=SECONDS).json()
        if accept(found) or time.monotonic() > until:
            return found
        time.sleep(0.02)


def replaced(path: Path, before: str, after: str) -> None:
    """Edit a file as editors do: write another beside it, and rename that."""
    beside = path.with_suffix(".tmp")
    beside.write_text(path.read_text().replace(before, after))
    beside.rename(path)


def test_edits_are_taken_up_while_serving_and_mistakes_are_told(make_contract: MakeContract) -> None:
    root = make_contract()
    file = root / "fixtures" / "small" / "jobs.json"
    with serving(str(root)) as (process, url, _):
        assert requests.post(f"{url}/jobs/a/cancel", timeout=SECONDS).status_code == 200
        replaced(file, '"done"', '"dnoe"')
        health = answers(url, "/__mock/health", lambda found: "problems" in found)
        assert [problem["pointer"] for problem in health["problems"]] == ["/2/event_type", "/2/status"]
        replaced(file, '"dnoe"', '"done"')
        answers(url, "/__mock/health", lambda found: "problems" not in found)
        file.write_text(file.read_text().replace('"id": "c"', '"note": "edited", "id": "c"'))
        assert answers(url, "/jobs/c", lambda found: "note" in found)["note"] == "edited"
        assert requests.get(f"{url}/jobs/a", timeout=SECONDS).json()["status"] == "cancelled"
        process.terminate()
        told = process.stdout.read() if process.stdout else ""
    assert "2 mistakes in fixtures/small/jobs.json; what was served before stays in service" in told
    assert "Reloaded fixtures/small/jobs.json" in told


def test_a_bare_document_and_a_scenario_file_are_watched_too(tmp_path: Path) -> None:
    document, scenario = tmp_path / "api.yaml", tmp_path / "own.yaml"
    document.write_text(
        "openapi: 3.1.0\ninfo: {title: One, version: '1'}\npaths:\n  /a:\n    get:\n"
        "      responses: {'200': {description: x, content: {application/json: {example: 1}}}}\n"
    )
    scenario.write_text("summary: before\n")
    with serving(str(document), "--scenario", str(scenario)) as (_, url, _):
        replaced(document, "example: 1", "example: 2")
        assert answers(url, "/a", lambda found: found == 2) == 2
        replaced(scenario, "before", "after")
        found = answers(url, "/__mock/scenarios", lambda found: "after" in json.dumps(found))
        assert {"name": "own", "summary": "after"} in found["scenarios"]


def test_watching_can_be_left_out(make_contract: MakeContract) -> None:
    root = make_contract()
    with serving(str(root), "--no-watch") as (process, url, _):
        replaced(root / "fixtures" / "small" / "jobs.json", '"done"', '"dnoe"')
        assert requests.get(f"{url}/jobs/c", timeout=SECONDS).json()["status"] == "done"
        process.terminate()
        assert "mistake" not in (process.stdout.read() if process.stdout else "")


def test_diagram_draws_each_lifecycle(make_contract: MakeContract) -> None:
    code, out, _ = run("diagram", str(make_contract()))
    assert (code, out.splitlines()[:3]) == (0, ["stateDiagram-v2", "    %% jobs", "    [*] --> queued"])


def test_diagram_says_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "Bare", "version": "1"}, "paths": {}}))
    assert run("diagram", str(path)) == (0, "", "Bare declares no lifecycle.\n")
