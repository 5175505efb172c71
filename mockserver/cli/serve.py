"""The command `serve`: start the server, print what it serves and where, and reload edited files."""

from __future__ import annotations

import contextlib
import gc
import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from mockserver.cli.access import WILDCARDS, find_network_address, generate_token, load_tls, print_token
from mockserver.cli.arguments import fail, fail_with_problems, load_or_fail, warn, without_state_lines
from mockserver.cli.environment import EnvironmentCommand
from mockserver.cli.garbage import paused_garbage_collection
from mockserver.cli.progress import elapsed_time
from mockserver.cli.request_log import request_log
from mockserver.cli.serve_options import ServeOptions, serve_options
from mockserver.cli.terminal import log_to_terminal, print_line
from mockserver.cli.upstream import check_not_self, print_upstream, usage_error
from mockserver.contract.loader import FOLDERS, is_installed
from mockserver.contract.model import Contract
from mockserver.contract.upstream import BadUpstream
from mockserver.documents.source import SUFFIXES
from mockserver.engine.start import DRIFTED
from mockserver.errors import ContractError, count_noun
from mockserver.handlers.modules import HANDLERS
from mockserver.http.service import Service
from mockserver.server.server import BadHost, PortTaken, listen, serve, url
from mockserver.server.watch import Watch
from mockserver.server.workers import CAN_FORK, supervise
from mockserver.web.reload import UNREADABLE, ReloadingApp

if TYPE_CHECKING:
    import socket

    from flask import Flask

EXAMPLES = """\b
Examples:
  mockserver serve                                 the built-in example API
  mockserver serve my-mock --scenario empty        a contract directory
  mockserver serve petstore.yaml --port 8080       an OpenAPI file
  mockserver serve petstore.yaml --stateful        the same, with state

\b
While it runs:
  curl http://localhost:4080/admin/jobs
  curl -H 'X-Mock-Scenario: empty' http://localhost:4080/admin/jobs    in a scenario
  curl -H 'X-Mock-Sandbox: test-1' http://localhost:4080/admin/jobs    in a sandbox
  curl -X POST http://localhost:4080/__mock/reset                      reset the state
"""
# Not an extra of this package, which no registry has.
INSTALL_REDIS = "--store needs the redis package: pip install 'redis[hiredis]>=8,<9'"


@click.command(
    "serve",
    short_help="Serve CONTRACT over HTTP.",
    epilog=EXAMPLES,
    cls=EnvironmentCommand,
)
@serve_options
def serve_command(**values: Any) -> None:
    """Serve CONTRACT over HTTP until Ctrl-C.

    Each option can also be set as an environment variable, for example MOCKSERVER_PORT=8080.
    """
    options = ServeOptions(**values)
    log_to_terminal()
    _check_workers(options)
    tls = load_tls(options.tls_cert, options.tls_key)
    generated = generate_token(options.host) if options.token is None else None
    token = generated if options.token is None else options.token
    # Absolute paths, since files are read again later: the working directory may be removed and created again.
    options = replace(options, token=token, upstream_ca=_absolute(options.upstream_ca))
    with paused_garbage_collection(), _startup_errors(options.store):
        first_contract = load_or_fail(partial(options.load, options.contract, options.scenario))
        with elapsed_time("Building the routes"):
            service = options.open_service(first_contract, request_log(options.log))
        sockets: list[socket.socket] = listen(options.host, options.port)
        check_not_self(first_contract, sockets)
    if generated is not None:
        print_token(options.host, generated)
    print_contract(service, options.contract, options.scenario)
    scenario = options.scenario
    if scenario is not None and _is_file_name(scenario):
        scenario = str(Path(scenario).absolute())
    path = _absolute(options.contract)
    reloading_app = ReloadingApp(service, partial(options.load, path, scenario))
    address = url(_openable(options.host), sockets, tls)
    console = None if options.no_pages else _console(address, token, generated)
    network_host = find_network_address() if options.host in WILDCARDS else None
    network = url(network_host, sockets, tls) if network_host is not None else None

    def work(announce: Callable[[str], None], is_replacement: bool = False) -> None:
        if options.watch and is_replacement:
            reloading_app.reload()  # files may have changed since the supervisor loaded them
        if options.watch:
            watch_files(first_contract, path, scenario, reloading_app)
        serve(reloading_app, options.host, sockets, announce, tls=tls)

    announce_address = partial(print_address, console=console, network=network)
    if options.workers == 1:
        work(announce_address)
    else:
        supervise(options.workers, work, announce_address)


def app_from_environment() -> Flask:
    """The application that the options of `serve` in the environment describe, for another server.

    Raises ValueError for a variable that cannot be read, and whatever `create_app` raises.
    """
    from mockserver.web.app import build_app
    from mockserver.web.process_warnings import warn_of_concurrency

    assert isinstance(serve_command, EnvironmentCommand)
    options = ServeOptions(**serve_command.read_environment())
    service = options.open_service(options.load(options.contract, options.scenario))
    app = build_app(service, watches_processes=options.store is None)
    warn_of_concurrency(app, os.environ.get("WEB_CONCURRENCY"))
    return app


def _check_workers(options: ServeOptions) -> None:
    if options.workers > 1 and options.store is None:
        raise click.UsageError("--workers needs --store redis://…: processes share their state only through a store.")
    if options.workers > 1 and not CAN_FORK:
        raise click.UsageError("--workers needs a system that can fork; start one server for each port instead.")


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path is not None else None


@contextlib.contextmanager
def _startup_errors(store: str | None) -> Iterator[None]:
    """Report the errors that keep a server from starting as messages, without a traceback."""
    try:
        yield
    except ContractError as error:
        fail_with_problems(error)
    except (PortTaken, BadHost) as error:
        fail(str(error))
    except BadUpstream as error:
        raise usage_error(error) from None
    except ImportError:
        raise click.UsageError(INSTALL_REDIS) from None
    except ValueError as error:
        raise click.UsageError(f"--store {store}: {error}") from None


def _openable(host: str) -> str:
    """The host, in a form that can be opened in a browser: a wildcard address cannot."""
    return "localhost" if host in WILDCARDS else host


def _console(address: str, token: str | None, generated: str | None) -> str:
    """The URL of the console; a token that the user chose is not printed."""
    console = f"{address}/__mock/"
    if token is None:
        return console
    return f"{console}?__token={generated or 'TOKEN'}"


def print_contract(service: Service, path: Path | None, scenario: str | None) -> None:
    """Print what is served, and what may be wrong with it."""
    contract = service.contract
    start = service.sandboxes.starts[contract.default_scenario]
    if start.differs_from_recording:
        warn(f"{scenario} {DRIFTED}.")
    check = "mockserver check" if path is None else f"mockserver check {shlex.quote(str(path))}"
    if contract.defers_examples:
        print_line(
            f"Its {len(contract.examples):,} examples are validated when they are first used; `{check}` validates all"
        )
    elif invalid := contract.invalid_examples:
        verbs = ("does not match its schema", "is") if invalid == 1 else ("do not match their schemas", "are")
        problem = f"{count_noun(invalid, 'example')} {verbs[0]} and {verbs[1]} repaired when served"
        warn(f"{problem}; run `{check}` for details")
    if contract.findings:
        warn(f"{count_noun(len(contract.findings), 'warning')}; run `{check}` for details")
    source = "the built-in contract" if path is None else path
    print_line(f"{contract.name}: {count_noun(len(contract.operations), 'operation')} from {source}")
    others_by_name = sorted(contract.scenarios.keys() - {contract.default_scenario})
    print_upstream(contract, print_line)
    print_line(f"Scenarios: {', '.join([f'{contract.default_scenario} (default)', *others_by_name])}")
    if contract.inferred:
        with elapsed_time("Generating the first records"):
            tables = start.state.tables
        print_line("Collections with state:")
        for name, description in contract.inferred.items():
            print_line(f"  {description}; {count_noun(len(tables[name]), 'record')}")
        print_line(f"To edit all of this as files: mockserver init --from {shlex.quote(str(path))} DIRECTORY")
    if contract.without_state:
        print_line(f"Without state, see `{check} --stateful`: {count_noun(len(contract.without_state), 'operation')}")
        for line in without_state_lines(contract, 5):
            print_line(f"  {line}")


def print_address(address: str, console: str | None, network: str | None) -> None:
    """Print where the server listens; programs that start it wait for the first of these lines."""
    print_line(f"Listening on {address}")
    if console is not None:
        print_line(f"Console: {console}")
    if network is not None:
        print_line(f"In the network: {network}")
    print_line("Press Ctrl-C to stop.")


def watch_files(contract: Contract, path: Path | None, scenario: str | None, app: ReloadingApp) -> None:
    """Reload the contract when its files change, in a thread, and print the outcome.

    An installed built-in contract is not watched.
    """
    if contract.built_in and is_installed():
        return
    is_directory = path is None or path.is_dir()
    folders = [contract.root.absolute() / name for name in FOLDERS if is_directory]
    files = [Path(scenario)] if scenario is not None and _is_file_name(scenario) else []
    # There may be none yet.
    files += [contract.root / HANDLERS] if is_directory and not contract.built_in else []
    watch = Watch(folders, [*files, *_files_of(contract)], SUFFIXES)
    watch.start(partial(_reload, app, watch, contract.root.absolute()))


def _is_file_name(scenario: str) -> bool:
    return Path(scenario).suffix in SUFFIXES


def _files_of(contract: Contract) -> list[Path]:
    """The files that a contract consists of and refers to; those of a directory may be outside its three folders."""
    files = [contract.root / file for source in contract.documents.sources.values() for file in source.files]
    # Those beside handlers.py may also be imported later, when a handler is called.
    return files if contract.python is None else [*files, *contract.python.files, *contract.root.glob("*.py")]


def _reload(app: ReloadingApp, watch: Watch, root: Path, edited: list[Path]) -> bool:
    """Reload the contract and print the outcome; whether it failed for a reason that may end without an edit."""
    former = app.problems
    # The contract before this one is garbage; its cycles would stay until the next, rare full collection. The new one
    # is not looked through, since it is not loaded yet.
    gc.collect()
    problems = app.reload()
    is_unreadable = any(problem.code == UNREADABLE for problem in problems)
    # A module that was imported for the first time may be the one with the mistake.
    watch.add_files([*_files_of(app.contract), *(root / problem.file for problem in problems)])
    if problems and not (is_unreadable and problems == former):
        for problem in problems:
            print_line(str(problem), err=True)
        names = _some_names(dict.fromkeys(problem.file for problem in problems))
        warn(f"{count_noun(len(problems), 'error')} in {names}; still serving the previous version")
    if not problems:
        print_line(f"Reloaded {_some_names(_relative_name(path, root) for path in edited)}")
    return is_unreadable


def _some_names(files: Iterable[str]) -> str:
    names = list(files)
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _relative_name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
