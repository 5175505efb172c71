"""The command `check`: find errors in a contract, and print them for people or for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from mockserver.check import annotation_formats, report
from mockserver.check.checker import ContractChecker
from mockserver.check.finding import CheckFinding
from mockserver.cli.arguments import CONTRACT, STATEFUL, STRICT_EXAMPLES, fail
from mockserver.cli.progress import SECONDS, elapsed_time
from mockserver.cli.terminal import print_line
from mockserver.contract.loader import contract_root, load_contract
from mockserver.engine.clock import monotonic
from mockserver.errors import ContractError, count_noun


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
def check_command(contract: Path | None, output_format: str, strict_examples: bool | None, stateful: bool) -> None:
    """Find errors in CONTRACT: in its files, and in the responses that it produces.

    In each scenario, it puts every record into every state that it can reach, and validates the responses of all
    operations there. Exits with 1 if there are errors; warnings do not count.

    \b
    Examples:
      mockserver check my-mock
      mockserver check petstore.yaml --strict-examples
      mockserver check my-mock --format sarif > mockserver.sarif
    """
    checker: ContractChecker | None = None
    try:
        with elapsed_time(f"Loading {contract or 'the built-in contract'}"):
            checker = ContractChecker(load_contract(contract, strict_examples=strict_examples, stateful=stateful))
        _run_with_progress(checker)
        findings = checker.findings
    except ContractError as error:
        findings = [CheckFinding("error", problem) for problem in error.problems]
    _print_findings(checker, findings, output_format, contract_root(contract))
    if errors := report.count_errors(findings):
        fail(f"{count_noun(errors, 'error')} in the contract")


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
    current_directory = Path.cwd().resolve()
    if output_format == "json":
        click.echo(json.dumps(report.as_dict(checker, findings), indent=2))
    elif output_format == "sarif":
        click.echo(json.dumps(annotation_formats.as_sarif(findings, root, current_directory), indent=2))
    elif output_format == "github":
        for line in annotation_formats.as_github_commands(findings, root, current_directory):
            print_line(line)
    else:
        for finding in findings:
            print_line(str(finding), err=True)
        for line in report.summarize(checker) if checker is not None else ():
            print_line(line)
