"""The command line: `mockserver serve`, `check`, `scenarios`, `diagram`, `init`, `record`, `schema`, `kit`."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from mockserver.cli.garbage import paused_garbage_collection
from mockserver.version import __version__

# Where each command is defined. Only the module of the command that is used is imported.
COMMANDS = {
    "serve": "mockserver.cli.serve:serve_command",
    "check": "mockserver.cli.check:check_command",
    "scenarios": "mockserver.cli.listings:scenarios_command",
    "diagram": "mockserver.cli.listings:diagram_command",
    "init": "mockserver.cli.init:init_command",
    "record": "mockserver.cli.record:record_command",
    "schema": "mockserver.cli.listings:schema_command",
    "kit": "mockserver.cli.kit:kit_command",
}
# Former option names that still work and are not shown in the help.
RENAMED_OPTIONS = {"mend-examples": "repair-examples"}


def current_option_name(name: str) -> str:
    """The name of an option today, given one of today or an earlier one; without dashes, as click passes it."""
    return RENAMED_OPTIONS.get(name, name)


def prepare_standard_streams() -> None:
    """Have the standard streams write `?` for a character that their encoding lacks, and nothing where one is closed.

    Otherwise they would fail, and the next file or socket would have the number of the closed one.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


class LazyGroup(click.Group):
    """A group of the commands in COMMANDS."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line: contracts, files and values that it prints may have any characters."""
        prepare_standard_streams()
        return super().main(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the help text."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or all of them if none has this name: click suggests one of those."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            module, attribute = COMMANDS[name].split(":")
            with paused_garbage_collection():
                self.commands[name] = getattr(import_module(module), attribute)
        return self.commands.get(cmd_name)


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": current_option_name,
    },
)
@click.version_option(__version__, "-V", "--version", message="mockserver %(version)s")
def main() -> None:
    """Mock API server: serves an OpenAPI contract from files, keeps state, validates every response.

    CONTRACT is a contract directory (schemas/, fixtures/, scenarios/) or an OpenAPI 3 or Swagger 2.0 file.
    Without CONTRACT, the commands use the built-in example: the job queue of a tutoring product.

    \b
    Examples:
      mockserver serve                            serve the built-in example
      mockserver serve petstore.yaml --stateful   serve an OpenAPI file, with state
      mockserver init my-mock                     create a contract directory
      mockserver check my-mock                    find errors in it
    """
