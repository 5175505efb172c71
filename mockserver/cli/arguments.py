"""What the commands share: the CONTRACT argument, its options, loading it, and failing with a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from mockserver.cli.progress import elapsed_time
from mockserver.cli.terminal import print_line
from mockserver.contract.model import Contract
from mockserver.contract.unused import unused_parameters
from mockserver.errors import ContractError, count_noun
from mockserver.refusals import UnknownScenario

Decorator = Callable[[Any], Any]

CONTRACT = click.argument("contract", required=False, envvar="MOCKSERVER_CONTRACT", type=click.Path(path_type=Path))
STRICT_EXAMPLES = click.option(
    "--strict-examples/--repair-examples",
    default=None,
    help="What to do with an example that does not match its schema: report an error, or repair it when it is served.  "
    "[default: error in a contract directory, repair in a single OpenAPI file]",
)
STATEFUL = click.option(
    "--stateful",
    is_flag=True,
    help="Keep state behind an OpenAPI file: POST /things adds a record, which GET then returns and DELETE removes.",
)


def add_options(*options: Decorator) -> Decorator:
    """A decorator that adds these options to a command, in this order in its help."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def load_or_fail(load: Callable[[], Contract]) -> Contract:
    """Load a contract, showing the elapsed time; on errors, print all of them and exit with 1."""
    try:
        with elapsed_time("Loading the contract"):
            return load()
    except ContractError as error:
        fail_with_problems(error)
    except UnknownScenario as refusal:
        fail(refusal.detail)


def fail_with_problems(error: ContractError) -> NoReturn:
    """Print every problem of a contract to standard error, then exit with 1."""
    for problem in error.problems:
        print_line(str(problem), err=True)
    fail(f"{count_noun(len(error.problems), 'error')} in the contract")


def fail(message: str) -> NoReturn:
    """Print a message to standard error, then exit with 1."""
    warn(message)
    raise SystemExit(1)


def warn(message: str) -> None:
    """Print a message to standard error."""
    print_line(f"mockserver: {message}", err=True)


def without_state_lines(contract: Contract, limit: int | None = None) -> list[str]:
    """The operations that keep no state although collections were inferred, `limit` of them, each with the reason."""
    listed = list(contract.without_state.items())
    lines = [
        f"{contract.operations[name].method} {contract.operations[name].path}: {reason}"
        for name, reason in listed[:limit]
    ]
    return [*lines, f"… and {len(listed) - len(lines)} more"] if len(lines) < len(listed) else lines


def without_effect_lines(contract: Contract) -> list[str]:
    """The query parameters that nothing was inferred from, by operation."""
    lines: list[str] = []
    for name, behaviour in contract.behaviours.items():
        operation = contract.operations[name]
        if unused := list(unused_parameters(operation, behaviour)):
            lines.append(f"{operation.method} {operation.path}: {', '.join(unused)}")
    return lines
