"""What the commands that record have in common: the document, an empty directory, and what was written into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import click

from mockserver.cli.arguments import fail, load_or_fail, warn
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import OPENAPI, load_contract
from mockserver.contract.model import Contract
from mockserver.errors import ContractError, count_noun
from mockserver.recorder import directory as contract_directory
from mockserver.recorder.recording import Recording
from mockserver.recorder.summary import Summary

REDACT = click.option(
    "--redact",
    metavar="NAME",
    multiple=True,
    help="Leave out the values of members, headers and parameters of this name too. Can be repeated.",
)
NO_COUNTS: Mapping[str, int] = {}


def load_document(path: Path) -> Contract:
    """The contract of an OpenAPI file, or of the one in a contract directory; on errors, the program exits."""
    candidates = [path / "schemas" / name for name in OPENAPI]
    document = next((candidate for candidate in candidates if candidate.is_file()), path)
    return load_or_fail(lambda: load_contract(document, stateful=True))


def require_empty(directory: Path) -> None:
    """Exit with a message unless a directory is empty or does not exist."""
    try:
        contract_directory.require_empty(directory)
    except contract_directory.AlreadyExists as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"cannot read {directory}: {error.strerror}")


def create(directory: Path) -> None:
    """Create a directory, or exit with a message: better now than when there is something to write."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot write {directory}: {error.strerror}")


def write_recording(
    recording: Recording, directory: Path, unused: Mapping[str, int] = NO_COUNTS, *, is_only_copy: bool = False
) -> None:
    """Write a recording, and print the files, what could not be kept, and how to serve the rest.

    `unused` counts what was left aside before, by the reason. The only copy is written elsewhere where it has to be.
    """
    try:
        summary = recording.write(directory)
    except (contract_directory.AlreadyExists, OSError) as error:
        reason = str(error) if isinstance(error, contract_directory.AlreadyExists) else _reason(directory, error)
        if not is_only_copy:
            fail(f"{reason}; nothing was written")
        directory, summary = _write_elsewhere(recording, reason)
    summary.unused.update(unused)
    _print_created(summary.files)
    for line in summary.lines():
        print_line(line)
    warn_of_errors(directory)
    print_line(f"Next: mockserver serve {directory}")


def _write_elsewhere(recording: Recording, reason: str) -> tuple[Path, Summary]:
    """Write a recording into a temporary directory, or one at home; the directory, and the summary."""
    for parent in (None, Path.home()):
        try:
            directory = Path(mkdtemp(prefix="mockserver-record-", dir=parent))
            warn(f"{reason}; the recording is written to {directory} instead")
            return directory, recording.write(directory)
        except OSError as error:
            reason = _reason(parent or gettempdir(), error)
    warn(f"{reason}; the recording is lost")
    raise SystemExit(1)


def _reason(directory: Path | str, error: OSError) -> str:
    return f"cannot write {directory}: {error.strerror}"


def _print_created(files: Iterable[Path]) -> None:
    for path in files:
        print_line(f"Created {path}")


def warn_of_errors(directory: Path) -> None:
    """Warn if a created directory has errors: mistakes that are ignored in a single file are errors there."""
    try:
        load_contract(directory)
    except ContractError as error:
        errors = count_noun(len(error.problems), "error")
        warn(f"fix {errors} before serving the directory; run `mockserver check {directory}` for details")
