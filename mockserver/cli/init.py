"""The command `init`: create a contract directory."""

from __future__ import annotations

from pathlib import Path

import click

from mockserver.cli import scaffold
from mockserver.cli.arguments import fail, load_or_fail
from mockserver.cli.progress import elapsed_time
from mockserver.cli.recording_files import REDACT, load_document, require_empty, warn_of_errors, write_recording
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import load_contract
from mockserver.handlers.modules import HANDLERS
from mockserver.recorder import directory as contract_directory
from mockserver.recorder.har import AmbiguousOrigin, UnreadableHar, read_har
from mockserver.recorder.recording import Recording


@click.command("init", short_help="Create a contract directory.")
@click.option(
    "--from",
    "document",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Create it from this OpenAPI file. Its responses are those of `mockserver serve FILE --stateful`. "
    "With --contract, from a HAR file with recorded traffic.",
)
@click.option(
    "--contract",
    "recorded_contract",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The OpenAPI file that the traffic of a HAR file is about.",
)
@click.option(
    "--har-origin",
    metavar="URL",
    help="The origin whose traffic to use, such as https://api.example.com, if the HAR file has that of several.",
)
@REDACT
@click.argument("directory", type=click.Path(path_type=Path))
def init_command(
    directory: Path,
    document: Path | None,
    recorded_contract: Path | None,
    har_origin: str | None,
    redact: tuple[str, ...],
) -> None:
    """Create a contract in DIRECTORY, to serve and to edit: a small example, or one from an OpenAPI or a HAR file.

    Existing files are never overwritten.

    \b
    Examples:
      mockserver init my-mock
      mockserver init --from petstore.yaml my-pets
      mockserver init --from traffic.har --contract petstore.yaml my-pets
    """
    if recorded_contract is not None:
        if document is None:
            fail("--contract needs --from FILE, a HAR file with recorded traffic")
        _init_from_har(directory, document, recorded_contract, har_origin, redact)
        return
    if har_origin is not None or redact or (document is not None and document.suffix == ".har"):
        fail("recorded traffic needs --from FILE, a HAR file, and --contract FILE, the OpenAPI file that it is about")
    contract = load_or_fail(lambda: load_contract(document, stateful=True)) if document is not None else None
    try:
        files = scaffold.example_files() if contract is None else contract_directory.files_from_contract(contract)
        for path in contract_directory.write(directory, files):
            print_line(f"Created {path}")
    except contract_directory.AlreadyExists as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"cannot write {directory}: {error.strerror}")
    if contract is not None and (contract.findings or contract.invalid_examples):
        warn_of_errors(directory)
    if HANDLERS in files:
        print_line(f"Edit {directory / HANDLERS} for responses that need code")
    print_line(f"Next: mockserver serve {directory}")


def _init_from_har(directory: Path, har: Path, document: Path, origin: str | None, redact: tuple[str, ...]) -> None:
    require_empty(directory)
    recording = Recording(load_document(document), redact)
    try:
        with elapsed_time(f"Reading {har}"):
            file = read_har(har)
            for exchange in file.exchanges(origin):
                recording.add(exchange)
    except (UnreadableHar, AmbiguousOrigin) as error:
        fail(f"{har}: {error}")
    except OSError as error:
        fail(f"cannot read {har}: {error.strerror}")
    write_recording(recording, directory, file.unused)
