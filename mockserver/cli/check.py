"""The command `check`: find errors in a contract, and print them for people or for programs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from mockserver.check import annotation_formats, report
from mockserver.check.backend import Backend, BackendUnreachable
from mockserver.check.backend_checker import BackendChecker
from mockserver.check.checker import ContractChecker
from mockserver.check.finding import CheckFinding
from mockserver.cli.arguments import CONTRACT, STATEFUL, STRICT_EXAMPLES, fail, warn
from mockserver.cli.progress import SECONDS, elapsed_time
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import contract_root, load_contract
from mockserver.engine.clock import monotonic
from mockserver.errors import ContractError, count_noun

# RFC 9110, section 5.1.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@click.command("check", short_help="Find errors in CONTRACT.")
@CONTRACT
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="Output format: text for people, json for programs, github for annotations on a pull request, "
    "sarif for code scanning.",
)
@STRICT_EXAMPLES
@STATEFUL
@click.option(
    "--against",
    "backend_url",
    metavar="URL",
    help="Check the backend at URL against CONTRACT instead: send it requests, and validate its responses.",
)
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Send this header to the backend.")
@click.option("--unsafe", is_flag=True, help="Also create records in the backend, and change and delete these.")
def check_command(
    contract: Path | None,
    output_format: str,
    strict_examples: bool | None,
    stateful: bool,
    backend_url: str | None,
    headers: tuple[str, ...],
    unsafe: bool,
) -> None:
    """Find errors in CONTRACT: in its files, and in the responses that it produces.

    In each scenario, it puts every record into every state that it can reach, and validates the responses of all
    operations there. Exits with 1 if there are errors; warnings do not count.

    With --against, it finds where a backend deviates from CONTRACT: it sends GET and HEAD requests with the examples of
    the document and with keys from the lists that the backend returns. Exits with 2 if the backend cannot be reached.

    \b
    Examples:
      mockserver check my-mock
      mockserver check petstore.yaml --strict-examples
      mockserver check my-mock --format sarif > mockserver.sarif
      mockserver check my-mock --against http://localhost:3000 --header 'Authorization: Bearer abc'
    """
    backend = _read_backend(backend_url, headers, unsafe=unsafe)
    checker: ContractChecker | BackendChecker | None = None
    try:
        with elapsed_time(f"Loading {contract or 'the built-in contract'}"):
            loaded = load_contract(contract, strict_examples=strict_examples, stateful=stateful)
        checker = ContractChecker(loaded) if backend is None else BackendChecker(loaded, backend, unsafe=unsafe)
        _run_with_progress(checker)
        findings = checker.findings
    except ContractError as error:
        findings = [CheckFinding("error", problem) for problem in error.problems]
    except BackendUnreachable as error:
        warn(f"{backend_url} cannot be reached: {error}")
        raise SystemExit(2) from None
    _print_findings(checker, findings, output_format, contract_root(contract))
    if errors := report.count_errors(findings):
        what = "deviation" if isinstance(checker, BackendChecker) else "error"
        fail(f"{count_noun(errors, what)} {'of the backend' if what == 'deviation' else 'in the contract'}")


def _read_backend(url: str | None, headers: tuple[str, ...], *, unsafe: bool) -> Backend | None:
    """The backend that the options name, if they do. Raises UsageError."""
    if url is None:
        for option in ("--header",) * bool(headers) + ("--unsafe",) * unsafe:
            raise click.UsageError(f"{option} needs --against URL: it is about the requests to a backend.")
        return None
    values = {}
    for text in headers:
        name, separator, value = text.partition(":")
        if not separator or not HEADER_NAME.fullmatch(name):
            raise click.BadParameter(
                f"{text!r} is not a header such as 'Authorization: Bearer abc'.", param_hint="--header"
            )
        values[name] = value.strip()
    try:
        return Backend(url, values)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--against") from None


def _run_with_progress(checker: ContractChecker | BackendChecker) -> None:
    """Take all steps of the checker; on a terminal, show a progress bar once they have taken longer than a second."""
    began, steps = monotonic(), checker.steps()
    for _ in steps:
        if sys.stderr.isatty() and monotonic() - began > SECONDS:
            break
    else:
        return
    with click.progressbar(length=1_000, label="Validating responses", file=sys.stderr) as bar:
        for fraction in steps:
            bar.update(int(fraction * 1_000) - bar.pos)


def _print_findings(
    checker: ContractChecker | BackendChecker | None, findings: list[CheckFinding], output_format: str, root: Path
) -> None:
    """Print the result of a check; `checker` is None where the contract could not be loaded."""
    current_directory = Path.cwd().resolve()
    if output_format == "json":
        if isinstance(checker, BackendChecker):
            result = report.backend_as_dict(checker)
        else:
            result = report.as_dict(checker, findings)
        click.echo(json.dumps(result, indent=2))
    elif output_format == "sarif":
        click.echo(json.dumps(annotation_formats.as_sarif(findings, root, current_directory), indent=2))
    elif output_format == "github":
        for line in annotation_formats.as_github_commands(findings, root, current_directory):
            print_line(line)
    else:
        for finding in findings:
            print_line(str(finding), err=True)
        for line in _summary(checker):
            print_line(line)


def _summary(checker: ContractChecker | BackendChecker | None) -> list[str]:
    if isinstance(checker, BackendChecker):
        return report.summarize_backend(checker)
    return report.summarize(checker) if checker is not None else []
