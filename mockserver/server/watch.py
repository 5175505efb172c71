"""Watches files, and calls a function in a background thread when some were edited."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mockserver.engine.clock import monotonic, thread_seconds

# What happens on edits of these paths; whether it failed for a reason that no edit may end, and is to be tried again.
Act = Callable[[list[Path]], object]
# Modification, change of status (as of permissions), size and inode, so that a file replaced by another is an edit.
Status = tuple[int, int, int, int]
Snapshot = dict[str, Status]

LOOK_SECONDS = 0.2
# Edits often come together: they are acted on once nothing has changed for SETTLE_SECONDS, or SETTLE_LOOKS times.
SETTLE_SECONDS = 0.05
SETTLE_LOOKS = 10
AGAIN_SECONDS = 1.0
# Looking at many files, or loading a large contract that fails, takes at most this share of one processor.
LOAD_SHARE = 0.05
log = logging.getLogger("mockserver")


class Watch:
    """Watches the files below `folders` that end in `suffixes`, and single `files`, for edits since its creation.

    It looks at their status a few times a second. Notifications of the operating system would be lost where a folder
    is removed and created again, replaced by another, or on a file system of another machine.
    """

    def __init__(self, folders: Iterable[Path], files: Iterable[Path], suffixes: Sequence[str]) -> None:
        # Not resolved: a symbolic link may lead to another folder later.
        self._folders = [str(folder.absolute()) for folder in folders]
        self._files = {str(file.absolute()) for file in files}
        self._suffixes = tuple(suffixes)
        self._seen = self._snapshot()
        self._stop = threading.Event()
        self._look_seconds = 0.0
        self._failed: set[str] = set()
        self._again_at = 0.0

    def start(self, act: Act) -> None:
        """Call `act` with the paths of files that are edited, created or removed, from now on, in a thread.

        If it returns True, it has failed for a reason that may end without an edit, and is called again a second later.
        """
        threading.Thread(target=self._run, args=(act,), name="mockserver-watch", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def add_files(self, files: Iterable[Path]) -> None:
        """Watch these single files too, for edits from now on."""
        added = {str(file.absolute()) for file in files} - self._files
        self._files |= added
        self._seen = {file: status for file in added if (status := _status(file)) is not None} | self._seen

    def find_edits(self) -> list[Path]:
        """The files that were edited since the last call, sorted; waits until they are no longer being written.

        Raises OSError, as for too many open files, if the folders cannot be read; the edits are then found later.
        """
        current = self._snapshot()
        for _ in range(SETTLE_LOOKS if current != self._seen else 0):
            self._stop.wait(SETTLE_SECONDS)
            settling, current = current, self._snapshot()
            if current == settling:
                break
        before, self._seen = self._seen, current
        return sorted(Path(path) for path in {*before, *current} if before.get(path) != current.get(path))

    def step(self, act: Act, now: float) -> None:
        """Act on edits, and again on those where it failed a while ago; `now` is in seconds, of any clock.

        An exception of `act` is logged: nothing ends the watching.
        """
        began = thread_seconds()
        edited: list[Path] = []
        try:
            edited = self.find_edits()
        except OSError as error:
            # Whether something was edited is not known. Acting finds out whether the files can be read.
            self._failed.update([error.filename] if isinstance(error.filename, str) else self._folders)
        self._look_seconds = thread_seconds() - began
        if self._stop.is_set() or not (edited or (self._failed and now >= self._again_at)):
            return
        paths = sorted({*edited, *map(Path, self._failed)})
        try:
            has_failed = act(paths) is True
        except Exception as error:
            log.error("acting on edited files failed", exc_info=error)
            has_failed = False
        self._failed = {str(path) for path in paths} if has_failed else set()
        self._again_at = now + max(AGAIN_SECONDS, (thread_seconds() - began) / LOAD_SHARE)

    def _run(self, act: Act) -> None:
        while not self._stop.wait(max(LOOK_SECONDS, self._look_seconds / LOAD_SHARE)):
            self.step(act, monotonic())

    def _snapshot(self) -> Snapshot:
        snapshot = {file: status for file in self._files if (status := _status(file)) is not None}
        visited: set[tuple[int, int]] = set()
        pending = list(self._folders)
        while pending:
            try:
                entries = list(os.scandir(pending.pop()))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            for entry in entries:
                if entry.name.endswith(self._suffixes):
                    if (status := _status(entry.path)) is not None:
                        snapshot[entry.path] = status
                elif (identity := _identity_of_folder(entry)) is not None and identity not in visited:
                    visited.add(identity)  # symbolic links may lead to a folder more than once
                    pending.append(entry.path)
        return snapshot


def _status(path: str) -> Status | None:
    """The status of a file; a symbolic link has that of its target, or its own where it leads nowhere.

    A hidden one, with which an editor marks that it has the file open, has none then.
    """
    try:
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path for each file would double the time of a look
        except OSError:
            if os.path.basename(path).startswith("."):  # noqa: PTH119
                return None
            status = os.lstat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _identity_of_folder(entry: os.DirEntry[str]) -> tuple[int, int] | None:
    try:
        return (entry.stat().st_dev, entry.stat().st_ino) if entry.is_dir() else None
    except OSError:
        return None
