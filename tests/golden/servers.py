"""Servers to send the requests to: the project's own, and another WSGI server in front of the same application."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from werkzeug.serving import WSGIRequestHandler, make_server

from mockserver import BackgroundServer, Contract, create_app, load_contract
from tests.conftest import small_files
from tests.documents import kennel
from tests.golden.cases import BROKEN, BUILT_IN, KENNEL, SMALL, TEMPLATE, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = Path(__file__).parent / "documents"
PROTOCOL, WSGI = "protocol", "wsgi"
FRONTS = (PROTOCOL, WSGI)
SECONDS = 30

Address = tuple[str, int]


class Servers:
    """Starts a server for each case; what they have in common, such as loaded contracts, is there once."""

    def __init__(self, front: str) -> None:
        self._front = front
        self._exits = contextlib.ExitStack()
        self._folder = Path(self._exits.enter_context(tempfile.TemporaryDirectory()))
        # Until a server has stopped takes a while, in which the next one is served.
        self._stoppers = self._exits.enter_context(ThreadPoolExecutor(4))
        self._contract = cache(self._load)
        self._path = cache(self._write)

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: Any) -> None:
        self._exits.close()

    @contextlib.contextmanager
    def serve(self, settings: Settings) -> Iterator[Address]:
        """A server of its own with these settings: nothing has been asked of it before."""
        if settings.options:
            with self._command(settings) as address:
                yield address
            return
        app = create_app(
            self._contract(settings.contract, settings.stateful, settings.strict_examples),
            scenario=settings.scenario,
            strict=settings.strict,
            allow_hosts=settings.allow_hosts,
            token=settings.token,
            serve_pages=settings.serve_pages,
            body_limit=settings.body_limit,
            sandbox_limit=settings.sandbox_limit,
        )
        if self._front == WSGI:
            other = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
            thread = threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            try:
                yield "127.0.0.1", other.server_port
            finally:
                self._stoppers.submit(_stop, other, thread)
        else:
            own = BackgroundServer(app, "127.0.0.1", body_limit=settings.body_limit).start()
            place = urlsplit(own.url)
            try:
                yield place.hostname or "", place.port or 0
            finally:
                self._stoppers.submit(own.stop)

    @contextlib.contextmanager
    def _command(self, settings: Settings) -> Iterator[Address]:
        path = self._path(settings.contract)
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--host", "127.0.0.1", "--no-watch"]
        command += [*settings.options, *([str(path)] if path is not None else [])]
        env = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True, env=env) as process:
            try:
                reported = (re.fullmatch(r"Listening on (\S+)\n", line) for line in process.stdout or ())
                place = urlsplit(next(line[1] for line in reported if line))
                yield place.hostname or "", place.port or 0
            finally:
                process.terminate()
                process.wait(SECONDS)

    def _load(self, name: str, stateful: bool, strict_examples: bool | None) -> Contract:
        return load_contract(self._path(name), stateful=stateful, strict_examples=strict_examples)

    def _write(self, name: str) -> Path | None:
        """Where the contract of that name is; None for the built-in one."""
        if name == BUILT_IN:
            return None
        folder = self._folder / name
        if name == KENNEL:
            folder.mkdir()
            return kennel.write(folder)
        if name == TEMPLATE:
            command = [sys.executable, "-m", "mockserver", "init", str(folder)]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            return folder
        if name in (SMALL, BROKEN):
            files = small_files()
            if name == BROKEN:
                _break(files)
            for file, content in files.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                dump = json.dumps if file.endswith(".json") else yaml.safe_dump
                (folder / file).write_text(dump(content))
            return folder
        return DOCUMENTS / name


def _break(files: dict[str, Any]) -> None:
    """Let two answers promise a member that no record has, and one a header."""
    paths = files["schemas/openapi.yaml"]["paths"]
    promising = {"allOf": [{"$ref": "job.json"}, {"required": ["priority"]}]}
    for operation in (paths["/jobs"]["get"], paths["/jobs/{job_id}/cancel"]["post"]):
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        schema |= {"items": promising} if "items" in schema else {}
        if "items" not in schema:
            schema.clear()
            schema.update(promising)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


def _stop(server: Any, thread: threading.Thread) -> None:
    server.shutdown()
    thread.join(SECONDS)
    server.server_close()
