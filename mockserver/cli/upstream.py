"""The options of `serve` that name the real backend, and what is wrong with them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from mockserver.cli.access import WILDCARDS, is_loopback
from mockserver.cli.arguments import add_options, warn
from mockserver.cli.environment import Duration
from mockserver.contract.model import Contract
from mockserver.contract.upstream import TIMEOUT_SECONDS, BadUpstream, UpstreamAddress


class PassPattern(click.ParamType):  # type: ignore[type-arg]  # generic only in recent versions of click
    """An operationId, or a method and a path; a variable lists several with commas, since they contain spaces."""

    name = "pattern"
    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text without white space around it."""
        return str(value).strip()


UPSTREAM_CA = click.option(
    "--upstream-ca",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Trust the certificates in this file (PEM) when connecting to --upstream.",
)
UPSTREAM_TIMEOUT = click.option(
    "--upstream-timeout",
    metavar="DURATION",
    type=Duration(),
    default=TIMEOUT_SECONDS,
    help="How long --upstream may be silent, before its response and within it.  [default: 30s]",
)
upstream_options = add_options(
    click.option(
        "--upstream",
        metavar="URL",
        help="The real backend, which answers the requests that match no operation: https://api.example.com/v2. "
        "A user:password in it is sent as basic credentials.",
    ),
    click.option(
        "--pass",
        "passes",
        metavar="PATTERN",
        multiple=True,
        envvar="MOCKSERVER_PASS",
        type=PassPattern(),
        help="Also pass this on to --upstream: an operationId, or a method and a path such as 'GET /tutor/*'. "
        "* matches within one segment of the path, ** across several. Can be repeated.",
    ),
    UPSTREAM_CA,
    UPSTREAM_TIMEOUT,
)


def check_not_self(contract: Contract, sockets: Iterable[socket.socket]) -> None:
    """Refuse an upstream that is one of the sockets that the server listens on. Raises click.UsageError."""
    upstream = contract.upstream
    if upstream is None:
        return
    address = upstream.address
    bound = {(entry[0], entry[1]) for entry in (listening.getsockname() for listening in sockets)}
    if address.port not in {port for _, port in bound}:
        return
    hosts = _resolve(address)
    is_local = any(_is_of_this_machine(host) for host in hosts)
    if any((host, address.port) in bound for host in hosts) or (
        is_local and any(host in WILDCARDS for host, _ in bound)
    ):
        raise click.UsageError(
            f"--upstream {address.url} is the address of this server itself: name that of the real backend."
        )


def print_upstream(contract: Contract, echo: Callable[[str], None]) -> None:
    """Print what is passed on to where."""
    if contract.upstream is None:
        return
    patterns = [pattern.text for pattern in contract.upstream.patterns]
    passed = ["what no operation matches", *sorted(contract.upstream.operations), *patterns]
    echo(f"Upstream: {contract.upstream.address.url} gets {', '.join(passed)}")
    if contract.upstream.address.scheme == "http" and contract.upstream.address.authorization is not None:
        if not all(is_loopback(host) for host in _resolve(contract.upstream.address)):
            warn("the credentials of the upstream are sent over plain HTTP; use https://")


def usage_error(error: BadUpstream) -> click.UsageError:
    """What is wrong with the options, as the command reports it."""
    return click.UsageError(f"{error.option}: {error}")


def _resolve(address: UpstreamAddress) -> list[str]:
    """The addresses of the upstream's host; none where it cannot be resolved now."""
    try:
        entries = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in entries]


def _is_of_this_machine(host: str) -> bool:
    """Whether an address is one of this machine's, to which a socket can be bound."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
