"""The command `init`: create a contract directory."""

from __future__ import annotations

from pathlib import Path

import click

from mockserver.cli import scaffold
from mockserver.cli.arguments import fail, load_or_fail, warn
from mockserver.cli.progress import elapsed_time
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import OPENAPI, load_contract
from mockserver.errors import ContractError, count_noun
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
@click.option("--har-origin", metavar="URL", help="Whose traffic to use, if the HAR file has that of several origins.")
@click.option(
    "--redact",
    metavar="NAME",
    multiple=True,
    help="Leave out the values of members, headers and parameters of this name too. Repeatable.",
)
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
    if contract is not None and contract.findings:
        _warn_of_errors(directory)
    if HANDLERS in files:
        print_line(f"Edit {directory / HANDLERS} for responses that need code")
    print_line(f"Next: mockserver serve {directory}")


def _init_from_har(directory: Path, har: Path, document: Path, origin: str | None, redact: tuple[str, ...]) -> None:
    try:
        contract_directory.require_empty(directory)
    except contract_directory.AlreadyExists as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"cannot read {directory}: {error.strerror}")
    recording = Recording(load_or_fail(lambda: load_contract(_document_of(document), stateful=True)), redact)
    try:
        with elapsed_time(f"Reading {har}"):
            file = read_har(har)
            for exchange in file.exchanges(origin):
                recording.add(exchange)
    except (UnreadableHar, AmbiguousOrigin) as error:
        fail(f"{har}: {error}")
    except OSError as error:
        fail(f"cannot read {har}: {error.strerror}")
    try:
        summary = recording.write(directory)
    except contract_directory.AlreadyExists as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"cannot write {directory}: {error.strerror}")
    summary.unused.update(file.unused)
    for path in summary.files:
        print_line(f"Created {path}")
    for line in summary.lines():
        print_line(line)
    _warn_of_errors(directory)
    print_line(f"Next: mockserver serve {directory}")


def _document_of(path: Path) -> Path:
    """The OpenAPI file of a contract directory; any other path as it is."""
    candidates = [path / "schemas" / name for name in OPENAPI]
    return next((candidate for candidate in candidates if candidate.is_file()), path)


def _warn_of_errors(directory: Path) -> None:
    """Warn if the created directory has errors: mistakes that are ignored in a single file are errors there."""
    try:
        load_contract(directory)
    except ContractError as error:
        errors = count_noun(len(error.problems), "error")
        warn(f"fix {errors} before serving the directory; run `mockserver check {directory}` for details")
