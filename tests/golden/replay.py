"""Record what a server answers to the requests of `tests.golden.cases`, and compare with it later.

    python -m tests.golden.replay record FILE [--only PATTERN] [--front protocol|wsgi]
    python -m tests.golden.replay FILE [--only PATTERN] [--front protocol|wsgi]
    python -m tests.golden.replay record --reduced

FILE has one line of JSON for each request; a name that ends in `.gz` is compressed. A pattern is that of a shell, over
the names of cases: `selection/*`. A file belongs to the front end that it was recorded from: `protocol` is the server
of this project, `wsgi` is Werkzeug's, in front of the same application. The cases about delays, faults and the manners
of a connection are of `protocol` alone.

`--reduced` records the smaller set that the test suite compares with, for both front ends, in place of the files
beside this module. Do that where an answer is meant to be another from now on, and read what `git diff` and the test
say before.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.golden.cases import Case, all_cases, reduced_cases
from tests.golden.exchange import Answer, Connection, methods
from tests.golden.servers import FRONTS, PROTOCOL, Address, Servers

HERE = Path(__file__).parent
REDUCED = {front: HERE / f"golden-{front}.jsonl.gz" for front in FRONTS}
# So much of a text is shown on either side of where it differs.
SHOWN = 160

Pair = dict[str, Any]


def play(case: Case, address: Address, front: str) -> list[Pair]:
    """Send the requests of a case in order, and return each with its answer."""
    connection: Connection | None = None
    apart: list[tuple[int, Connection]] = []
    answers: list[list[Answer]] = []
    finished: list[Connection] = []
    for number, step in enumerate(case.steps):
        if step.pause:
            time.sleep(step.pause)
        if step.apart:
            held = Connection(address)
            held.send(step.raw)
            apart.append((number, held))
            answers.append([])
            time.sleep(0.1)  # what was sent first is to be received first
            continue
        if connection is not None and connection.is_open and not step.fresh:
            late = connection.pending()
            if answers[-1]:
                answers[-1][-1].after = late
        if connection is None or not connection.is_open or step.fresh:
            if connection is not None:
                finished.append(connection)
            connection = Connection(address, once=front != PROTOCOL)
        connection.send(step.raw)
        expected = methods(step.raw, step.answers) if step.answers else ()
        answers.append([connection.read(method == b"HEAD") for method in expected])
    for number, held in apart:
        answers[number] = [held.read(case.steps[number].raw.startswith(b"HEAD "))]
        held.finish()
    if connection is not None:
        answers[-1][-1].after += connection.finish()
    for other in finished:
        other.finish()
    pairs = []
    for number, (step, received) in enumerate(zip(case.steps, answers, strict=True)):
        reported = [item.normal(real_time=case.real_time).as_dict() for item in received]
        sent = {"request": step.title, "sent": hashlib.sha256(step.raw).hexdigest()[:12]}
        pairs.append({"case": case.name, "step": number, **sent, "answers": reported})
    return pairs


def played(cases: Iterable[Case], front: str) -> Iterator[tuple[Case, list[Pair]]]:
    """Each case of a front end, with its requests and answers; each has a server of its own."""
    with Servers(front) as servers:
        for case in cases:
            if front in case.fronts:
                with servers.serve(case.settings) as address:
                    yield case, play(case, address, front)


def write(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs as lines of JSON; the same ones always as the same bytes."""
    text = "".join(json.dumps(pair, ensure_ascii=False, separators=(",", ":")) + "\n" for pair in pairs).encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)


def read(path: Path) -> dict[str, list[Pair]]:
    """The pairs of a file, by case."""
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    by_case: dict[str, list[Pair]] = {}
    for line in text.decode().splitlines():
        pair = json.loads(line)
        by_case.setdefault(pair["case"], []).append(pair)
    return by_case


def differences(recorded: list[Pair], answered: list[Pair]) -> Iterator[tuple[int, str]]:
    """Where two plays of one case differ: the step, and what to tell a reader about it."""
    for number in range(max(len(recorded), len(answered))):
        if number >= len(recorded):
            yield number, f"{answered[number]['request']}\n    was not recorded"
        elif number >= len(answered):
            yield number, f"{recorded[number]['request']}\n    is no longer sent"
        elif any(recorded[number][name] != answered[number][name] for name in ("sent", "answers")):
            reported = "\n    ".join(_difference(recorded[number], answered[number]))
            yield number, f"{answered[number]['request']}\n    {reported}"


def _difference(recorded: Pair, answered: Pair) -> Iterator[str]:
    if recorded["sent"] != answered["sent"]:
        yield "another request was recorded: record it again"
        return
    if len(recorded["answers"]) != len(answered["answers"]):
        yield f"{len(recorded['answers'])} answers were recorded, {len(answered['answers'])} came"
        return
    for old, new in zip(recorded["answers"], answered["answers"], strict=True):
        if old == new:
            continue
        for place, (before, now) in enumerate(zip([*old["head"], ""], [*new["head"], ""], strict=False)):
            if before != now:
                yield f"head, line {place + 1}: {before!r} was recorded, {now!r} came"
                break
        else:
            if len(old["head"]) != len(new["head"]):
                yield f"head: {len(old['head'])} lines were recorded, {len(new['head'])} came"
        for name in old.keys() | new.keys():
            if name != "head" and old.get(name) != new.get(name):
                yield _place(name, str(old.get(name, "")), str(new.get(name, "")))


def _place(name: str, before: str, now: str) -> str:
    first = next((at for at, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    begin = max(0, first - SHOWN // 4)
    shown = (text[begin : first + SHOWN] for text in (before, now))
    return "{}, at {}: {!r} was recorded,\n        {!r} came".format(name, first, *shown)


def record(path: Path, cases: Sequence[Case], front: str, tell: Callable[[str], object] = print) -> None:
    """Send the requests of every case, and write what comes."""
    pairs = [pair for _, played_pairs in played(cases, front) for pair in played_pairs]
    write(path, pairs)
    tell(f"{len(pairs)} requests with their answers, {path.stat().st_size:,} bytes: {path.name}")


def replay(
    path: Path, cases: Sequence[Case], front: str, tell: Callable[[str], object] = print, *, whole: bool = True
) -> bool:
    """Send the requests again, and tell each difference; whether there was none. `whole`: these are all that there are."""
    recorded, same, different = read(path), 0, 0
    for name in recorded.keys() - {case.name for case in cases} if whole else ():
        tell(f"{name}: is no longer sent")
        different += len(recorded[name])
    for case, pairs in played(cases, front):
        reported = list(differences(recorded.pop(case.name, []), pairs))
        for number, text in reported:
            tell(f"{case.name}, request {number + 1}: {text}")
        different += len(reported)
        same += len(pairs) - sum(number < len(pairs) for number, _ in reported)
    tell(f"{same} same, {different} different")
    return not different


def main(arguments: list[str]) -> int:
    """The command line; what it returns is the exit code."""
    recording = arguments[:1] == ["record"]
    parser = argparse.ArgumentParser("python -m tests.golden.replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", help="the file to compare with; after `record`, to write")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only cases whose names match")
    parser.add_argument("--front", choices=FRONTS, default=PROTOCOL)
    parser.add_argument("--reduced", action="store_true", help="the smaller set, in the files beside this module")
    options = parser.parse_args(arguments[1:] if recording else arguments)
    if options.file is None and not options.reduced:
        parser.error("a file is needed")
    every = reduced_cases() if options.reduced else all_cases()
    cases = [case for case in every if fnmatch(case.name, options.only)]
    fine = True
    for front, path in ((options.front, options.file),) if options.file is not None else REDUCED.items():
        if recording:
            record(path, cases, front)
        else:
            fine = replay(path, cases, front, whole=len(cases) == len(every)) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
