"""Watching files: once some were edited, a function is called, in a thread of the watch's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Act = Callable[[list[Path]], None]
Snapshot = dict[Path, tuple[int, int]]


class Watch:
    """`folders` with all that is below them and ends in `suffixes`, and single `files`; edits count from here on."""

    def __init__(self, folders: Iterable[Path], files: Iterable[Path], suffixes: Sequence[str]) -> None:
        self._folders = [one.resolve() for one in folders]
        self.files = [one.resolve() for one in files]
        self._suffixes = tuple(suffixes)
        self._seen = self._snapshot()
        self._lock, self._stop = threading.Lock(), threading.Event()

    def start(self, act: Act) -> None:
        """Begin to call `act` with what was edited, made or removed."""
        # What is not there yet is waited for in the folder above. A file is watched by its folder, since editors
        # write a new one beside it and rename that.
        whole = {one if one.is_dir() else one.parent for one in self._folders}
        for places, recursive in ((whole, True), ({one.parent for one in self.files}, False)):
            if places:
                arguments = (sorted(places), recursive, act)
                threading.Thread(target=self._watch, args=arguments, name="mockserver-watch", daemon=True).start()

    def stop(self) -> None:
        """Call it no more."""
        self._stop.set()

    def _watch(self, places: list[Path], recursive: bool, act: Act) -> None:
        # Slow to import, and nobody waits for it in this thread.
        from watchfiles import watch

        edits = watch(*places, stop_event=self._stop, recursive=recursive, rust_timeout=100, yield_on_timeout=True)
        next(edits, None)  # it watches from now on: look for what was edited before
        self._look(act)
        for events in edits:
            if events:
                self._look(act)

    def _look(self, act: Act) -> None:
        with self._lock:
            before, self._seen = self._seen, self._snapshot()
            edited = sorted(path for path in {*before, *self._seen} if before.get(path) != self._seen.get(path))
            if edited and not self._stop.is_set():
                act(edited)

    def _snapshot(self) -> Snapshot:
        below = (path for one in self._folders for path in one.rglob("*") if path.suffix in self._suffixes)
        found: Snapshot = {}
        for path in (*below, *self.files):
            try:
                status = path.stat()
            except OSError:
                continue  # gone meanwhile
            found[path] = status.st_mtime_ns, status.st_size
        return found
