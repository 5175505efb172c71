"""The command `record`: pass everything on to a real backend, and write what came as a contract directory."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from mockserver.cli.access import generate_token, print_token
from mockserver.cli.arguments import fail, warn
from mockserver.cli.recording_files import REDACT, create, load_document, require_empty, write_recording
from mockserver.cli.serve_options import PORT
from mockserver.cli.terminal import log_to_terminal, print_line
from mockserver.cli.upstream import UPSTREAM_CA, UPSTREAM_TIMEOUT, check_not_self, usage_error
from mockserver.contract.server_settings import with_upstream
from mockserver.contract.upstream import BadUpstream
from mockserver.http.messages import Request
from mockserver.http.service import ReceivedResponse
from mockserver.recorder.exchanges import RecordedExchange
from mockserver.recorder.recording import Recording
from mockserver.server.server import BadHost, PortTaken, listen, serve
from mockserver.web.app import create_app

EVERYTHING = "* /**"


@click.command("record", short_help="Record a real backend as a contract directory.")
@click.argument("contract", type=click.Path(path_type=Path))
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--upstream", metavar="URL", required=True, help="The real backend, such as http://localhost:8000/v2.")
@UPSTREAM_CA
@UPSTREAM_TIMEOUT
@click.option("--host", metavar="ADDRESS", default="localhost", show_default=True, help="Address to listen on.")
@click.option(
    "--port", "-p", metavar="NUMBER", default=PORT, show_default=True, type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free port.",
)  # fmt: skip
@REDACT
def record_command(
    contract: Path,
    directory: Path,
    upstream: str,
    upstream_ca: Path | None,
    upstream_timeout: float,
    host: str,
    port: int,
    redact: tuple[str, ...],
) -> None:
    """Pass every request on to a real backend until Ctrl-C, then write the traffic to DIRECTORY.

    CONTRACT is the OpenAPI file that describes the backend. The directory that is written gives the same client the
    same responses, without the backend; secrets are left out. DIRECTORY must be empty, or not exist.

    \b
    Example:
      mockserver record petstore.yaml my-pets --upstream http://localhost:8000
    """
    log_to_terminal()
    require_empty(directory)
    document = load_document(contract)
    recording = Recording(document, redact)
    token = generate_token(host)
    try:
        passing = with_upstream(document, upstream, (EVERYTHING,), upstream_ca, upstream_timeout)
        on_exchange = partial(_add_to, recording)
        app = create_app(passing, allow_hosts=(host,), token=token, serve_pages=False, on_exchange=on_exchange)
        sockets = listen(host, port)
    except BadUpstream as error:
        raise usage_error(error) from None
    except (PortTaken, BadHost) as error:
        fail(str(error))
    check_not_self(passing, sockets)
    create(directory)
    if token is not None:
        print_token(host, token)
    print_line(f"Upstream: {passing.upstream.address.url if passing.upstream else upstream} gets every request")

    def announce(address: str) -> None:
        print_line(f"Recording on {address}")
        print_line("Press Ctrl-C to stop, and to write the directory.")

    with interrupted_only_twice(directory):
        serve(app, host, sockets, announce)
        write_recording(recording, directory, is_only_copy=True)


def _add_to(recording: Recording, request: Request, response: ReceivedResponse | str) -> None:
    if isinstance(response, str):
        recording.add_incomplete(request.method, request.target, response)
        return
    sent = None if request.too_large else request.body
    pairs = list(request.headers.items())
    recording.add(RecordedExchange(request.method, request.target, pairs, sent, *response))


@contextmanager
def interrupted_only_twice(directory: Path) -> Iterator[None]:
    """Answer the first Ctrl-C of a block with a warning: it is easily pressed twice, and the recording would be lost.

    A server that runs within handles its own.
    """

    def warn_once(*_: object) -> None:
        signal.signal(signal.SIGINT, former)
        warn(f"still writing {directory}; press Ctrl-C again to lose the recording")

    former = signal.signal(signal.SIGINT, warn_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
