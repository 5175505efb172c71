"""The command `init`: create a contract directory."""

from __future__ import annotations

from pathlib import Path

import click

from mockserver.cli import scaffold
from mockserver.cli.arguments import fail, load_or_fail, warn
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import load_contract
from mockserver.errors import ContractError, count_noun
from mockserver.handlers.modules import HANDLERS
from mockserver.recorder import directory as contract_directory


@click.command("init", short_help="Create a contract directory.")
@click.option(
    "--from",
    "document",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Create it from this OpenAPI file. Its responses are those of `mockserver serve FILE --stateful`.",
)
@click.argument("directory", type=click.Path(path_type=Path))
def init_command(directory: Path, document: Path | None) -> None:
    """Create a contract in DIRECTORY, to serve and to edit: a small example, or one from an OpenAPI file.

    Existing files are never overwritten.

    \b
    Examples:
      mockserver init my-mock
      mockserver init --from petstore.yaml my-pets
    """
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


def _warn_of_errors(directory: Path) -> None:
    """Warn if the created directory has errors: mistakes that are ignored in a single file are errors there."""
    try:
        load_contract(directory)
    except ContractError as error:
        errors = count_noun(len(error.problems), "error")
        warn(f"fix {errors} before serving the directory; run `mockserver check {directory}` for details")
