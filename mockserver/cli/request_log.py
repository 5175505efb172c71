"""Writes a line for each request to standard error: as text for people, or as JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import Literal, TextIO

from msgspec.structs import asdict

from mockserver.errors import printable
from mockserver.http.request_log import RequestLine, RequestLog
from mockserver.syntax.instants import format_instant

Format = Literal["text", "json", "off"]
# ANSI colours of the classes of statuses: green, cyan, yellow, red.
COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}
TARGET_LIMIT = 500


def request_log(form: Format | None, stream: TextIO | None = None) -> RequestLog | None:
    """What writes the lines in this format; without one, text if the stream is a terminal. None for no lines."""
    stream = sys.stderr if stream is None else stream
    if form is None:
        form = "text" if stream.isatty() else "off"
    if form == "off":
        return None
    if form == "json":
        return lambda line: _write(stream, as_json(line))
    # https://no-color.org
    has_colours = stream.isatty() and not os.environ.get("NO_COLOR")
    return lambda line: _write(stream, as_text(line, has_colours=has_colours))


def as_text(line: RequestLine, *, has_colours: bool = False) -> str:
    """Time, status, method, target, milliseconds, sandbox and scenario, operation, override, and why it was refused."""
    clock = datetime.fromtimestamp(line.at / 1_000).strftime("%H:%M:%S")
    status = f"\x1b[{COLOURS.get(line.status // 100, '0')}m{line.status}\x1b[0m" if has_colours else str(line.status)
    parts = [f"{line.method:<6} {line.target[:TARGET_LIMIT]}", f"{line.milliseconds:.1f}ms"]
    if line.sandbox is not None:
        parts.append(f"{line.sandbox}/{line.scenario}")
    if line.operation is not None:
        parts.append(line.operation)
    if line.override is not None:
        parts.append(f"{line.override}: {line.fault}" if line.fault is not None else line.override)
    if line.code is not None:
        parts.append(f"{line.code}: {line.reason or ''}")
    return f"{clock}.{line.at % 1_000:03}  {status}  {printable('  '.join(parts))}"


def as_json(line: RequestLine) -> str:
    """The same as JSON, without the members that the request does not have."""
    fields = {
        **asdict(line), "at": format_instant(line.at), "milliseconds": round(line.milliseconds, 3)
    }  # fmt: skip
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
    except UnicodeEncodeError:
        stream.write(f"{ascii(text)[1:-1]}\n")
    stream.flush()
