"""Serves each OpenAPI document of a folder and validates the responses: `python -m tests.bench.documents FOLDER`.

Each document is loaded in its own process, to measure time and memory. Then every GET operation is requested once, with
parameters generated from their schemas. The first response is timed and must be the declared success response; exit
code 1 if one is not.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mockserver import Contract, ContractError, load_contract
from mockserver.check.scenario_requests import ScenarioRequests
from mockserver.documents.source import SUFFIXES
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http.messages import Response
from mockserver.http.pipeline import respond
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.web.services import create_service

COLUMNS = ("document", "KB", "operations", "load s", "load MB", "GET valid", "first ms", "slowest ms", "peak MB")
# Exit code of the process that measures a document that cannot be loaded.
REFUSED = 3


def megabytes() -> int:
    """This process's peak memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def find_mistake(contract: Contract, operation: Operation, response: Response) -> str:
    """Why a response is not the declared success response; empty if it is."""
    status, body, success = response.status, response.body, operation.usual()
    if success is None or status != success[0]:
        return f"{status} {body[:300].decode(errors='replace')}"
    media = json_media_type(success[1])
    if media is not None and "json" in (response.media_type or "") and media.schema is not None:
        schemas = media.validator.schemas if media.validator is not None else contract.schemas
        violations = schemas.validator(media.schema).violations(json.loads(body), "body")
        return str(violations[0]) if violations else ""
    return ""


def measure(path: Path) -> dict[str, Any]:
    """The figures of one document, by column, and `failed`: the mistakes in its responses."""
    started = time.perf_counter()
    contract = load_contract(path)
    load_seconds, load_megabytes = time.perf_counter() - started, megabytes()
    service = create_service(contract, Sandboxes(contract))
    requests = ScenarioRequests(service, contract, contract.default_scenario)
    operations = [
        operation for operation in contract.operations.values() if operation.method == "GET" and operation.responses
    ]
    times, failed = [], []
    for operation in operations:
        request = requests.build(operation)
        started = time.perf_counter()
        response = respond(service, request)
        times.append(1e3 * (time.perf_counter() - started))
        if mistake := find_mistake(contract, operation, response):
            failed.append(f"GET {request.target} ({operation.path}): {mistake}")
    return {
        "load s": load_seconds,
        "load MB": load_megabytes,
        "operations": len(contract.operations),
        "requests": len(operations),
        "failed": failed,
        "first ms": statistics.median(times or [0]),
        "slowest ms": max(times, default=0),
        "peak MB": megabytes(),
    }


def row(path: Path) -> tuple[list[str], list[str]]:
    """One document's cells of the table, and the mistakes in its responses."""
    command = [sys.executable, "-m", "tests.bench.documents", "--one", str(path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    size = f"{path.stat().st_size // 1024:,}"
    if process.returncode:
        message = "".join(process.stderr.strip().splitlines()[-1:])
        return [path.name, size, f"refused: {message}"], [] if process.returncode == REFUSED else [process.stderr]
    figures = json.loads(process.stdout)
    cells = [
        path.name,
        size,
        f"{figures['operations']:,}",
        f"{figures['load s']:.2f}",
        f"{figures['load MB']:,}",
        f"{figures['requests'] - len(figures['failed'])} / {figures['requests']}",
        f"{figures['first ms']:.1f}",
        f"{figures['slowest ms']:.0f}",
        f"{figures['peak MB']:,}",
    ]
    return cells, [f"{path.name}: {mistake}" for mistake in figures["failed"]]


def main() -> None:
    """Measure each document and print its line of the table."""
    if sys.argv[1] == "--one":
        try:
            print(json.dumps(measure(Path(sys.argv[2]))))
        except ContractError as error:
            print(str(error).splitlines()[0], file=sys.stderr)
            raise SystemExit(REFUSED) from None
        return
    mistakes: list[str] = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for path in sorted(path for path in Path(sys.argv[1]).iterdir() if path.suffix in SUFFIXES):
        cells, failed = row(path)
        print(f"| {' | '.join(cells)} |", flush=True)
        mistakes += failed
    if mistakes:
        print("\n".join(mistakes), file=sys.stderr)
    raise SystemExit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
