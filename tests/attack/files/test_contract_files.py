"""Files that a contract directory should not have, while it is served: each is a problem with a path and a reason."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client, TestResponse

from mockserver import ContractError, create_app, load_contract
from mockserver.contract.server_settings import with_default_scenario
from mockserver.documents import source
from mockserver.web.reload import ReloadingApp
from tests.attack.scale import some
from tests.cli.test_main import SECONDS, poll, remaining_output, serving

Spoil = Callable[[Path], object]


@pytest.fixture
def client(reloading: ReloadingApp) -> Client:
    return Client(reloading, TestResponse)


def bind_socket(path: Path) -> None:
    # A socket's address is short, so it is bound in the working directory of a moment.
    former = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(former)


def refer(target: str) -> Spoil:
    return lambda root: (root / "schemas" / "more.json").write_text(f'{{"$ref": "{target}"}}')


def replace_document_by_fifo(root: Path) -> None:
    (root / "schemas/openapi.yaml").unlink()
    os.mkfifo(root / "schemas/openapi.yaml")


def write_bytes(folder: str, name: bytes) -> Spoil:
    return lambda root: Path(os.fsdecode(os.fsencode(root / folder) + b"/" + name)).write_bytes(b"{}")


def make_file_too_large(root: Path) -> None:
    with (root / "schemas" / "large.json").open("wb") as file:
        file.truncate(source.FILE_LIMIT + 1)


NOT_REGULAR = "cannot be read: it is not a regular file"
NOT_UTF_8 = "has a name that is not UTF-8; rename it"
SPOILED: dict[str, tuple[Spoil, list[tuple[str, str, str]]]] = {
    "a FIFO": (lambda root: os.mkfifo(root / "schemas/x.yaml"), [("schemas/x.yaml", "unreadable", NOT_REGULAR)]),
    "a FIFO as the document": (
        replace_document_by_fifo,
        [("schemas/openapi.yaml", "no-contract", "does not exist; a contract directory needs it")],
    ),
    "a FIFO as a scenario": (
        lambda root: os.mkfifo(root / "scenarios/x.yaml"),
        [("scenarios/x.yaml", "unreadable", NOT_REGULAR)],
    ),
    "a FIFO as a fixture": (
        lambda root: os.mkfifo(root / "fixtures/small/x.json"),
        [("fixtures/small/x.json", "unreadable", NOT_REGULAR)],
    ),
    "a socket": (lambda root: bind_socket(root / "schemas/x.yaml"), [("schemas/x.yaml", "unreadable", NOT_REGULAR)]),
    "a directory": (lambda root: (root / "schemas/x.yaml").mkdir(), [("schemas/x.yaml", "unreadable", NOT_REGULAR)]),
    "a device": (
        lambda root: (root / "schemas/x.yaml").symlink_to("/dev/zero"),
        [("schemas/x.yaml", "outside", "resolves to a path outside the contract directory")],
    ),
    "a link that leads nowhere": (
        lambda root: (root / "schemas/x.yaml").symlink_to("nowhere"),
        [("schemas/x.yaml", "unreadable", "cannot be read: No such file or directory")],
    ),
    "a link that leads to itself": (
        lambda root: (root / "schemas/x.yaml").symlink_to("x.yaml"),
        [("schemas/x.yaml", "unreadable", "cannot be read: its symbolic links form a loop")],
    ),
    "a link out of the directory": (
        lambda root: (root / "schemas/x.yaml").symlink_to("/etc/hostname"),
        [("schemas/x.yaml", "outside", "resolves to a path outside the contract directory")],
    ),
    "a name that is not UTF-8": (
        write_bytes("schemas", b"x\xff.json"),
        [("schemas/x\\xff.json", "file-name", NOT_UTF_8)],
    ),
    "a scenario's name that is not UTF-8": (
        write_bytes("scenarios", b"\xc3\x28.yaml"),
        [("scenarios/\\xc3(.yaml", "file-name", NOT_UTF_8)],
    ),
    "a fixture's name that is not UTF-8": (
        write_bytes("fixtures/small", b"\xff.json"),
        [("fixtures/small/\\xff.json", "file-name", NOT_UTF_8)],
    ),
    "a misplaced file's name that is not UTF-8": (
        write_bytes("fixtures", b"\xff.json"),
        [
            (
                "fixtures/\\xff.json",
                "misplaced",
                "must be in a folder of fixtures/, such as fixtures/NAME/\\xff.json",
            ),
        ],
    ),
    "content that is not UTF-8": (
        lambda root: (root / "schemas/x.json").write_bytes(b'"\xff"'),
        [("schemas/x.json", "malformed", "byte 1 is not UTF-8")],
    ),
    "a sparse file of more than 256 MiB": (
        make_file_too_large,
        [("schemas/large.json", "too-large", "is larger than 256 MiB")],
    ),
    "a reference of 5,000 characters": (
        refer("x" * 5_000),
        [("schemas/more.json", "dangling", "points to a file that cannot be read: File name too long")],
    ),
    "a reference with a null character": (
        refer("a%00b.json"),
        [("schemas/more.json", "dangling", 'points nowhere: there is no file "schemas/a\\u0000b.json".')],
    ),
    "a reference to a directory": (
        refer("../fixtures"),
        [("schemas/more.json", "dangling", 'points nowhere: there is no file "fixtures".')],
    ),
}


@pytest.mark.parametrize(("spoil", "expected"), SPOILED.values(), ids=SPOILED)
def test_a_file_that_cannot_be_read_is_a_problem_with_a_path_and_a_reason(
    root: Path, reloading: ReloadingApp, spoil: Spoil, expected: list[tuple[str, str, str]]
) -> None:
    spoil(root)
    problems = reloading.reload()
    assert [(problem.file, problem.code) for problem in problems] == [(file, code) for file, code, _ in expected]
    assert [
        reason for problem, (*_, reason) in zip(problems, expected, strict=True) if reason not in problem.message
    ] == []
    assert max(len(str(problem)) for problem in problems) < 400


@pytest.mark.parametrize("name", some(SPOILED, 5))
def test_the_last_good_contract_stays_in_service_until_the_cause_is_gone(
    root: Path, reloading: ReloadingApp, client: Client, name: str
) -> None:
    shutil.copytree(root, root.with_name("kept"))
    SPOILED[name][0](root)
    problems = reloading.reload()
    assert client.get("/__mock/health").json["problems"] == [problem.as_dict() for problem in problems]
    assert client.get("/jobs/a").status_code == 200
    shutil.rmtree(root)
    root.with_name("kept").rename(root)
    assert reloading.reload() == []
    assert list(client.get("/__mock/health").json or ()) == ["status", "version"]


@pytest.mark.parametrize("name", some(SPOILED, 5))
def test_loading_a_contract_with_such_a_file_raises_its_problems(root: Path, name: str) -> None:
    SPOILED[name][0](root)
    with pytest.raises(ContractError):
        load_contract(root)


def test_a_scenario_file_that_is_a_fifo_is_a_problem(root: Path) -> None:
    os.mkfifo(root / "own.yaml")
    with pytest.raises(ContractError, match=r"own\.yaml: cannot be read: it is not a regular file"):
        with_default_scenario(load_contract(root), str(root / "own.yaml"))


def test_a_path_that_is_too_long_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read: File name too long"):
        load_contract(tmp_path / ("x" * 5_000))


def test_too_many_open_files_are_a_problem_while_they_last(reloading: ReloadingApp) -> None:
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, former[1]))
    try:
        problems = reloading.reload()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, former)
    assert {(problem.code, problem.message) for problem in problems} == {
        ("unreadable", "cannot be read: Too many open files")
    }
    assert reloading.reload() == []


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RuntimeError("odd"), "cannot be loaded: RuntimeError: odd"),
        (OSError(5, "Input/output error", "/a/b"), "/a/b: cannot be read: Input/output error"),
        (MemoryError(), "cannot be loaded: MemoryError"),
        (RecursionError("maximum"), "cannot be loaded: RecursionError: maximum"),
        (ValueError("\x1b[2J"), "cannot be loaded: ValueError: \\x1b[2J"),
    ],
)
def test_any_exception_while_loading_is_a_problem(root: Path, error: Exception, problem: str) -> None:
    def fail() -> None:
        raise error

    reloading = ReloadingApp(create_app(root).extensions["mockserver"], fail)  # type: ignore[arg-type]
    assert problem in str(reloading.reload()[0])
    assert Client(reloading, TestResponse).get("/__mock/health").status_code == 200


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_a_problem_until_it_has_it(root: Path, reloading: ReloadingApp) -> None:
    (root / "schemas" / "job.json").chmod(0)
    assert "cannot be read: Permission denied" in str(reloading.reload()[0])
    (root / "schemas" / "job.json").chmod(0o600)
    assert reloading.reload() == []


def test_a_served_directory_that_is_removed_and_created_again_is_reloaded(root: Path) -> None:
    stored = root.with_name("kept")
    shutil.copytree(root, stored)
    (stored / "fixtures/small/jobs.json").write_text(
        (stored / "fixtures/small/jobs.json").read_text().replace('"id": "c"', '"note": "edited", "id": "c"')
    )
    with serving(str(root)) as (process, url, _):
        shutil.rmtree(root)
        health = poll(f"{url}/__mock/health", lambda health: "problems" in health)
        assert [problem["code"] for problem in health["problems"]] == ["no-contract"]
        assert requests.get(f"{url}/jobs/a", timeout=SECONDS).status_code == 200
        shutil.copytree(stored, root)
        assert "problems" not in poll(f"{url}/__mock/health", lambda health: "problems" not in health)
        assert poll(f"{url}/jobs/c", lambda job: "note" in job)["note"] == "edited"
        os.mkfifo(root / "schemas" / "x\x1b.yaml")
        poll(f"{url}/__mock/health", lambda health: "problems" in health)
        (root / "schemas" / "x\x1b.yaml").unlink()
        poll(f"{url}/__mock/health", lambda health: "problems" not in health)
        output = remaining_output(process)
    assert "schemas/x\\x1b.yaml: cannot be read: it is not a regular file\n" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", some([["scenarios"], ["check"], ["check", "none"], ["init", "new"], ["serve", "none"]], 2))  # fmt: skip
def test_a_command_has_no_traceback_where_the_working_directory_was_removed(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "mockserver", *arguments]
    script = 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"'
    result = subprocess.run(["/bin/sh", "-c", script, "-", *command], capture_output=True, text=True, check=False)
    assert (result.returncode, "Traceback" in result.stderr) == (int(arguments[-1] in ("none", "new")), False)
