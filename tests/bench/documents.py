"""Serves each OpenAPI document of a folder, and judges what it answers: `python -m tests.bench.documents FOLDER`.

Each is loaded in a process of its own, for its time and memory. Then every GET operation is asked, with parameters as
its schemas have them; its first answer is timed, and must be the declared one of success. Exit code 1 where one is not.
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
from mockserver.check.requests import ScenarioRequests
from mockserver.contract.overrides import json_media
from mockserver.documents.source import SUFFIXES
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http.messages import Response
from mockserver.http.pipeline import respond
from mockserver.openapi.model import Operation
from mockserver.web.app import create_service

COLUMNS = ("document", "KB", "operations", "load s", "load MB", "GET valid", "first ms", "slowest ms", "peak MB")


def megabytes() -> int:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def judged(contract: Contract, operation: Operation, response: Response) -> str:
    """What is wrong with an answer; empty where it is the declared one of success."""
    status, body, success = response.status, response.body, operation.success() or operation.lowest()
    if success is None or status != success[0]:
        return f"{status} {body[:300].decode(errors='replace')}"
    media = json_media(success[1])
    if media is not None and "json" in (response.media_type or "") and media.schema is not None:
        schemas = media.validator.schemas if media.validator is not None else contract.schemas
        wrong = schemas.at(media.schema).violations(json.loads(body), "body")
        return str(wrong[0]) if wrong else ""
    return ""


def measure(path: Path) -> dict[str, Any]:
    """What there is to say of one document."""
    begun = time.perf_counter()
    contract = load_contract(path)
    found: dict[str, Any] = {"load s": time.perf_counter() - begun, "load MB": megabytes()}
    service = create_service(contract, Sandboxes(contract))
    asking = ScenarioRequests(service, contract, contract.default_scenario)
    asked = [one for one in contract.operations.values() if one.method == "GET" and one.responses]
    times, failed = [], []
    for operation in asked:
        made = asking.request(operation)
        begun = time.perf_counter()
        response = respond(service, made)
        times.append(1e3 * (time.perf_counter() - begun))
        if wrong := judged(contract, operation, response):
            failed.append(f"GET {made.target} ({operation.path}): {wrong}")
    return found | {
        "operations": len(contract.operations),
        "asked": len(asked),
        "failed": failed,
        "first ms": statistics.median(times or [0]),
        "slowest ms": max(times, default=0),
        "peak MB": megabytes(),
    }


def row(path: Path) -> tuple[list[str], list[str]]:
    """One document's line of the table, and what is wrong with its answers."""
    command = [sys.executable, "-m", "tests.bench.documents", "--one", str(path)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    size = f"{path.stat().st_size // 1024:,}"
    if made.returncode:
        last = made.stderr.strip().splitlines()[-1:]
        return [path.name, size, f"refused: {''.join(last)}"], [] if made.returncode == 3 else [made.stderr]
    found = json.loads(made.stdout)
    valid = f"{found['asked'] - len(found['failed'])} / {found['asked']}"
    figures = [f"{found['load s']:.2f}", f"{found['load MB']:,}", valid, f"{found['first ms']:.1f}"]
    told = [f"{path.name}: {one}" for one in found["failed"]]
    return [
        path.name,
        size,
        f"{found['operations']:,}",
        *figures,
        f"{found['slowest ms']:.0f}",
        f"{found['peak MB']:,}",
    ], told


def main() -> None:
    """Go through the documents, and print a line for each."""
    if sys.argv[1] == "--one":
        try:
            print(json.dumps(measure(Path(sys.argv[2]))))
        except ContractError as error:
            print(str(error).splitlines()[0], file=sys.stderr)
            raise SystemExit(3) from None
        return
    wrong: list[str] = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for path in sorted(one for one in Path(sys.argv[1]).iterdir() if one.suffix in SUFFIXES):
        cells, told = row(path)
        print(f"| {' | '.join(cells)} |", flush=True)
        wrong += told
    for one in wrong:
        print(one, file=sys.stderr)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
