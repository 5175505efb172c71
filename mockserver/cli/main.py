"""The command line: `mockserver serve`, `check`, `scenarios`, `diagram`, `init`, `schema`."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from mockserver.check import report, report_formats
from mockserver.check.finding import Finding
from mockserver.check.proof import Proof
from mockserver.cli import scaffold
from mockserver.cli.progress import SECONDS, patience
from mockserver.cli.serve import announce, introduce
from mockserver.cli.serve import watch as watch_files
from mockserver.contract import diagram, formats
from mockserver.contract.loader import load_contract, root_of, with_default, with_seed
from mockserver.contract.model import Contract
from mockserver.engine.clock import monotonic
from mockserver.errors import ContractError
from mockserver.refusals import UnknownScenario
from mockserver.server.server import BadHost, PortTaken, listen, serve, url
from mockserver.server.workers import CAN_FORK, supervise
from mockserver.version import __version__
from mockserver.web.app import create_app
from mockserver.web.reload import ReloadingApp

if TYPE_CHECKING:
    import socket

PORT = 4080
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - to be recognised, not bound
STRICT_EXAMPLES = click.option(
    "--strict-examples/--mend-examples",
    default=None,
    help="Refuse a contract with examples that break their schemas, or make anew what is wrong in them.  "
    "[default: refuse a directory, mend a file]",
)
STATEFUL = click.option(
    "--stateful",
    is_flag=True,
    help="Keep state behind an OpenAPI file: what is posted to /things is there, what is deleted is gone.",
)
CONTRACT = click.argument("contract", required=False, envvar="MOCKSERVER_CONTRACT", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="mockserver %(version)s")
def main() -> None:
    """Serve an API that does not exist yet: from files, with state, never breaking its contract.

    CONTRACT is a directory with schemas/, fixtures/ and scenarios/, or an OpenAPI 3.0 or 3.1 file.
    Left out, it is the built-in one: a tutoring product's ingestion queue.
    """


@main.command("serve", context_settings={"auto_envvar_prefix": "MOCKSERVER"})
@CONTRACT
@click.option(
    "--host",
    default="localhost",
    show_default=True,
    help="Address to listen on. Any but loopback puts the control API behind a token.",
)
@click.option(
    "--port",
    "-p",
    default=PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--scenario",
    "-s",
    metavar="NAME|FILE",
    help="Scenario for requests that choose none; a file may be a recording.  [default: baseline]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="NUMBER", help="Seed of all that is generated, in every scenario."
)
@click.option(
    "--strict/--lenient",
    default=True,
    show_default=True,
    help="Answer 500 in place of a response that breaks the contract, or send it and count.",
)
@STRICT_EXAMPLES
@STATEFUL
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Host name that may call the control API besides loopback; may be repeated.",
)
@click.option("--token", metavar="TOKEN", help="Ask for this token on the control API. Better set as MOCKSERVER_TOKEN.")
@click.option(
    "--watch/--no-watch",
    default=True,
    show_default=True,
    help="Take up edits of CONTRACT while serving; what has been done so far stays done.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many processes serve; more than one needs --store.",
)
@click.option(
    "--store",
    metavar="URL",
    help="Redis that holds all state, such as redis://localhost:6379/0, so that processes and hosts share it.",
)
@click.option("--no-pages", is_flag=True, help="Serve no HTML pages, only the APIs.")
def serve_command(
    contract: Path | None,
    host: str,
    port: int,
    scenario: str | None,
    seed: int | None,
    strict: bool,
    strict_examples: bool | None,
    stateful: bool,
    allow_host: tuple[str, ...],
    token: str | None,
    watch: bool,
    workers: int,
    store: str | None,
    no_pages: bool,
) -> None:
    """Serve CONTRACT until Ctrl-C.

    \b
    Choose a scenario for one request:   curl -H 'X-Mock-Scenario: empty' …
    Isolate a test in a sandbox:         curl -H 'X-Mock-Sandbox: test-1' …
    Go back to the start:                curl -X POST …/__mock/reset

    Every option can be set in the environment too: MOCKSERVER_PORT=4080.
    """
    logging.basicConfig(format="mockserver: %(message)s", level=logging.WARNING)
    _check_workers(workers, store)

    def load() -> Contract:
        found = load_contract(contract, strict_examples=strict_examples, stateful=stateful)
        return with_seed(with_default(found, scenario), seed)

    loaded, made = _load(load), token is None and not _is_loopback(host)
    token = secrets.token_urlsafe(24) if made else token
    hosts = (*allow_host, host)
    with _told_mistakes(store):
        app = create_app(loaded, strict=strict, allow_hosts=hosts, token=token, serve_pages=not no_pages, store=store)
        sockets: list[socket.socket] = listen(host, port)
    if made:
        told = f"{host} is not loopback, so the control API asks for the header X-Mock-Token: {token}"
        click.echo(told, err=True)
        if not no_pages:
            # A wildcard is no address to open, and its token has to come along once.
            opened = url("localhost" if host in WILDCARDS else host, sockets)
            click.echo(f"To open it in a browser: {opened}/__mock/?__token={token}", err=True)
    introduce(app.extensions["mockserver"], scenario)
    served = ReloadingApp(app, load, serve_pages=not no_pages)

    def work(announce: Callable[[str], None], again: bool = False) -> None:
        if watch and again:
            served.reload()  # the worker that was lost had taken up what was edited meanwhile
        if watch:
            watch_files(loaded, contract, scenario, served)
        serve(served, host, sockets, announce)

    if workers == 1:
        work(announce)
    else:
        sys.stdout.flush()  # or each worker would say again what still waits to be written
        supervise(workers, work, announce)


@contextlib.contextmanager
def _told_mistakes(store: str | None) -> Iterator[None]:
    """What keeps a server from starting, told without a traceback."""
    try:
        yield
    except ContractError as error:
        _refuse(error)
    except (PortTaken, BadHost) as error:
        _fail(str(error))
    except ImportError:
        raise click.UsageError("--store needs the redis package: pip install 'mockserver[redis]'.") from None
    except ValueError as error:
        raise click.UsageError(f"--store {store}: {error}") from None


def _check_workers(workers: int, store: str | None) -> None:
    if workers > 1 and store is None:
        raise click.UsageError("--workers needs --store redis://…: processes share their state only through a store.")
    if workers > 1 and not CAN_FORK:
        raise click.UsageError("--workers needs a system that can fork; serve once for each port instead.")


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")


@main.command(short_help="Tell every mistake in CONTRACT.")
@CONTRACT
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How to tell what was found: for people, for programs, as GitHub annotations, for code scanning.",
)
@STRICT_EXAMPLES
@STATEFUL
def check(contract: Path | None, form: str, strict_examples: bool | None, stateful: bool) -> None:
    """Prove CONTRACT: load it, bring every record into every state it can reach, and judge every answer there.

    Tells every mistake, and what only looks like one as a warning. Exits 1 if there is a mistake.
    """
    proof: Proof | None = None
    try:
        with patience(f"Reading {contract or 'the built-in contract'}"):
            proof = Proof(load_contract(contract, strict_examples=strict_examples, stateful=stateful))
        _go(proof)
        findings = proof.findings
    except ContractError as error:
        findings = [Finding("error", problem) for problem in error.problems]
    root, here = root_of(contract), Path.cwd().resolve()
    if form == "json":
        click.echo(json.dumps(report.as_dict(proof, findings), indent=2))
    elif form == "sarif":
        click.echo(json.dumps(report_formats.sarif(findings, root, here), indent=2))
    elif form == "github":
        for line in report_formats.github(findings, root, here):
            click.echo(line)
    else:
        for finding in findings:
            click.echo(str(finding), err=True)
        for line in report.summary(proof) if proof is not None else ():
            click.echo(line)
    if mistakes := sum(one.level == "error" for one in findings):
        _fail(f"{report.counted(mistakes, 'mistake')} in the contract.")


def _go(proof: Proof) -> None:
    """Go through with the proof; show how far it is where that takes longer than a second."""
    begun, steps = monotonic(), proof.steps()
    for _ in steps:
        if sys.stderr.isatty() and monotonic() - begun > SECONDS:
            break
    else:
        return
    with click.progressbar(length=1_000, label="Judging answers", file=sys.stderr) as bar:
        for done in steps:
            bar.update(int(done * 1_000) - bar.pos)


@main.command(short_help="List the scenarios of CONTRACT.")
@CONTRACT
def scenarios(contract: Path | None) -> None:
    """List the scenarios of CONTRACT; a star marks the default."""
    loaded = _load(lambda: load_contract(contract))
    width = max(map(len, loaded.scenarios), default=0)
    for name in sorted(loaded.scenarios):
        mark = "*" if name == loaded.default_scenario else " "
        click.echo(f"{mark} {name:<{width}}  {loaded.scenarios[name].summary}".rstrip())


@main.command("diagram", short_help="Draw the lifecycles of CONTRACT, as Mermaid.")
@CONTRACT
def diagram_command(contract: Path | None) -> None:
    """Draw each lifecycle of CONTRACT as a Mermaid state diagram."""
    loaded = _load(lambda: load_contract(contract))
    drawn = [
        diagram.mermaid(name, resource.lifecycle)
        for name, resource in loaded.resources.items()
        if resource.lifecycle is not None
    ]
    click.echo("\n\n".join(drawn) if drawn else f"{loaded.name} declares no lifecycle.", err=not drawn)


@main.command(short_help="Write a small contract to start from.")
@click.option(
    "--from",
    "document",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Derive it from an OpenAPI file, to be served and edited as what serve --stateful does.",
)
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path, document: Path | None) -> None:
    """Write a small contract into DIRECTORY, ready to serve and to edit."""
    contract = _load(lambda: load_contract(document, stateful=True)) if document is not None else None
    try:
        for path in scaffold.write(directory, scaffold.template() if contract is None else scaffold.derived(contract)):
            click.echo(f"wrote {path}")
    except scaffold.AlreadyExists as error:
        _fail(f"{error}; nothing was written")
    except OSError as error:
        _fail(f"cannot write {directory}: {error.strerror}")
    if contract is not None and contract.notes:
        _tell_refused(directory)
    click.echo(f"Now: mockserver serve {directory}")


def _tell_refused(directory: Path) -> None:
    """Say so where what was forgiven a file is not forgiven the directory that came of it."""
    try:
        load_contract(directory)
    except ContractError as error:
        told = f"the document has {report.counted(len(error.problems), 'mistake')} that a directory is refused for"
        click.echo(f"mockserver: {told}: mockserver check {directory}", err=True)


@main.command(short_help="Print the JSON Schema of our files.")
@click.argument("name", type=click.Choice(formats.NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of resources.yaml or of a scenario file, for an editor."""
    click.echo(formats.path(name).read_text(), nl=False)


def _load(load: Callable[[], Contract]) -> Contract:
    try:
        with patience("Reading the contract"):
            return load()
    except ContractError as error:
        _refuse(error)
    except UnknownScenario as error:
        _fail(error.detail)


def _refuse(error: ContractError) -> NoReturn:
    for problem in error.problems:
        click.echo(str(problem), err=True)
    _fail(f"{report.counted(len(error.problems), 'mistake')} in the contract; nothing is served.")


def _fail(message: str) -> NoReturn:
    click.echo(f"mockserver: {message}", err=True)
    raise SystemExit(1)
