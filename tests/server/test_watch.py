from __future__ import annotations

import errno
import os
import queue
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.server.watch import AGAIN_SECONDS, Watch

SECONDS = 20
Edit = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.json").write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    return tmp_path


@pytest.fixture
def watch(folder: Path) -> Watch:
    return Watch([folder / "in", folder / "later"], [folder / "b.yaml"], (".json", ".yaml"))


def replace_by_rename(path: Path, text: str) -> None:
    other = path.with_suffix(".tmp")
    other.write_text(text)
    other.replace(path)


def replace_by_link(folder: Path) -> None:
    """Turn a folder into a symbolic link to a copy of it."""
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    folder.symlink_to("copy")


EDITS: dict[str, tuple[Edit, list[str]]] = {
    "a file is written": (lambda root: (root / "in/deep/a.json").write_text("22"), ["in/deep/a.json"]),
    "a file of the same size takes its place": (
        lambda root: replace_by_rename(root / "in/deep/a.json", "2"),
        ["in/deep/a.json"],
    ),
    "its permissions change": (lambda root: (root / "in/deep/a.json").chmod(0o400), ["in/deep/a.json"]),
    "a file is removed": (lambda root: (root / "in/deep/a.json").unlink(), ["in/deep/a.json"]),
    "a folder is removed": (lambda root: shutil.rmtree(root / "in"), ["in/deep/a.json"]),
    "a folder is renamed": (lambda root: (root / "in").rename(root / "out"), ["in/deep/a.json"]),
    "a folder becomes a link": (lambda root: replace_by_link(root / "in"), ["in/deep/a.json"]),
    "a folder that was missing is created": (
        lambda root: shutil.copytree(root / "in", root / "later"),
        ["later/deep/a.json"],
    ),
    "a single file is written": (lambda root: (root / "b.yaml").write_text("22"), ["b.yaml"]),
    "a single file is removed": (lambda root: (root / "b.yaml").unlink(), ["b.yaml"]),
    "a file whose name is not UTF-8 is created": (
        lambda root: Path(os.fsdecode(os.fsencode(root) + b"/in/\xff.json")).write_text("1"),
        ["in/\udcff.json"],
    ),
    "a FIFO is created": (lambda root: os.mkfifo(root / "in" / "c.yaml"), ["in/c.yaml"]),
    "another kind of file is created": (lambda root: (root / "in" / "notes.txt").write_text("no"), []),
    "a file beside a single file is created": (lambda root: (root / "c.yaml").write_text("no"), []),
    "a link that leads nowhere is created": (
        lambda root: (root / "in" / "c.yaml").symlink_to("nowhere"),
        ["in/c.yaml"],
    ),
    "an editor marks that it has a file open": (lambda root: (root / "in" / ".#c.yaml").symlink_to("user@host"), []),
    "a link that leads to itself is created": (lambda root: (root / "in" / "loop").symlink_to("loop"), []),
    "a link that leads back is created": (lambda root: (root / "in" / "deep" / "back").symlink_to(".."), []),
    "nothing happens": (lambda _: None, []),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_is_found_where_a_watched_file_is_not_what_it_was(
    folder: Path, watch: Watch, edit: Edit, expected: list[str]
) -> None:
    edit(folder)
    assert watch.find_edits() == [folder / name for name in expected]


@pytest.mark.parametrize("edit", [edit for edit, expected in EDITS.values() if expected], ids=[k for k, v in EDITS.items() if v[1]])  # fmt: skip
def test_an_edit_is_found_once(folder: Path, watch: Watch, edit: Edit) -> None:
    edit(folder)
    watch.find_edits()
    assert watch.find_edits() == []


@pytest.mark.parametrize("how", ["removed", "renamed", "linked"])
def test_a_folder_that_disappears_and_comes_back_is_watched_again(folder: Path, watch: Watch, how: str) -> None:
    stored = folder / "kept"
    if how == "removed":
        shutil.copytree(folder / "in", stored)
        shutil.rmtree(folder / "in")
    else:
        (folder / "in").rename(stored)
    assert watch.find_edits() == [folder / "in/deep/a.json"]
    if how == "linked":
        (folder / "in").symlink_to(stored)
    else:
        stored.rename(folder / "in")
    assert watch.find_edits() == [folder / "in/deep/a.json"]
    (folder / "in/deep/a.json").write_text("333")
    assert watch.find_edits() == [folder / "in/deep/a.json"]


def test_the_target_of_a_link_to_the_whole_directory_may_change(folder: Path) -> None:
    shutil.copytree(folder / "in", folder / "second")
    (folder / "current").symlink_to("in")
    watch = Watch([folder / "current"], [], (".json",))
    (folder / "next").symlink_to("second")
    (folder / "next").replace(folder / "current")
    assert watch.find_edits() == [folder / "current/deep/a.json"]


def test_added_files_are_watched_from_now_on(folder: Path, watch: Watch) -> None:
    (folder / "c.yaml").write_text("1")
    watch.add_files([folder / "c.yaml", folder / "d.yaml"])
    assert watch.find_edits() == []
    (folder / "c.yaml").write_text("22")
    (folder / "d.yaml").write_text("1")
    assert watch.find_edits() == [folder / "c.yaml", folder / "d.yaml"]


def test_an_edit_of_a_watched_file_that_is_added_again_is_found(folder: Path, watch: Watch) -> None:
    (folder / "in/deep/a.json").write_text("22")
    watch.add_files([folder / "in/deep/a.json"])
    assert watch.find_edits() == [folder / "in/deep/a.json"]


def test_nothing_is_done_without_an_edit(watch: Watch) -> None:
    calls: list[list[Path]] = []
    watch.step(calls.append, 0)
    assert calls == []


def test_the_removal_of_a_link_that_leads_nowhere_is_found(folder: Path, watch: Watch) -> None:
    link = folder / "in" / "c.yaml"
    link.symlink_to("nowhere")
    assert watch.find_edits() == [link]
    link.unlink()
    assert watch.find_edits() == [link]


def test_what_failed_is_tried_again_after_a_pause(folder: Path, watch: Watch) -> None:
    calls: list[list[Path]] = []

    def fail_once(edited: list[Path]) -> bool:
        calls.append(edited)
        return len(calls) == 1

    (folder / "b.yaml").write_text("22")
    watch.step(fail_once, 0)
    watch.step(fail_once, AGAIN_SECONDS / 2)
    assert calls == [[folder / "b.yaml"]]
    watch.step(fail_once, 1_000 * AGAIN_SECONDS)
    watch.step(fail_once, 2_000 * AGAIN_SECONDS)
    assert calls == [[folder / "b.yaml"]] * 2


def test_an_exception_is_logged_and_the_next_edit_is_acted_on(
    folder: Path, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(edited: list[Path]) -> None:
        raise RuntimeError("no")

    calls: list[list[Path]] = []
    (folder / "b.yaml").write_text("22")
    watch.step(fail, 0)
    assert [record.getMessage() for record in caplog.records] == ["acting on edited files failed"]
    (folder / "b.yaml").write_text("333")
    watch.step(calls.append, 0)
    assert calls == [[folder / "b.yaml"]]


def test_a_folder_that_cannot_be_read_counts_as_edited(
    folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(path: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files", path)

    calls: list[list[Path]] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scan)
        watch.step(calls.append, 0)
    assert calls == [[folder / "later"]]


def test_edits_before_the_start_are_acted_on_in_a_thread_until_it_is_stopped(folder: Path, watch: Watch) -> None:
    edits: queue.Queue[list[Path]] = queue.Queue()
    (folder / "in" / "deep" / "a.json").write_text("22")
    watch.start(edits.put)
    assert edits.get(timeout=SECONDS) == [folder / "in" / "deep" / "a.json"]
    shutil.rmtree(folder / "in")
    assert edits.get(timeout=SECONDS) == [folder / "in" / "deep" / "a.json"]
    watch.stop()
    assert edits.empty()
