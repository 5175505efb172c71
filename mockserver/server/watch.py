"""Watches files, and calls a function in a background thread when some were edited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Act = Callable[[list[Path]], None]
Snapshot = dict[Path, tuple[int, int]]


class Watch:
    """Watches the files below `folders` that end in `suffixes`, and single `files`, for edits since its creation."""

    def __init__(self, folders: Iterable[Path], files: Iterable[Path], suffixes: Sequence[str]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self.files = [file.resolve() for file in files]
        self._suffixes = tuple(suffixes)
        self._seen = self._snapshot()
        self._lock, self._stop = threading.Lock(), threading.Event()

    def start(self, act: Act) -> None:
        """Call `act` with the paths of files that are edited, created or removed, from now on."""
        # The parent of a missing folder is watched until the folder is created. A file is watched by its folder, since
        # editors write a new file and rename it.
        trees = {folder if folder.is_dir() else folder.parent for folder in self._folders}
        for folders, recursive in ((trees, True), ({file.parent for file in self.files}, False)):
            if folders:
                arguments = (sorted(folders), recursive, act)
                threading.Thread(target=self._watch, args=arguments, name="mockserver-watch", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch(self, folders: list[Path], recursive: bool, act: Act) -> None:
        # The import is slow, and in this thread it delays nothing else.
        from watchfiles import watch

        edits = watch(*folders, stop_event=self._stop, recursive=recursive, rust_timeout=100, yield_on_timeout=True)
        next(edits, None)  # watching has started: check for earlier edits
        self._check(act)
        for events in edits:
            if events:
                self._check(act)

    def _check(self, act: Act) -> None:
        with self._lock:
            before, self._seen = self._seen, self._snapshot()
            edited = sorted(path for path in {*before, *self._seen} if before.get(path) != self._seen.get(path))
            if edited and not self._stop.is_set():
                act(edited)

    def _snapshot(self) -> Snapshot:
        below = (path for folder in self._folders for path in folder.rglob("*") if path.suffix in self._suffixes)
        snapshot: Snapshot = {}
        for path in (*below, *self.files):
            try:
                status = path.stat()
            except OSError:
                continue  # removed meanwhile
            snapshot[path] = status.st_mtime_ns, status.st_size
        return snapshot
