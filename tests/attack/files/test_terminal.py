"""No output on a terminal obeys what documents, file names and requests contain."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from mockserver.cli.main import main
from mockserver.cli.request_log import as_json, as_text
from mockserver.cli.terminal import LEFT_OUT, WAITING_LIMIT, OutputQueue, UnhurriedStream, print_line
from mockserver.client import report
from mockserver.http.request_log import RequestLine
from tests.attack.scale import combine, some
from tests.documents.kennel import write

ROOT = Path(__file__).parents[3]
NASTY = "\x1b[31mred\x1b]0;title\x07\r\x9b2J\u202etxt\u2066\u2028\x7f"
# Everything of it that a terminal obeys, or that shows text in another order.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": NASTY, "version": "1"},
    "paths": {
        f"/{NASTY}": {
            "get": {
                "operationId": NASTY,
                NASTY: 1,
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": [NASTY], "properties": {NASTY: {"enum": [1]}}},
                                "example": {NASTY: NASTY},
                            }
                        },
                    }
                },
            }
        }
    },
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "api\x1b[31m\u202e.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False).output


@pytest.mark.parametrize(
    ("options", "more"),
    combine(
        [[], ["--format", "json"], ["--format", "sarif"], ["--format", "github"]],
        [[], ["--strict-examples"], ["--stateful"]],
    ),
)
def test_no_format_of_check_writes_control_characters(document: Path, options: list[str], more: list[str]) -> None:
    output = run("check", document, *options, *more)
    assert "red" in output
    assert OBEYED.findall(output) == []


@pytest.mark.parametrize(
    ("content", "command"),
    combine(
        [f"openapi: '{NASTY}'", f"{NASTY}: [", '{"openapi": "3.1.0", "info": "\\u001b[31m", "paths": {"\\u001b": 5}}'],
        ["check", "scenarios", "diagram", "serve"],
    ),
)
def test_the_errors_of_a_document_are_escaped(tmp_path: Path, content: str, command: str) -> None:
    path = tmp_path / "api\x1b.yaml"
    path.write_text(content, encoding="utf-8")
    output = run(command, path)
    assert "mockserver: " in output
    assert OBEYED.findall(output) == []


@pytest.mark.parametrize("command", ["scenarios", "diagram"])
def test_listings_are_escaped(document: Path, command: str) -> None:
    assert OBEYED.findall(run(command, document)) == []


def test_names_of_scenarios_and_states_are_escaped(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "scenarios").mkdir(exist_ok=True)
    (tmp_path / "scenarios" / "a\x1b.yaml").write_text('summary: "red \\e[31m \\u202e"\n', encoding="utf-8")
    output = run("scenarios", tmp_path)
    assert OBEYED.findall(output) == []


def test_init_escapes_names_of_directories_and_documents(document: Path, tmp_path: Path) -> None:
    target = tmp_path / "new\x1b[2J"
    for _ in range(2):
        output = run("init", "--from", document, target)
        assert "new\\x1b[2J" in output
        assert OBEYED.findall(output) == []


def test_kit_escapes_the_name_of_its_directory(tmp_path: Path) -> None:
    output = run("kit", tmp_path / "kit\x1b[2J")
    assert "kit\\x1b[2J" in output
    assert OBEYED.findall(output) == []


LINE = RequestLine(0, NASTY, f"/{NASTY}", 404, 0.1, NASTY, NASTY, NASTY, NASTY, NASTY)


def test_the_line_of_a_request_is_escaped_as_text_and_as_json() -> None:
    assert OBEYED.findall(as_text(LINE)) == []
    assert OBEYED.findall(as_json(LINE)) == []


def test_the_colour_of_a_status_is_the_only_escape_sequence() -> None:
    assert re.sub(OBEYED, "", as_text(LINE, has_colours=True)).count("[33m404[0m") == 1
    assert as_text(LINE, has_colours=True).count("\x1b") == 2


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("a\nmockserver: forged\r\n")
    assert capsys.readouterr().out == "a\\nmockserver: forged\\r\\n\n"


@pytest.mark.parametrize("text", ["é", "日本", "a\\x1b", "😀", "100 %", "“quoted”"])
def test_what_can_be_shown_is_not_escaped(capsys: pytest.CaptureFixture[str], text: str) -> None:
    print_line(text)
    assert capsys.readouterr().out == f"{text}\n"


ENTRY = {
    "number": 1, "method": NASTY, "path": NASTY, "query": NASTY, "status": 404, "operation": NASTY, "note": NASTY,
    "violations": [{"location": NASTY, "pointer": NASTY, "message": NASTY, "name": NASTY}],
    "nearest": [{"operation": NASTY, "method": NASTY, "path": NASTY, "why": NASTY}], "code": NASTY,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        report.describe_requests([ENTRY]),
        report.describe_missing(NASTY, 1, 1.0, {"total": 0, "requests": [ENTRY]}),
        report.describe_verdict(
            {"detail": NASTY, "unmatched": [ENTRY], "refused": [ENTRY], "violations": [ENTRY],
             "unused_overrides": [{"id": NASTY, "operation": NASTY, "scenario": NASTY, "body": NASTY}]}
        ),
        report.describe_expectations(
            {"expectations": [{"satisfied": False, "expected": NASTY, "count": 0, "requests": [], "reason": NASTY,
                               "closest": [{**ENTRY, "differences": [{"part": NASTY, "actual": NASTY}]}]}]}
        ),
    ],
)  # fmt: skip
def test_the_reports_of_the_python_client_are_escaped(text: str) -> None:
    assert "red" in text
    assert OBEYED.findall(text) == []


def test_the_reports_of_the_javascript_kit_are_escaped() -> None:
    entry, problem = json.dumps(ENTRY), {"code": "verdict-failed", "detail": NASTY, "unmatched": [ENTRY]}
    script = (
        f"import({json.dumps((ROOT / 'mockserver/kit/reports.js').as_uri())}).then((reports) => console.log(JSON.stringify(["
        f"...reports.describeEntry({entry}), ...reports.describeProblem(409, {json.dumps(problem)}).split('\\n')])))"
    )
    lines = json.loads(subprocess.run(["node", "-e", script], capture_output=True, check=True, timeout=60).stdout)
    assert len(lines) > 3
    assert OBEYED.findall("".join(lines)) == []


def test_lines_that_nobody_reads_are_left_out_and_counted() -> None:
    reading, writing = os.pipe()
    line = "a" * 999 + "\n"
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as stream:
        queue = OutputQueue()
        output = UnhurriedStream(stream, queue)
        count = 2 * WAITING_LIMIT // len(line)
        for _ in range(count):
            output.write(line)
        read, left_out = 0, 0
        # The thread may write a notice while further lines are left out, and then one about these.
        while read + left_out < count:
            text = reader.readline().decode()
            number = re.match(r"mockserver: ([\d,]+) lines", text)
            if number is None:
                assert text == line
                read += 1
            else:
                lines = int(number[1].replace(",", ""))
                assert text == LEFT_OUT.format(lines)
                left_out += lines
        assert read + left_out == count
        assert left_out > 0
        output.write("last\n")
        assert reader.readline() == b"last\n"
        queue.drain()


@pytest.mark.parametrize("form", some(["text", "json"], 1))
def test_a_server_whose_output_nobody_reads_goes_on(form: str) -> None:
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--log", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        url = next(line.split()[-1] for line in process.stdout if line.startswith("Listening"))
        with requests.Session() as session:
            statuses = {session.get(f"{url}/admin/jobs?__a={'b' * 3_000}", timeout=60).status_code for _ in range(300)}
        process.terminate()
        process.wait(60)
    assert statuses == {200}
