"""The commands that print a part of a contract, or of its formats: `scenarios`, `diagram`, `schema`."""

from __future__ import annotations

from pathlib import Path

import click

from mockserver.cli.arguments import CONTRACT, load_or_fail
from mockserver.cli.terminal import print_line
from mockserver.contract import formats
from mockserver.contract.diagrams.mermaid import write_mermaid
from mockserver.contract.loader import load_contract


@click.command("scenarios", short_help="List the scenarios of CONTRACT.")
@CONTRACT
def scenarios_command(contract: Path | None) -> None:
    """List the scenarios of CONTRACT. An asterisk marks the default."""
    loaded = load_or_fail(lambda: load_contract(contract))
    width = max(map(len, loaded.scenarios), default=0)
    for name in sorted(loaded.scenarios):
        mark = "*" if name == loaded.default_scenario else " "
        print_line(f"{mark} {name:<{width}}  {loaded.scenarios[name].summary}".rstrip())


@click.command("diagram", short_help="Print the lifecycles of CONTRACT as Mermaid diagrams.")
@CONTRACT
def diagram_command(contract: Path | None) -> None:
    """Print each lifecycle of CONTRACT as a Mermaid state diagram."""
    loaded = load_or_fail(lambda: load_contract(contract))
    diagrams = [
        write_mermaid(name, resource.lifecycle)
        for name, resource in loaded.resources.items()
        if resource.lifecycle is not None
    ]
    for line in "\n\n".join(diagrams).split("\n") if diagrams else ():
        print_line(line)
    if not diagrams:
        print_line(f"{loaded.name} declares no lifecycle.", err=True)


@click.command("schema", short_help="Print the JSON Schema of a contract file.")
@click.argument("name", type=click.Choice(formats.NAMES))
def schema_command(name: str) -> None:
    """Print the JSON Schema of resources.yaml, of a scenario file, or of an override.

    Editors use it for completion and validation.
    """
    click.echo(formats.schema_path(name).read_text(encoding="utf-8"), nl=False)
