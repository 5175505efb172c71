"""Reads the upstream: the one that `resources.yaml` declares, or that of the command line."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.upstream import TIMEOUT_SECONDS, BadUpstream, PathPattern, Upstream, UpstreamAddress
from mockserver.documents.source import Report, Source
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.model import Operation


def read_upstream(
    url: str, operations: Mapping[str, Operation], passes: Iterable[str], ca: Path | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> Upstream:  # fmt: skip
    """The upstream at a URL. `passes` are names of operations, or patterns such as `GET /jobs/*`.

    `ca` is a file with certificates (PEM) to trust besides those of the machine. Raises BadUpstream.
    """
    address = UpstreamAddress.parse(url)
    names, patterns = read_passes(passes, operations)
    prefixes = {prefix for operation in operations.values() for prefix in operation.prefixes}
    return Upstream(
        address,
        names,
        patterns,
        tuple(sorted(prefixes, key=lambda prefix: (-len(prefix), prefix))),
        timeout,
        trusting_tls(ca),
    )


def read_declared(source: Source, operations: Mapping[str, Operation], report: Report) -> Upstream | None:
    """The upstream that `resources.yaml` declares: a URL, or an object with `url` and `pass`."""
    declared: Any = source.data.get("upstream")
    if declared is None:
        return None
    members = {"url": declared} if isinstance(declared, str) else declared
    try:
        return read_upstream(members["url"], operations, members.get("pass", ()))
    except BadUpstream as error:
        report.add(source, "/upstream", str(error), "upstream")
        return None


def read_passes(
    passes: Iterable[str], operations: Mapping[str, Operation]
) -> tuple[frozenset[str], tuple[PathPattern, ...]]:
    """The names of operations and the patterns that are passed on. Raises BadUpstream."""
    names, patterns = set[str](), list[PathPattern]()
    for text in passes:
        pattern = PathPattern.parse(text)
        if pattern is not None:
            patterns.append(pattern)
        elif text.strip() in operations:
            names.add(text.strip())
        else:
            hint = did_you_mean(text, operations)
            message = f"There is no operation {quote(text)} to pass on.{hint} A pattern is written as GET /jobs/*"
            raise BadUpstream(message, "--pass")
    return frozenset(names), tuple(patterns)


def trusting_tls(ca: Path | None) -> ssl.SSLContext | None:
    """TLS that trusts the certificates of a file besides those of the machine. Raises BadUpstream."""
    if ca is None:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca)
    except ssl.SSLError:
        message = f"{ca} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
        raise BadUpstream(message, "--upstream-ca") from None
    except OSError as error:
        raise BadUpstream(f"{ca} cannot be read: {error.strerror or error}.", "--upstream-ca") from None
    return context
