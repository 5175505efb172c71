"""The options of `serve`, from the command line or the environment, and the application that they describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from mockserver.cli.access import checked_token
from mockserver.cli.arguments import CONTRACT, STATEFUL, STRICT_EXAMPLES, add_options
from mockserver.cli.environment import Delay, Duration, PortOption, Size
from mockserver.cli.request_log import Format
from mockserver.cli.upstream import upstream_options
from mockserver.cli.webhooks import webhook_options
from mockserver.contract.loader import load_contract
from mockserver.contract.model import Contract
from mockserver.contract.server_settings import with_settings
from mockserver.handlers.python import CALL_SECONDS
from mockserver.http.service import BODY_LIMIT, Service
from mockserver.web.services import open_service

if TYPE_CHECKING:
    from mockserver.http.request_log import RequestLog

PORT = 4080
serve_options = add_options(
    CONTRACT,
    click.option(
        "--host",
        metavar="ADDRESS",
        default="localhost",
        show_default=True,
        help="Address to listen on. With any address other than loopback, the control API requires a token.",
    ),
    click.option(
        "--port",
        "-p",
        cls=PortOption,
        metavar="NUMBER",
        default=PORT,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 picks a free port.",
    ),
    click.option(
        "--scenario",
        "-s",
        metavar="NAME|FILE",
        help="Scenario for requests that do not select one: its name, or a scenario file such as a recording.  "
        "[default: baseline]",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        metavar="NUMBER",
        help="Seed of generated values; overrides the seed of every scenario.",
    ),
    click.option(
        "--strict/--lenient",
        default=True,
        show_default=True,
        help="What to do with a response that violates the contract: replace it with a 500, or send it as it is.",
    ),
    click.option(
        "--strict-requests/--lenient-requests",
        default=True,
        show_default=True,
        help="What to do with a request that violates the contract: refuse it, or send what an override or an example "
        "responds. Operations that keep state refuse it in any case.",
    ),
    STRICT_EXAMPLES,
    STATEFUL,
    click.option(
        "--allow-host",
        multiple=True,
        metavar="NAME",
        help="Also accept requests to the control API that are addressed to this host, or sent by its pages. "
        "Can be repeated.",
    ),
    click.option(
        "--token",
        metavar="TOKEN",
        callback=lambda _context, _parameter, token: checked_token(token),
        help="Require this token on the control API. MOCKSERVER_TOKEN keeps it out of the process list.",
    ),
    click.option(
        "--tls-cert",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Serve HTTPS with this certificate (PEM, followed by its intermediate certificates).",
    ),
    click.option(
        "--tls-key",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The private key of --tls-cert (PEM, without a password).",
    ),
    click.option(
        "--body-limit",
        metavar="SIZE",
        type=Size(),
        default=BODY_LIMIT,
        help="Largest request body: bytes, or a size such as 512KB or 10MB. Larger ones are refused with 413.  "
        "[default: 10MiB]",
    ),
    click.option(
        "--delay",
        metavar="DURATION",
        type=Delay(),
        help="Delay every response of the API by this long, such as 500ms, or by a random time: 200ms-2s.",
    ),
    click.option(
        "--handler-timeout",
        metavar="DURATION",
        type=Duration(),
        default=CALL_SECONDS,
        help="How long a function of the contract's handlers.py may take, such as 500ms or 5s; then the response is a "
        "500.  [default: 2s]",
    ),
    click.option(
        "--forwarded",
        is_flag=True,
        help="Build links, redirects and cookies from X-Forwarded-Prefix, X-Forwarded-Proto and X-Forwarded-Host. Use "
        "it only behind a proxy that overwrites these headers: otherwise any client can forge them.",
    ),
    click.option(
        "--watch/--no-watch",
        default=True,
        show_default=True,
        help="Reload CONTRACT when its files change. State is kept.",
    ),
    click.option(
        "--workers",
        metavar="NUMBER",
        default=1,
        show_default=True,
        type=click.IntRange(1, 64),
        help="Number of server processes; more than one needs --store.",
    ),
    click.option(
        "--store",
        metavar="URL",
        help="Redis database to keep all state in, shared by processes and hosts: redis://localhost:6379/0.",
    ),
    click.option(
        "--log",
        type=click.Choice(["text", "json", "off"]),
        help="Print a line for each request to standard error.  [default: text on a terminal, else off]",
    ),
    click.option("--no-pages", is_flag=True, help="Serve only the APIs, no HTML pages."),
    upstream_options,
    webhook_options,
)


class ServeOptions(Struct, frozen=True, kw_only=True):
    """The values of the options, and of the argument `contract`."""

    contract: Path | None
    host: str
    port: int
    scenario: str | None
    seed: int | None
    strict: bool
    strict_requests: bool
    strict_examples: bool | None
    stateful: bool
    allow_host: tuple[str, ...]
    token: str | None
    tls_cert: Path | None
    tls_key: Path | None
    body_limit: int
    delay: tuple[int, int] | None
    allow_webhook: tuple[str, ...]
    webhook_secret: str | None
    handler_timeout: float
    forwarded: bool
    watch: bool
    workers: int
    store: str | None
    log: Format | None
    no_pages: bool
    upstream: str | None
    passes: tuple[str, ...]
    upstream_ca: Path | None
    upstream_timeout: float

    def load(self, path: Path | None, scenario: str | None) -> Contract:
        """Load the contract at `path` as the options have it, with this default scenario.

        Raises ContractError, UnknownScenario and BadUpstream.
        """
        contract = load_contract(path, strict_examples=self.strict_examples, stateful=self.stateful)
        return with_settings(
            contract,
            scenario=scenario,
            seed=self.seed,
            handler_timeout=self.handler_timeout,
            webhook_secret=self.webhook_secret,
            upstream=self.upstream,
            passes=self.passes,
            upstream_ca=self.upstream_ca,
            upstream_timeout=self.upstream_timeout,
        )

    def open_service(self, contract: Contract, request_log: RequestLog | None = None) -> Service:
        """The service of a contract that was loaded with these options.

        Raises ImportError where `store` needs a package, and ValueError for an address of a store that is not valid.
        """
        return open_service(
            contract,
            strict=self.strict,
            strict_requests=self.strict_requests,
            allow_hosts=(*self.allow_host, self.host),
            token=self.token,
            serve_pages=not self.no_pages,
            body_limit=self.body_limit,
            forwarded=self.forwarded,
            store=self.store,
            request_log=request_log,
            allow_webhooks=self.allow_webhook,
            delay=self.delay,
        )
