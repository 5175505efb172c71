from __future__ import annotations

import queue
from pathlib import Path

import pytest

from mockserver.server.watch import Watch

SECONDS = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.json").write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    return tmp_path.resolve()


def test_edits_between_making_and_starting_count_and_only_files_of_the_contract_do(folder: Path) -> None:
    edits: queue.Queue[list[Path]] = queue.Queue()
    watch = Watch([folder / "in", folder / "later"], [folder / "b.yaml"], (".json", ".yaml"))
    (folder / "in" / "deep" / "a.json").write_text("22")
    (folder / "in" / "notes.txt").write_text("no")
    watch.start(edits.put)
    assert edits.get(timeout=SECONDS) == [folder / "in" / "deep" / "a.json"]
    (folder / "c.yaml").write_text("not asked for")
    (folder / "b.yaml").write_text("22")
    assert edits.get(timeout=SECONDS) == [folder / "b.yaml"]
    (folder / "later").mkdir()
    (folder / "later" / "d.json").write_text("1")
    assert edits.get(timeout=SECONDS) == [folder / "later" / "d.json"]
    (folder / "in" / "deep" / "a.json").unlink()
    assert edits.get(timeout=SECONDS) == [folder / "in" / "deep" / "a.json"]
    watch.stop()
    assert edits.empty()
