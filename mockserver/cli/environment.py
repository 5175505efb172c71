"""Options that environment variables set, for the command line and for `mockserver.wsgi`."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import click
from click.core import ParameterSource

from mockserver.syntax.instants import parse_duration

PREFIX = "MOCKSERVER"
UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
DURATION_LIMIT = 3_600
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmg]i?)?(?:b|bytes)?", re.IGNORECASE | re.ASCII)


class Size(click.ParamType):  # type: ignore[type-arg]  # generic only in recent versions of click
    """A number of bytes, at least one: `1000`, `512KB`, `10MB` (decimal), `10MiB` (binary)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The size in bytes. Raises click.BadParameter."""
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(value.strip())
        size = int(float(match[1]) * UNITS[(match[2] or "").lower()]) if match is not None else 0
        if size < 1:
            self.fail(f"{value!r} is not a size such as 10MB, 512KB, 10MiB or 1000 (bytes).", param, ctx)
        return size


class Duration(click.ParamType):  # type: ignore[type-arg]  # as above
    """A length of time, longer than none: `2s`, `500ms`, `1m30s`, or a number of seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The length in seconds. Raises click.BadParameter."""
        if isinstance(value, int | float):
            return float(value)
        text = value.strip()
        seconds = 0.0
        with suppress(ValueError):
            seconds = float(text) if _NUMBER.fullmatch(text) else parse_duration(text) / 1_000
        if not 0 < seconds <= DURATION_LIMIT:
            self.fail(f"{value!r} is not a duration such as 2s, 500ms or 1m (up to an hour).", param, ctx)
        return seconds


class Delay(click.ParamType):  # type: ignore[type-arg]  # as above
    """A delay, or two between which it is drawn: `500ms`, `200ms-2s`; as milliseconds, the least and the most."""

    name = "delay"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """The bounds in milliseconds. Raises click.BadParameter."""
        if isinstance(value, tuple):
            return value
        texts = value.replace(" ", "").split("-", 1)
        bounds = [round(Duration().convert(text, param, ctx) * 1_000) for text in (texts[0], texts[-1])]
        if bounds[1] < bounds[0]:
            self.fail(f"{value!r} ends below its start.", param, ctx)
        return bounds[0], bounds[1]


class PortOption(click.Option):
    """A port, which is not read from a variable that Kubernetes sets for a service called `mockserver`."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The variable's value; None for the address of a service, such as `tcp://10.96.0.17:4080`."""
        value = super().resolve_envvar_value(ctx)
        return None if value is not None and value.startswith(("tcp://", "udp://")) else value


class EnvironmentCommand(click.Command):
    """A command whose options can be set as environment variables; an error in one names the variable."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["context_settings"] = {**options.get("context_settings", {}), "auto_envvar_prefix": PREFIX}
        super().__init__(*args, **options)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments and the environment. Raises click.UsageError."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = error.param.name if error.param is not None else None
            if name is not None and ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
                error.param_hint = f"{PREFIX}_{name.upper()}"
            raise

    def read_environment(self) -> dict[str, Any]:
        """The values of all options as the environment has them. Raises ValueError, which names the variable."""
        try:
            # Click keeps the option for help that a command first has: this context must have none.
            return self.make_context(self.name, [], help_option_names=[]).params
        except click.UsageError as error:
            raise ValueError(error.format_message()) from None
