"""Servers to measure, and wrk to drive them: everything on loopback, bounded in time, stopped by process id."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

CONNECTIONS = 32
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
FLOOR = """
from flask import Flask
from mockserver.server.server import listen, serve
app = Flask("floor")
app.add_url_rule("/", view_func=lambda: "hello")
serve(app, "127.0.0.1", listen("127.0.0.1", 0), lambda address: print("Listening on", address, flush=True))
"""
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; tcp_nodelay on;
  open_file_cache max=10; default_type application/json;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    pid: int

    @property
    def megabytes(self) -> float:
        """What it holds in memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests per second, median and p99 in seconds, and how many went wrong."""

    rate: float
    median: float
    p99: float
    errors: int


def missing() -> list[str]:
    """The programs that are needed and not here."""
    needed = ("wrk", "nginx", "redis-server")
    return [name for name in needed if shutil.which(name) is None and not Path("/usr/sbin", name).exists()]


@contextlib.contextmanager
def started(command: Sequence[str]) -> Iterator[Server]:
    """A server that says where it listens."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            url = next(line.split()[-1] for line in process.stdout or () if line.startswith("Listening on"))
            yield Server(url.replace("localhost", "127.0.0.1"), process.pid)
        finally:
            process.terminate()
            process.wait(10)


def ours(*arguments: str) -> contextlib.AbstractContextManager[Server]:
    """`mockserver serve`, as users start it."""
    return started([sys.executable, "-m", "mockserver", "serve", "--port", "0", "--no-watch", *arguments])


def bare_flask() -> contextlib.AbstractContextManager[Server]:
    """The floor: one Flask view behind the same server."""
    return started([sys.executable, "-c", FLOOR])


@contextlib.contextmanager
def nginx(body: bytes) -> Iterator[Server]:
    """nginx, which serves these bytes from a file."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as free:
        folder, port = Path(name), free.getsockname()[1]
        folder.chmod(0o755)
        (folder / "files").mkdir()
        (folder / "files" / "jobs").write_bytes(body)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        free.close()
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        with subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]) as process:
            try:
                _wait(f"http://127.0.0.1:{port}/jobs")
                yield Server(f"http://127.0.0.1:{port}", process.pid)
            finally:
                process.terminate()
                process.wait(10)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis that keeps everything in memory."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.terminate()
                process.wait(10)


def _wait(url: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            urlopen(url, timeout=10).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def wrk(url: str, seconds: int, *arguments: str, script: str | None = None) -> Load:
    """Drive `url` from 32 connections; `script` is Lua."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script or "")
        file.flush()
        scripted = ["-s", file.name] if script is not None else []
        fixed = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency"]
        told = subprocess.run([*fixed, *scripted, *arguments, url], capture_output=True, text=True, check=True).stdout
    return _read(told)


def _read(told: str) -> Load:
    percent = {
        name: float(number) * UNITS[unit] for name, number, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)", told)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    errors = (int(bad[1]) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    assert rate is not None, told
    return Load(float(rate[1]), percent["50"], percent["99"], errors)
