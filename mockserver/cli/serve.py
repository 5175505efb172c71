"""What `serve` tells on the terminal: what is served, where, and what came of edits."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from mockserver.check import report
from mockserver.check.warnings import DRIFTED
from mockserver.cli.progress import patience
from mockserver.contract.loader import FOLDERS, is_installed
from mockserver.contract.model import Contract
from mockserver.documents.source import SUFFIXES
from mockserver.http.service import Service
from mockserver.server.watch import Watch
from mockserver.web.reload import ReloadingApp


def introduce(mock: Service, scenario: str | None) -> None:
    """Say what is served, and what may be wrong with it."""
    loaded = mock.contract
    start = mock.sandboxes.starts[loaded.default_scenario]
    if start.differs_from_recording:
        click.echo(f"mockserver: {scenario} {DRIFTED}.", err=True)
    if loaded.broken_examples:
        told = f"{report.counted(loaded.broken_examples, 'example')} with mistakes"
        click.echo(f"mockserver: {told}, which are mended where they are served; mockserver check tells each", err=True)
    if others := len(loaded.notes) - loaded.broken_examples:
        click.echo(f"mockserver: {report.counted(others, 'warning')}; mockserver check tells each", err=True)
    click.echo(f"{loaded.name}: {len(loaded.operations)} operations, scenarios {', '.join(sorted(loaded.scenarios))}")
    if loaded.collections:
        with patience("Making the first records"):
            tables = start.state.tables
        for name, line in loaded.collections.items():
            click.echo(f"  {line}; {report.counted(len(tables[name]), 'record')}")


def announce(address: str) -> None:
    """Say where it listens."""
    click.echo(f"Listening on {address}")
    sys.stdout.flush()


def watch(contract: Contract, path: Path | None, scenario: str | None, served: ReloadingApp) -> None:
    """Take up edits of the contract's files, and tell what came of it."""
    in_folders = path is None or path.is_dir()
    folders = [contract.root / name for name in FOLDERS if in_folders]
    sources = () if in_folders else contract.documents.sources.values()
    files = [path for one in sources if (path := contract.root / one.file).is_file()]
    files += [Path(scenario)] if scenario is not None and Path(scenario).suffix in SUFFIXES else []

    def edited(paths: list[Path]) -> None:
        names = ", ".join(_within(one, contract.root) for one in paths[:3]) + (" …" if len(paths) > 3 else "")
        problems = served.reload()
        gc.collect()  # what was served before the last reload is nobody's any more, and nothing else would find it soon
        for problem in problems:
            click.echo(str(problem), err=True)
        if problems:
            told = f"{report.counted(len(problems), 'mistake')} in {names}; what was served before stays in service"
            click.echo(f"mockserver: {told}", err=True)
        else:
            click.echo(f"Reloaded {names}")
        sys.stdout.flush()

    if not (contract.built_in and is_installed()):
        Watch(folders, files, SUFFIXES).start(edited)


def _within(path: Path, root: Path) -> str:
    root = root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
