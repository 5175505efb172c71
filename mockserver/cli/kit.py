"""The command `kit`: write the JavaScript package for tests."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mockserver.cli.arguments import fail
from mockserver.cli.terminal import print_line
from mockserver.kit.archive import NAME, read_files


@click.command("kit", short_help="Write the JavaScript package for tests.")
@click.argument("directory", type=click.Path(path_type=Path))
def kit_command(directory: Path) -> None:
    """Write the npm package mockserver-kit to DIRECTORY: a client, and fixtures for Playwright, Vitest and Cypress.

    A package that an earlier version wrote there is replaced. A running server serves the same package at
    /__mock/kit.tgz.

    \b
    Examples:
      mockserver kit vendor/mockserver-kit
      npm install --save-dev ./vendor/mockserver-kit
    """
    try:
        if not _is_free(directory):
            fail(f"{directory} has other files; name a new or empty directory. Nothing was written")
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in read_files().items():
            (directory / name).write_bytes(content)
            print_line(f"Created {directory / name}")
    except OSError as error:
        fail(f"cannot write {directory}: {error.strerror}")
    path = directory if directory.is_absolute() or directory.parts[:1] == ("..",) else f"./{directory}"
    print_line(f"Next: npm install --save-dev {path}")


def _is_free(directory: Path) -> bool:
    """Whether the package may be written there: nothing is there, or an earlier version of it."""
    if not directory.exists() or not any(directory.iterdir()):
        return True
    try:
        manifest = json.loads((directory / "package.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("name") == NAME
