"""The pytest plugin, in test suites that are run by a pytest of their own."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from mockserver import BackgroundServer, Client, create_app
from mockserver.pytest_plugin import NAME_LIMIT, sandbox_name
from tests.conftest import MakeContract
from tests.kits.test_client import free_address

ROOT = Path(__file__).parent.parent.parent
SECONDS = 120
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|RERUN|SKIPPED) \S*?::(\S+)", re.MULTILINE)
PLUGINS = {
    "xdist": "xdist.plugin",
    "httpserver": "pytest_httpserver.pytest_plugin",
    "rerunfailures": "pytest_rerunfailures",
}


class Finished(NamedTuple):
    """What a run of pytest printed, and the outcomes of its tests, sorted."""

    output: str
    outcomes: list[tuple[str, str]]


RunSuite = Callable[..., Finished]


@pytest.fixture
def run_suite(tmp_path: Path, server: BackgroundServer) -> RunSuite:
    """Runs pytest on a file of tests, with this plugin and those that are named, against one server.

    With other plugins or `own_process` it runs in a process of its own, otherwise in this one, which is faster.
    """

    def run(
        text: str,
        *arguments: str,
        plugins: tuple[str, ...] = (),
        url: str | None = server.url,
        own_process: bool = False,
        **files: str,
    ) -> Finished:
        for name, content in {"test_it.py": text, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("import pytest\n" + textwrap.dedent(content) if path.suffix == ".py" else content)
        # Only these plugins, whatever is installed, and in whichever way this one is.
        names = ["mockserver.pytest_plugin", *(PLUGINS[plugin] for plugin in plugins)]
        words = ["-rAR", "--color=no", "-p", "no:cacheprovider", "--strict-markers"]
        words += [word for name in names for word in ("-p", name)]
        words += [f"--mock-url={url}"] if url is not None else []
        is_apart = bool(plugins) or own_process
        output = (run_apart if is_apart else run_here)([*words, *arguments], tmp_path)
        return Finished(output, sorted({(name, outcome) for outcome, name in OUTCOME.findall(output)}))

    return run


def run_apart(arguments: list[str], folder: Path) -> str:
    """What a process of pytest prints."""
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    return process.stdout + process.stderr


# They collect garbage or change what is common to a process.
NOT_HERE = [
    word for name in ("unraisableexception", "threadexception", "faulthandler") for word in ("-p", f"no:{name}")
]


def run_here(arguments: list[str], folder: Path) -> str:
    """What pytest prints in this process, which afterwards is as it was."""
    output, modules = io.StringIO(), set(sys.modules)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
        patch.chdir(folder)
        patch.setattr(sys, "path", sys.path.copy())
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.setenv("PYTEST_CURRENT_TEST", os.environ["PYTEST_CURRENT_TEST"])
        pytest.main([*NOT_HERE, *arguments])
    for name in set(sys.modules) - modules:
        # A folder without `__init__.py` is a module without a file.
        module = sys.modules[name]
        places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        if any(str(place).startswith(str(folder)) for place in places):
            del sys.modules[name]
    return output.getvalue()


# Sandboxes.


def test_each_test_has_a_sandbox_of_its_own(run_suite: RunSuite) -> None:
    suite = """
        def test_a(mock):
            assert mock.session.post(f"{mock.url}/admin/jobs/job-7/retry").json()["status"] == "queued"
            assert mock.state()["revision"] == 1

        @pytest.mark.parametrize("key", ["job-7", "job/7"])
        def test_b(mock, key):
            assert mock.state()["revision"] == 0
    """
    assert run_suite(suite).outcomes == [
        ("test_a", "PASSED"), ("test_b[job-7]", "PASSED"), ("test_b[job/7]", "PASSED"),
    ]  # fmt: skip


def test_a_sandbox_is_deleted_when_its_test_ends(run_suite: RunSuite, server: BackgroundServer) -> None:
    run_suite(
        "def test_leaves_nothing_behind(mock): mock.state()\ndef test_nor_if_it_fails_behind(mock): mock.advance(1)"
    )
    assert [box["name"] for box in Client(server.url).sandboxes() if "behind" in box["name"]] == []


def test_equal_names_in_two_modules_have_two_sandboxes(run_suite: RunSuite) -> None:
    test = "def test_same(mock): print(f'sandbox={mock.sandbox}.')"
    names = re.findall(
        "sandbox=(.*)[.]", run_suite(test, "--import-mode=importlib", **{"other/test_it.py": test}).output
    )
    assert len(set(names)) == 2


def test_two_sessions_have_different_sandboxes(run_suite: RunSuite) -> None:
    test = "import random\nrandom.seed(1)\ndef test_same(mock): print(f'sandbox={mock.sandbox}.')"
    names = [re.findall("sandbox=(.*)[.]", run_suite(test, own_process=True).output)[0] for _ in range(2)]
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("node_id", "name", "start"),
    [
        ("tests/test_a.py::test_b", "test_b", "tests-test_a.py-test_b-"),
        ("tests/test_a.py::TestC::test_b[a b/c]", "test_b[a b/c]", "tests-test_a.py-TestC-test_b-a-b-c-"),
        ("test_a.py::test_b[\N{GRINNING FACE}]", "test_b[\N{GRINNING FACE}]", "test_a.py-test_b-"),
        ("test_a.py::test_\u00e9t\u00e9", "test_\u00e9t\u00e9", "test_a.py-test_-t-"),
        ("d/" * 90 + "test_a.py::test_b", "test_b", "d-d-d-d-d-d-d-d-d-d-d-d-d-d-d-test_a.py-test_b-"),
        ("t.py::test_b[" + "/[\N{GRINNING FACE}x" * 40 + "]", "test_b[" + "/[\N{GRINNING FACE}x" * 40 + "]", "test_b-x-x-x"),
        ("test_a.py::test_b[\ud800]", "test_b[\ud800]", "test_a.py-test_b-"),
        ("\N{GRINNING FACE}", "\N{GRINNING FACE}", ""),
    ],
)  # fmt: skip
def test_a_name_is_valid_and_recognizable(node_id: str, name: str, start: str) -> None:
    sandbox = sandbox_name(node_id, name)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", sandbox)
    assert sandbox.startswith(start)


def test_long_names_that_differ_at_the_end_only_are_two() -> None:
    long = "test_" + "x" * 200
    assert len({sandbox_name(f"test_a.py::{name}", name) for name in (f"{long}1", f"{long}2")}) == 2
    assert len(sandbox_name(f"test_a.py::{long}", long)) == NAME_LIMIT


# The marker.


def test_the_marker_selects_a_scenario(run_suite: RunSuite) -> None:
    suite = """
        @pytest.mark.mock(scenario="empty")
        class TestIt:
            def test_of_the_class(self, mock):
                assert mock.session.get(f"{mock.url}/admin/jobs").json()["total"] == 0

            @pytest.mark.mock(scenario="large-queue")
            def test_closer(self, mock):
                assert mock.session.get(f"{mock.url}/admin/jobs").json()["total"] == 5000

            @pytest.mark.mock(verdict=False)
            def test_another_argument(self, mock):
                assert mock.session.get(f"{mock.url}/admin/job").status_code == 404
                assert mock.session.get(f"{mock.url}/admin/jobs").json()["total"] == 0
    """
    assert [outcome for _, outcome in run_suite(suite).outcomes] == ["PASSED"] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('scenario="empt"', 'There is no scenario "empt" (body /name). Did you mean "empty"?'),
        ("scenari=1", "@pytest.mark.mock has no argument scenari; its arguments are scenario=, verdict=, allow=."),
        ('"empty"', "@pytest.mark.mock has no argument 'empty'; its arguments are scenario=, verdict=, allow=."),
    ],
)
def test_a_wrong_marker_is_an_error_in_one_sentence(run_suite: RunSuite, arguments: str, message: str) -> None:
    run = run_suite(f"@pytest.mark.mock({arguments})\ndef test_a(mock): pass")
    assert run.outcomes == [("test_a", "ERROR")]
    assert message in run.output
    assert re.search("Traceback|another exception", run.output) is None


def test_a_refused_request_fails_its_test_unless_its_code_is_allowed(run_suite: RunSuite) -> None:
    suite = """
        def send(mock):
            assert mock.session.get(f"{mock.url}/admin/jobs?limit=0").status_code == 422

        def test_not_allowed(mock):
            send(mock)

        @pytest.mark.mock(allow=["invalid-request"])
        def test_allowed(mock):
            send(mock)

        @pytest.mark.mock(allow=["not-acceptable"])
        def test_another_is_allowed(mock):
            send(mock)
    """
    finished = run_suite(suite)
    assert finished.outcomes == [
        ("test_allowed", "PASSED"), ("test_another_is_allowed", "FAILED"), ("test_not_allowed", "FAILED"),
    ]  # fmt: skip
    assert 'To allow refused requests: @pytest.mark.mock(allow=["CODE"]).' in finished.output


def test_allowed_codes_come_from_the_marker(run_suite: RunSuite) -> None:
    suite = """
        import mockserver

        @pytest.fixture(autouse=True)
        def judge(monkeypatch):
            monkeypatch.setattr(mockserver.Client, "verdict", lambda self, allow: print(f"allow={allow}"))

        @pytest.mark.mock(allow=["invalid-request", "body-too-large"])
        def test_a(mock): pass

        @pytest.mark.mock(allow="not-acceptable")
        def test_b(mock): pass

        def test_c(mock): pass
    """
    assert sorted(re.findall("allow=(.*)", run_suite(suite).output)) == [
        "('invalid-request', 'body-too-large')", "('not-acceptable',)", "()",
    ]  # fmt: skip


# The verdict.


def test_a_test_that_passed_fails_by_its_verdict(run_suite: RunSuite) -> None:
    suite = """
        def test_a(mock):
            mock.session.get(f"{mock.url}/admin/job")
    """
    run = run_suite(suite)
    assert run.outcomes == [("test_a", "FAILED")]
    assert "\nThe verdict failed: 1 request matched no operation.\n" in run.output
    assert "  #1 GET /admin/job -> 404 unknown-path\n    closest: listJobs (GET /admin/jobs): segment 2" in run.output
    assert "To omit the verdict: @pytest.mark.mock(verdict=False)." in run.output
    assert re.search("Traceback|another exception", run.output) is None


def test_a_failed_call_shows_the_line_of_the_test_alone(run_suite: RunSuite) -> None:
    suite = """
        def test_a(mock):
            mock.verify({"operation": "getJob", "times": 2})
        def test_b(mock):
            mock.scenario("emtpy")
    """
    output = run_suite(suite).output
    assert '>       mock.verify({"operation": "getJob", "times": 2})' in output
    assert '>       mock.scenario("emtpy")' in output
    assert re.findall(r"mockserver/client/\w+\.py", output) == []


def test_a_verdict_holds_however_a_test_comes_by_the_client(run_suite: RunSuite) -> None:
    suite = """
        import unittest

        @pytest.fixture
        def api(mock):
            return lambda: mock.session.get(f"{mock.url}/admin/job")

        def test_by_another_fixture(api):
            api()

        def test_at_run_time(request):
            request.getfixturevalue("api")()

        class TestCase(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, api):
                self.api = api

            def test_in_a_class_of_unittest(self):
                self.api()

        @pytest.mark.xfail(strict=True)
        def test_that_should_fail(api):
            api()

        def test_that_is_skipped(api):
            api()
            pytest.skip()
    """
    assert run_suite(suite).outcomes == [
        ("TestCase::test_in_a_class_of_unittest", "FAILED"), ("test_at_run_time", "FAILED"),
        ("test_by_another_fixture", "FAILED"), ("test_that_should_fail", "XFAIL"),
    ]  # fmt: skip


def test_a_test_that_failed_is_not_judged(run_suite: RunSuite) -> None:
    run = run_suite('def test_a(mock):\n    mock.session.get(f"{mock.url}/admin/job")\n    assert 1 == 2')
    assert "assert 1 == 2" in run.output
    assert "The verdict failed" not in run.output


def test_another_fixture_named_mock_is_left_alone(run_suite: RunSuite) -> None:
    suite = """
        @pytest.fixture
        def mock():
            return "mine"

        def test_a(mock):
            assert mock == "mine"
    """
    assert run_suite(suite).outcomes == [("test_a", "PASSED")]


# Failed tests.


@pytest.mark.parametrize(
    ("suite", "outcome"),
    [
        ("def test_a(mock):\n    use(mock)\n    assert False", "FAILED"),
        ("@pytest.fixture\ndef broken(mock):\n    use(mock)\n    assert False\ndef test_a(broken): pass", "ERROR"),
    ],
)
def test_the_report_of_a_failed_test_has_its_requests(run_suite: RunSuite, suite: str, outcome: str) -> None:
    use = 'def use(mock):\n    mock.session.post(f"{mock.url}/admin/jobs/job-3/cancel")\n'
    run = run_suite(use + suite)
    assert run.outcomes == [("test_a", outcome)]
    assert " mock requests -" in run.output
    assert (
        "#1 POST /admin/jobs/job-3/cancel -> 409 transition-not-allowed cancelJob\n  cancel is not allowed"
        in run.output
    )


def test_a_test_that_passed_reports_no_requests(run_suite: RunSuite) -> None:
    run = run_suite('def test_a(mock):\n    mock.session.get(f"{mock.url}/admin/jobs")')
    assert "mock requests" not in run.output


def test_the_recording_of_a_failed_test_is_a_scenario_that_can_be_served(run_suite: RunSuite, tmp_path: Path) -> None:
    suite = """
        def test_a(mock, monkeypatch, tmp_path):
            mock.session.post(f"{mock.url}/admin/jobs/job-7/retry")
            mock.advance("5s")
            monkeypatch.chdir(tmp_path)
            assert mock.state()["fingerprint"] == 0

        def test_b(mock):
            pass
    """
    run = run_suite(suite, "--mock-artifacts", "some/folder")
    (recording,) = (tmp_path / "some" / "folder").iterdir()
    assert recording.name.startswith("test_it.py-test_a-")
    assert f"To reproduce the state: mockserver serve --scenario {recording}" in run.output
    state = create_app(scenario=str(recording)).test_client().get("/__mock/state").json
    assert f"'{state['fingerprint']}' == 0" in run.output


def test_a_folder_that_cannot_be_written_is_named_and_stops_nothing(run_suite: RunSuite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = run_suite("def test_a(mock): assert False", "--mock-artifacts", "file")
    assert run.outcomes == [("test_a", "FAILED")]
    assert re.search(r"(Not a directory|File exists): '.*file", run.output)


# The server.


def test_a_server_that_is_not_there_is_an_error_in_one_sentence(run_suite: RunSuite) -> None:
    address = free_address()
    run = run_suite("def test_a(mock): pass\ndef test_b(mock): pass", url=address)
    assert run.outcomes == [("test_a", "ERROR"), ("test_b", "ERROR")]
    sentence = f"No server can be reached at {address} (Connection refused): is `mockserver serve` running there?"
    assert run.output.count(f"\n{sentence}\n") == 2
    assert re.search("Traceback|another exception", run.output) is None


def test_an_address_that_is_none_is_an_error_in_one_sentence(run_suite: RunSuite) -> None:
    run = run_suite("def test_a(mock): pass", url="localhost:4080")
    assert "\n'localhost:4080' is not the address of a server; write it like http://localhost:4080\n" in run.output


def test_a_server_of_the_settings_is_used(run_suite: RunSuite, server: BackgroundServer) -> None:
    suite = f'def test_a(mock_server): assert mock_server.url == "{server.url}"'
    settings = f"[pytest]\nmock_url = {server.url}/\n"
    assert run_suite(suite, url=None, **{"pytest.ini": settings}).outcomes == [("test_a", "PASSED")]


def test_without_an_address_a_server_of_the_built_in_contract_is_started(run_suite: RunSuite) -> None:
    suite = """
        def test_a(mock):
            assert mock.session.get(f"{mock.url}/admin/jobs").json()["total"] == 36

        def test_b(mock, mock_server):
            assert mock.session.get(f"{mock_server.url}/tutor/courses").status_code == 200
    """
    run = run_suite(suite, "-W", "error", url=None, own_process=True)
    assert run.outcomes == [("test_a", "PASSED"), ("test_b", "PASSED")]


def test_the_contract_of_the_settings_is_served(run_suite: RunSuite, make_contract: MakeContract) -> None:
    suite = 'def test_a(mock): assert len(mock.session.get(f"{mock.url}/jobs").json()) == 4'
    assert make_contract().name == "contract"
    settings = "[pytest]\nmock_contract = contract\n"
    run = run_suite(suite, "--rootdir=/", url=None, **{"pytest.ini": settings})
    assert run.outcomes == [("test_a", "PASSED")]


def test_an_openapi_file_has_state_if_the_settings_say_so(run_suite: RunSuite) -> None:
    suite = """
        def test_a(mock):
            book = mock.session.post(f"{mock.url}/books", json={"title": "Emma", "author": "Austen"}).json()
            assert mock.session.get(f"{mock.url}/books/{book['id']}").json() == book
    """
    document = (Path(__file__).parent.parent.parent / "docs" / "coming-from.md").read_text()
    (books,) = re.findall(r"```yaml\n(openapi.*?)```", document, re.DOTALL)
    settings = "[pytest]\nmock_contract = books.yaml\nmock_stateful = true\n"
    run = run_suite(suite, "--rootdir=/", url=None, **{"pytest.ini": settings, "books.yaml": books})
    assert run.outcomes == [("test_a", "PASSED")]


def test_a_contract_that_is_not_valid_is_an_error_with_its_problems(run_suite: RunSuite, tmp_path: Path) -> None:
    settings = "[pytest]\nmock_contract = my contract.yaml\n"
    run = run_suite("def test_a(mock): pass", url=None, **{"pytest.ini": settings, "my contract.yaml": "openapi: [3"})
    assert f"\nThe contract {tmp_path / 'my contract.yaml'} (ini option mock_contract) is not valid:\n" in run.output
    assert re.search("Traceback|another exception", run.output) is None


def test_a_contract_that_is_not_there_is_an_error(run_suite: RunSuite, tmp_path: Path) -> None:
    run = run_suite("def test_a(mock): pass", url=None, **{"pytest.ini": "[pytest]\nmock_contract = nowhere\n"})
    assert run.outcomes == [("test_a", "ERROR")]
    assert f"The contract {tmp_path / 'nowhere'} (ini option mock_contract) is not valid:\n" in run.output


# Other plugins.


def test_nothing_is_imported_until_a_fixture_is_used(run_suite: RunSuite) -> None:
    suite = """
        import sys

        def test_a():
            loaded = {name for name in sys.modules if name.split(".")[0] in ("requests", "flask", "mockserver")}
            assert loaded == {"mockserver", "mockserver.version", "mockserver.pytest_plugin"}
    """
    assert run_suite(suite, own_process=True).outcomes == [("test_a", "PASSED")]


def test_each_worker_of_xdist_starts_a_server(run_suite: RunSuite) -> None:
    suite = """
        @pytest.mark.parametrize("number", range(4))
        def test_a(mock, number):
            print(f"server={mock.url.partition('/__mock')[0]}.")
            mock.session.post(f"{mock.url}/admin/jobs/job-7/retry")
            assert mock.state()["revision"] == 1

        def test_b(mock):
            mock.session.get(f"{mock.url}/admin/job")
    """
    run = run_suite(suite, "-n", "2", plugins=("xdist",), url=None)
    assert [outcome for _, outcome in run.outcomes] == ["PASSED"] * 4 + ["FAILED"]
    assert len(set(re.findall("server=(.*)[.]", run.output))) == 2
    assert " mock requests -" in run.output


@pytest.mark.full
def test_workers_of_xdist_share_the_server_of_the_address(run_suite: RunSuite) -> None:
    suite = """
        @pytest.mark.parametrize("number", range(4))
        def test_a(mock, number):
            mock.session.post(f"{mock.url}/admin/jobs/job-7/retry")
            assert mock.state()["revision"] == 1
    """
    assert [outcome for _, outcome in run_suite(suite, "-n", "2", "--dist", "each", plugins=("xdist",)).outcomes] == [
        "PASSED"
    ] * 4


def test_a_test_that_is_run_again_begins_anew(run_suite: RunSuite) -> None:
    pytest.importorskip("pytest_rerunfailures")
    suite = """
        attempts = []

        def test_a(mock):
            attempts.append(1)
            assert mock.state()["revision"] == 0
            mock.session.post(f"{mock.url}/admin/jobs/job-7/retry")
            assert len(attempts) == 2
            assert [entry["number"] for entry in mock.requests()] == [1]
    """
    run = run_suite(suite, "--reruns", "1", plugins=("rerunfailures",))
    assert run.outcomes == [("test_a", "PASSED"), ("test_a", "RERUN")]


def test_pytest_httpserver_works_beside_it(run_suite: RunSuite) -> None:
    pytest.importorskip("pytest_httpserver")
    suite = """
        def test_a(mock, httpserver):
            httpserver.expect_request("/").respond_with_json({"a": 1})
            assert mock.session.get(httpserver.url_for("/")).json() == {"a": 1}
            assert mock.session.get(f"{mock.url}/admin/jobs/job-1").status_code == 200
    """
    assert run_suite(suite, plugins=("httpserver",)).outcomes == [("test_a", "PASSED")]


def test_the_options_are_in_the_help(run_suite: RunSuite) -> None:
    output = run_suite("", "--help").output
    assert [
        name
        for name in ("--mock-url=URL", "--mock-artifacts=DIR", "mock_url (", "mock_contract (", "mock_stateful (")
        if name not in output
    ] == []


def test_the_marker_is_in_the_list(run_suite: RunSuite) -> None:
    assert "@pytest.mark.mock(scenario=None, verdict=True, allow=()): " in run_suite("", "--markers").output
