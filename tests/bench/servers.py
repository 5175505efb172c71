"""Starts the servers that are measured: on loopback, each stopped by its process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

PROGRAMS = ("wrk", "nginx", "redis-server")
START_SECONDS = 30
PAGE_BYTES = 4096
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; tcp_nodelay on;
  open_file_cache max=10; default_type application/json;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  {server}
}}
"""
# `{port}` is that of nginx itself.
FILES = "server {{ listen 127.0.0.1:{port}; root {folder}/files; }}"
# Connections to the backend are used again, and nothing is put on disk.
PROXY = """
  upstream backend {{ server {address}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0;
    location / {{ proxy_pass http://backend; }}
  }}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    pid: int

    @property
    def megabytes(self) -> float:
        """Its resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * PAGE_BYTES / 1e6

    @property
    def peak_megabytes(self) -> float:
        """The most resident memory that it has had since its start, or since `forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak) * 1024 / 1e6

    def forget_peak(self) -> None:
        """Begin anew to note the peak of the resident memory (proc_pid_clear_refs(5))."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that its process has used so far, in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def missing_programs(names: Sequence[str] = PROGRAMS) -> list[str]:
    """The programs of these names that are not installed."""
    return [name for name in names if shutil.which(name) is None and not Path("/usr/sbin", name).exists()]


@contextlib.contextmanager
def start_and_read_address(command: Sequence[str]) -> Iterator[Server]:
    """Start a server that prints "Listening on URL"."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            url = next((line.split()[-1] for line in process.stdout or () if line.startswith("Listening on")), None)
            if url is None:
                raise RuntimeError(f"{' '.join(command)} ended before it listened")
            yield Server(url.replace("localhost", "127.0.0.1"), process.pid)
        finally:
            process.terminate()
            process.wait(10)


def mockserver(*options: str) -> contextlib.AbstractContextManager[Server]:
    """`mockserver serve`, as users start it, without the watch over the contract's files."""
    return start_and_read_address([sys.executable, "-m", "mockserver", "serve", "--port", "0", "--no-watch", *options])


def bare_flask() -> contextlib.AbstractContextManager[Server]:
    """Flask views that return a constant, behind the same server."""
    return start_and_read_address([sys.executable, "-m", "tests.bench.bare_flask"])


@contextlib.contextmanager
def start_and_wait(command: Sequence[str], port: int, path: str) -> Iterator[Server]:
    """Start a server that listens on `port`, and wait until it responds to a GET of `path`."""
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(url + path, process)
            yield Server(url, process.pid)
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urlopen(url, timeout=10).close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} does not respond to GET {url}: {error}") from None
            time.sleep(0.02)
        else:
            return


def free_port() -> int:
    """A port of 127.0.0.1 that no program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def nginx(files: Mapping[str, bytes]) -> contextlib.AbstractContextManager[Server]:
    """nginx, which serves these paths, such as `/jobs`, from files."""
    return _nginx(FILES, next(iter(files)), files)


def nginx_proxy(backend: Server, path: str) -> contextlib.AbstractContextManager[Server]:
    """nginx as a proxy to a server that responds to a GET of `path`."""
    return _nginx(PROXY.replace("{address}", urlsplit(backend.url).netloc), path)


@contextlib.contextmanager
def _nginx(server: str, path: str, files: Mapping[str, bytes] | None = None) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        # nginx's worker runs as another user.
        folder.chmod(0o755)
        for file, body in (files or {}).items():
            place = folder / "files" / file.removeprefix("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        section = server.format(folder=folder, port=port)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, server=section))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        command = [program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        with start_and_wait(command, port, path) as running:
            yield running


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis server that writes nothing to disk."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.terminate()
                process.wait(10)
