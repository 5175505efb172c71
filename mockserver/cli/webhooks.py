"""The options of `serve` about webhooks."""

from __future__ import annotations

from typing import Any

import click

from mockserver.cli.arguments import add_options
from mockserver.contract.webhooks.model import read_secret


class WebhookSecret(click.ParamType):  # type: ignore[type-arg]  # generic only in recent versions of click
    """A secret of Standard Webhooks, as text."""

    name = "secret"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text, if it is a secret."""
        try:
            read_secret(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)
        return str(value)


webhook_options = add_options(
    click.option(
        "--allow-webhook",
        multiple=True,
        metavar="HOST",
        help="Also send webhooks to this host; without it, they are sent to loopback addresses only. Can be repeated.",
    ),
    click.option(
        "--webhook-secret",
        metavar="SECRET",
        type=WebhookSecret(),
        help="Sign webhooks that declare no secret with this one: whsec_ and base64. MOCKSERVER_WEBHOOK_SECRET keeps "
        "it out of the process list.",
    ),
)
