"""The command line: `mockserver serve`, `check`, `scenarios`, `diagram`, `init`, `schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from mockserver.check import report, report_formats
from mockserver.check.checker import ContractChecker
from mockserver.check.finding import CheckFinding
from mockserver.cli import scaffold
from mockserver.cli.arguments import CONTRACT, STATEFUL, STRICT_EXAMPLES, current_option_name, fail, load_or_fail, warn
from mockserver.cli.progress import SECONDS, elapsed_time
from mockserver.cli.serve import serve_command
from mockserver.contract import formats
from mockserver.contract.loader import contract_root, load_contract
from mockserver.contract.mermaid import write_mermaid
from mockserver.engine.clock import monotonic
from mockserver.errors import ContractError
from mockserver.version import __version__


@click.group(
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": current_option_name,
    }
)
@click.version_option(__version__, "-V", "--version", message="mockserver %(version)s")
def main() -> None:
    """Mock API server: serves an OpenAPI contract from files, keeps state, validates every response.

    CONTRACT is a contract directory (schemas/, fixtures/, scenarios/) or an OpenAPI 3.0 or 3.1 file.
    Without CONTRACT, the commands use the built-in example: the job queue of a tutoring product.

    \b
    Examples:
      mockserver serve                            serve the built-in example
      mockserver serve petstore.yaml --stateful   serve an OpenAPI file, with state
      mockserver init my-mock                     create a contract directory
      mockserver check my-mock                    find errors in it
    """


main.add_command(serve_command)


@main.command(short_help="Find errors in CONTRACT.")
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
def check(contract: Path | None, output_format: str, strict_examples: bool | None, stateful: bool) -> None:
    """Find errors in CONTRACT: in its files, and in the responses that it produces.

    In each scenario, every record is brought into every state that it can reach, and the response of every
    operation there is validated. Exits with 1 if there are errors; warnings do not count.

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
        fail(f"{report.count_noun(errors, 'error')} in the contract")


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
        click.echo(json.dumps(report_formats.as_sarif(findings, root, current_directory), indent=2))
    elif output_format == "github":
        for line in report_formats.as_github_commands(findings, root, current_directory):
            click.echo(line)
    else:
        for finding in findings:
            click.echo(str(finding), err=True)
        for line in report.summarize(checker) if checker is not None else ():
            click.echo(line)


@main.command(short_help="List the scenarios of CONTRACT.")
@CONTRACT
def scenarios(contract: Path | None) -> None:
    """List the scenarios of CONTRACT. An asterisk marks the default."""
    loaded = load_or_fail(lambda: load_contract(contract))
    width = max(map(len, loaded.scenarios), default=0)
    for name in sorted(loaded.scenarios):
        mark = "*" if name == loaded.default_scenario else " "
        click.echo(f"{mark} {name:<{width}}  {loaded.scenarios[name].summary}".rstrip())


@main.command("diagram", short_help="Print the lifecycles of CONTRACT as Mermaid diagrams.")
@CONTRACT
def diagram_command(contract: Path | None) -> None:
    """Print each lifecycle of CONTRACT as a Mermaid state diagram."""
    loaded = load_or_fail(lambda: load_contract(contract))
    diagrams = [
        write_mermaid(name, resource.lifecycle)
        for name, resource in loaded.resources.items()
        if resource.lifecycle is not None
    ]
    click.echo("\n\n".join(diagrams) if diagrams else f"{loaded.name} declares no lifecycle.", err=not diagrams)


@main.command(short_help="Create a contract directory.")
@click.option(
    "--from",
    "document",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Create it from this OpenAPI file. Its responses are those of `mockserver serve FILE --stateful`.",
)
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path, document: Path | None) -> None:
    """Create a contract in DIRECTORY, to serve and to edit: a small example, or one from an OpenAPI file.

    Existing files are never overwritten.

    \b
    Examples:
      mockserver init my-mock
      mockserver init --from petstore.yaml my-pets
    """
    contract = load_or_fail(lambda: load_contract(document, stateful=True)) if document is not None else None
    try:
        files = scaffold.example_files() if contract is None else scaffold.files_from_contract(contract)
        for path in scaffold.write(directory, files):
            click.echo(f"Created {path}")
    except scaffold.AlreadyExists as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"cannot write {directory}: {error.strerror}")
    if contract is not None and contract.findings:
        _warn_of_errors(directory)
    click.echo(f"Next: mockserver serve {directory}")


def _warn_of_errors(directory: Path) -> None:
    """Warn if the created directory has errors: mistakes that are ignored in a single file are errors there."""
    try:
        load_contract(directory)
    except ContractError as error:
        errors = report.count_noun(len(error.problems), "error")
        warn(f"fix {errors} before serving the directory; run `mockserver check {directory}` for details")


@main.command(short_help="Print the JSON Schema of a contract file.")
@click.argument("name", type=click.Choice(formats.NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of resources.yaml, of a scenario file, or of an override.

    Editors use it for completion and validation.
    """
    click.echo(formats.schema_path(name).read_text(), nl=False)
