"""The command `check`: find errors in a contract, and print them for people or for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from mockserver.check import annotation_formats, report
from mockserver.check.backend_checker import BackendChecker
from mockserver.check.backend_client import BackendClient, Unreachable
from mockserver.check.checker import ContractChecker
from mockserver.check.finding import CheckFinding
from mockserver.cli.arguments import (
    CONTRACT,
    STATEFUL,
    STRICT_EXAMPLES,
    fail,
    load_or_fail,
    warn,
    without_effect_lines,
    without_state_lines,
)
from mockserver.cli.progress import SECONDS, elapsed_time
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import contract_root, load_contract
from mockserver.contract.model import Contract
from mockserver.engine.clock import monotonic
from mockserver.errors import ContractError, count_noun
from mockserver.syntax.http.header_names import TEXT, TOKEN

# The exit code if a backend cannot be reached.
UNREACHABLE = 2


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
    metavar="URL",
    help="Check a real backend instead: request what CONTRACT promises, and validate its responses.",
)
@click.option(
    "--header",
    "headers",
    metavar="HEADER",
    multiple=True,
    help="With --against: a header for each request, such as 'Authorization: Bearer …'. Can be repeated.",
)
@click.option(
    "--unsafe",
    is_flag=True,
    help="With --against: also create records, and change and delete those that were created.",
)
def check_command(
    contract: Path | None,
    output_format: str,
    strict_examples: bool | None,
    stateful: bool,
    against: str | None,
    headers: tuple[str, ...],
    unsafe: bool,
) -> None:
    """Find errors in CONTRACT: in its files, and in the responses that it produces.

    In each scenario, it puts every record into every state that it can reach, and validates the responses of all
    operations there. Exits with 1 if there are errors; warnings do not count.

    \b
    Examples:
      mockserver check my-mock
      mockserver check petstore.yaml --strict-examples
      mockserver check my-mock --format sarif > mockserver.sarif
      mockserver check petstore.yaml --against http://localhost:8000 --header 'Authorization: Bearer …'
    """
    if against is not None:
        loaded = load_or_fail(lambda: load_contract(contract, strict_examples=strict_examples, stateful=True))
        _check_backend(loaded, contract_root(contract), against, headers, output_format, unsafe=unsafe)
        return
    if headers or unsafe:
        raise click.UsageError("--header and --unsafe need --against URL")
    checker: ContractChecker | None = None
    try:
        with elapsed_time(f"Loading {contract or 'the built-in contract'}"):
            checker = ContractChecker(load_contract(contract, strict_examples=strict_examples, stateful=stateful))
        _run_with_progress(checker)
        findings = checker.findings
    except ContractError as error:
        findings = [CheckFinding("error", problem) for problem in error.problems]
    _print_findings(checker, findings, output_format, contract_root(contract))
    if checker is not None and output_format == "text":
        for line in without_state_lines(checker.contract):
            print_line(f"without state: {line}")
        # In a directory these are warnings.
        is_inferred = stateful and contract is not None and contract.is_file()
        for line in without_effect_lines(checker.contract) if is_inferred else ():
            print_line(f"query parameters without effect: {line}")
    if errors := report.count_errors(findings):
        fail(f"{count_noun(errors, 'error')} in the contract")


def _check_backend(
    contract: Contract, root: Path, url: str, headers: tuple[str, ...], output_format: str, *, unsafe: bool
) -> None:
    """Check a backend, and print the result; exits with 1 for deviations, and with 2 if it cannot be reached."""
    try:
        client = BackendClient(url, [_split_header(text) for text in headers])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--against") from None
    checker = BackendChecker(contract, client, unsafe=unsafe)
    try:
        with elapsed_time(f"Requesting {client.address}"):
            checker.run()
    except Unreachable as error:
        warn(f"cannot reach {client.address}: {error}")
        raise SystemExit(UNREACHABLE) from None
    if output_format == "json":
        click.echo(json.dumps(checker.as_dict(), indent=2))
    else:
        _print_lines(checker.findings, output_format, root)
        for line in checker.summary():
            # The output of other formats is for programs alone.
            print_line(line, err=output_format != "text")
    if checker.findings:
        fail(f"{count_noun(len(checker.findings), 'deviation')} from the contract")


def _split_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not TOKEN.fullmatch(name.strip()) or not TEXT.fullmatch(value):
        message = f"{name.strip()} is not a header in ASCII such as 'Name: value'"
        raise click.BadParameter(message, param_hint="--header")
    return name.strip(), value.strip()


def _run_with_progress(checker: ContractChecker) -> None:
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
    checker: ContractChecker | None, findings: list[CheckFinding], output_format: str, root: Path
) -> None:
    """Print the result of a check; `checker` is None where the contract could not be loaded."""
    if output_format == "json":
        click.echo(json.dumps(report.as_dict(checker, findings), indent=2))
        return
    _print_lines(findings, output_format, root)
    if output_format == "text":
        for line in report.summarize(checker) if checker is not None else ():
            print_line(line)


def _print_lines(findings: list[CheckFinding], output_format: str, root: Path) -> None:
    """Print findings in a format other than JSON."""
    if output_format == "sarif":
        click.echo(json.dumps(annotation_formats.as_sarif(findings, root, Path.cwd().resolve()), indent=2))
    elif output_format == "github":
        for line in annotation_formats.as_github_commands(findings, root, Path.cwd().resolve()):
            print_line(line)
    else:
        for finding in findings:
            print_line(str(finding), err=True)
