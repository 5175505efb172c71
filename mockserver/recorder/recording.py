"""A recording: exchanges are added as they happen, and written as a contract directory at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.model import Contract
from mockserver.contract.scenarios import DEFAULT_NAME
from mockserver.errors import quote
from mockserver.http.messages import Request
from mockserver.http.request.parameters import read_query
from mockserver.recorder import directory as contract_directory
from mockserver.recorder.exchanges import BODY_LIMIT, RecordedExchange, find_header, read_content
from mockserver.recorder.list_orders import with_list_orders
from mockserver.recorder.observed_records import ObservedRecords, Tables
from mockserver.recorder.redactor import Redactor, header_secrets
from mockserver.recorder.replay import Entry, Replay
from mockserver.recorder.routes import RequestRouter, RoutedRequest, request_of
from mockserver.recorder.steps import Step, complete_where, read_step
from mockserver.recorder.summary import Summary
from mockserver.syntax import strict_json, yaml_writer

END_NAME = "recorded-end"
SUMMARIES = {
    DEFAULT_NAME: "As it was before the recorded requests, which get the recorded responses again",
    END_NAME: "As it was after the recorded requests",
}
NOT_MODIFIED = 304
# Of more requests of which nothing is written, only the number is known.
COUNTED_LIMIT = 1_000
MORE = "other requests"
# Of responses as JSON: more takes the reader of YAML long, or has more nodes than it reads.
YAML_BYTES = 1_000_000


class Recording:
    """Exchanges with a backend, to be written as a contract directory that gives the same responses.

    `contract` is loaded from the document alone with `stateful=True`. `redact` names further members, headers and
    parameters that hold secrets.
    """

    def __init__(self, contract: Contract, redact: Iterable[str] = ()) -> None:
        self._contract = contract
        self._router = RequestRouter(contract)
        self._redactor = Redactor(redact, contract.operations.values())
        self._exchanges: list[tuple[RecordedExchange, RoutedRequest]] = []
        self._unmatched: Counter[tuple[str, str]] = Counter()
        self._incomplete: Counter[tuple[str, str]] = Counter()
        self._too_large: list[tuple[str, str]] = []
        self._count = 0

    def add(self, exchange: RecordedExchange) -> None:
        """Note an exchange. Of a body above BODY_LIMIT, nothing is kept but that there was one."""
        method = exchange.method.upper()
        if method == "OPTIONS" and find_header(exchange.request_headers, "access-control-request-method") is not None:
            return
        self._count += 1
        is_too_large = exchange.size > BODY_LIMIT
        if is_too_large:
            exchange = exchange.without_bodies()
        request = request_of(exchange)
        self._learn(exchange, request)
        routed = self._router.route(request)
        if routed is None:
            if method != "HEAD" or self._router.route(request.as_get()) is None:
                _count(self._unmatched, method, exchange.target)
        elif is_too_large:
            self._too_large.append((f"{method} {exchange.target}", routed.operation.id))
            self._exchanges.append((exchange, routed))
        elif exchange.status != NOT_MODIFIED:
            self._exchanges.append((exchange, routed))

    def add_incomplete(self, method: str, target: str, reason: str) -> None:
        """Note a request to which no complete response came."""
        _count(self._incomplete, method, target, reason)

    def write(self, directory: Path) -> Summary:
        """Write a contract directory. Raises AlreadyExists unless it is empty or does not exist, and OSError."""
        contract_directory.require_empty(directory)
        summary = Summary(self._count)
        steps = self._steps()
        observed = ObservedRecords(self._contract)
        for step in steps:
            if not step.violations:
                observed.add(step)
        contract = with_list_orders(self._contract, observed)
        replay = Replay(contract, observed, steps)
        baseline, end = observed.baseline(), observed.end()
        responses = {DEFAULT_NAME: replay.from_baseline(baseline), END_NAME: replay.from_end(end)}
        files = contract_directory.schema_files(contract)
        writer = _ScenarioWriter()
        for name, records in ((DEFAULT_NAME, baseline), (END_NAME, end)):
            files |= contract_directory.fixture_files(name, records, contract.resources)
            files |= writer.file(name, records, responses[name])
        summary.files = contract_directory.write(directory, files)
        summary.records = {name: len(rows) for name, rows in baseline.items()}
        summary.responses = len(responses[DEFAULT_NAME])
        self._summarize(summary, steps, replay)
        return summary

    def _learn(self, exchange: RecordedExchange, request: Request) -> None:
        """Remember the secrets of an exchange, wherever they appear again."""
        redactor = self._redactor
        for headers, body in (
            (exchange.request_headers, exchange.request_body),
            (exchange.response_headers, exchange.response_body),
        ):
            for secret in header_secrets(headers, redactor):
                redactor.learn_text(secret)
            content = read_content(headers, body or b"")
            if content.kind in ("json", "form"):
                redactor.learn(content.value)
        for name, values in read_query(request).items():
            redactor.learn(values, name)

    def _steps(self) -> list[Step]:
        steps, sent = [], dict[str, set[str]]()
        for number, (exchange, routed) in enumerate(self._exchanges):
            step = read_step(number, exchange, routed, self._redactor)
            secret = {name for name in routed.sent if name not in step.where}
            sent.setdefault(routed.operation.id, set()).update(routed.sent - secret)
            steps.append(step)
        complete_where(steps, sent)
        return steps

    def _summarize(self, summary: Summary, steps: list[Step], replay: Replay) -> None:
        text = self._redactor.text
        summary.redacted.update(self._redactor.counts)
        for (line, _), count in self._unmatched.items():
            summary.unmatched[text(line)] += count
        for (line, reason), count in self._incomplete.items():
            summary.incomplete[f"{text(line)}: {reason}"] += count
        for target, operation in self._too_large:
            summary.not_kept[f"{text(target)} ({operation}): a body is larger than {BODY_LIMIT // 1024**2} MiB"] += 1
        too_large = {target for target, _ in self._too_large}
        for step in steps:
            subject = f"{step.line} ({step.operation.id}) {step.status}"
            if step.violations:
                summary.refused[f"{subject}: {text(step.violations[0].description)}"] += 1
            elif step.number in replay.not_kept and step.line not in too_large:
                summary.not_kept[f"{subject}: {text(replay.not_kept[step.number])}"] += 1
            elif step.number in replay.drifted:
                summary.drift[f"{subject}: {text(replay.drifted[step.number])}"] += 1
        for name, keys in replay.observed.written_before_read().items():
            for key in keys:
                summary.unknown[f"{name} {quote(key)}"] += 1


def _count(counts: Counter[tuple[str, str]], method: str, target: str, reason: str = "") -> None:
    """Count a request by method and path, without its query, and by a reason; once there are many, without these."""
    key = (f"{method} {target.partition('?')[0]}", reason)
    counts[key if key in counts or len(counts) < COUNTED_LIMIT else (MORE, reason)] += 1


class _ScenarioWriter:
    """Writes scenarios as YAML, and a response that several of them have once; large ones as JSON, which is fast."""

    def __init__(self) -> None:
        self._texts: dict[bytes, str] = {}

    def file(self, name: str, records: Tables, responses: list[Entry]) -> dict[str, str]:
        """The text of a scenario's file, by its path."""
        data: dict[str, Any] = {"summary": SUMMARIES[name]}
        if any(records.values()):
            data["fixtures"] = name
        keys = [strict_json.dump(response) for response in responses]
        if sum(map(len, keys)) > YAML_BYTES:
            head = strict_json.dump(data).decode().removesuffix("}")
            listed = ",\n".join(key.decode() for key in keys)
            return {f"scenarios/{name}.json": f'{head},\n"responses":[\n{listed}\n]}}\n'}
        head = "".join(f"{member}: {value}\n" for member, value in data.items())
        listed = f"responses:\n{''.join(map(self._response, keys, responses))}" if responses else ""
        return {f"scenarios/{name}.yaml": contract_directory.SCENARIO_HEAD + head + listed}

    def _response(self, key: bytes, response: Entry) -> str:
        if key not in self._texts:
            self._texts[key] = yaml_writer.dump([_plain(response)])
        return self._texts[key]


def _plain(value: Any) -> Any:
    """The value with mappings and sequences that YAML can write."""
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
