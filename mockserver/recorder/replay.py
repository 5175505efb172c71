"""Finds which responses of a recording the records give by themselves, and writes the others as overrides.

The steps are carried out again, in their order, on a run that begins with the recorded records.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace

from mockserver.contract.behaviour import Behaviour, BehaviourKind, ResultKind, success_of
from mockserver.contract.model import Contract, Scenario
from mockserver.contract.overrides import read_override
from mockserver.contract.runtime_expressions import find_embedded
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.behaviours.calls import OperationResult
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from mockserver.errors import CannotGenerate, Refusal
from mockserver.openapi.content import json_media_type
from mockserver.recorder.exchanges import Content
from mockserver.recorder.observed_records import ObservedRecords, Tables
from mockserver.recorder.steps import SAFE, Step
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import FORM, JSON, essence, is_json
from mockserver.syntax.http.statuses import BODILESS, FIRST_ERROR
from mockserver.syntax.member_path import member_at
from mockserver.syntax.words import normalize

WRITING: tuple[BehaviourKind, ...] = ("create", "replace", "update")
# What the server itself computes for a record or a list.
COMPUTED_HEADERS = ("etag", "cache-control", "last-modified")
TOTAL_HEADERS = ("xtotalcount", "xtotal", "totalcount")
NO_TYPE = {"Content-Type": "text/plain"}
Entry = dict[str, Any]


class Replay:
    """Overrides for the steps of a recording; `not_kept` has the reason for each step that cannot be one, by number."""

    def __init__(self, contract: Contract, observed: ObservedRecords, steps: list[Step]) -> None:
        self.contract, self.observed, self.steps = contract, observed, steps
        self.not_kept: dict[int, str] = {}
        self.drifted: dict[int, str] = {}
        self._behaviours = Behaviours(contract)
        # The responses as overrides by the numbers of their steps: both scenarios have the same ones.
        self._responses: dict[int, Entry | None] = {}

    def from_baseline(self, records: Tables) -> list[Entry]:
        """The overrides with which the recorded requests, in their order, get the recorded responses."""
        run = self._start(records)
        by_group: dict[Any, list[Entry]] = {}
        for step in self.steps:
            if not step.violations:
                self._add_override(by_group, run, step)
        return self._in_order(by_group)

    def from_end(self, records: Tables) -> list[Entry]:
        """The overrides for the end of the recording: what no record gives, as it was after the last write."""
        run = self._start(records)
        by_group: dict[Any, list[Entry]] = {}
        for step in self.steps:
            if step.violations:
                continue
            if step.operation.id not in self.contract.behaviours:
                self._add_override(by_group, run, step)
            elif step.operation.method in SAFE and step.number > self.observed.last_write:
                by_group.pop(step.group, None)
                self._add_override(by_group, run, step)
        return self._in_order(by_group)

    def _add_override(self, by_group: dict[Any, list[Entry]], run: Run, step: Step) -> None:
        entry = self._override_of(run, step)
        if entry is not None:
            by_group.setdefault(step.group, []).append(entry)

    def _start(self, records: Tables) -> Run:
        plain = self.contract.scenarios[self.contract.default_scenario]
        rows = {name: tuple(rows) for name, rows in records.items()}
        scenario: Scenario = replace(plain, records=rows, put_keys={}, generate={}, data={}, responses=())
        contract = replace(self.contract, inferred={})
        return Run(Start(contract, scenario), 1)

    def _override_of(self, run: Run, step: Step) -> Entry | None:
        """The override for one step, empty where the normal response is right; None if it cannot be kept."""
        behaviour = self.contract.behaviours.get(step.operation.id)
        if behaviour is None or not step.succeeded:
            return self._response(step)
        assigned: Mapping[str, Any] = {}
        try:
            saved = run.save()
            result = self._perform(run, step)
            is_written = behaviour.kind in WRITING and behaviour.shown is None
            recorded = self.observed.results.get(step.number) if is_written else None
            if recorded is not None:
                assigned = self._differing(behaviour, result, recorded)
                if assigned and run.roll_back(saved):
                    result = self._perform(run, step, assigned)
        except (Refusal, CannotGenerate):
            return self._response(step)
        if step.content.kind == "missing" or self._matches(step, result):
            headers = self._further_headers(step, result)
            return {**({"headers": headers} if headers else {}), **({"set": dict(assigned)} if assigned else {})}
        entry = self._response(step)
        if entry is None or step.operation.method in SAFE:
            return entry
        return {**entry, "commit": True, **({"set": dict(assigned)} if assigned else {})}

    def _perform(self, run: Run, step: Step, assigned: Mapping[str, Any] | None = None) -> OperationResult:
        call = replace(step.call, assigned=assigned or {})
        return self._behaviours.perform(run, step.operation, call)

    def _differing(self, behaviour: Behaviour, result: OperationResult, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the recorded record that the operation would write with other values.

        A new record with more members than the recorded one is given its key, since nothing is added to it then.
        """
        resource = self.contract.resources[behaviour.resource]
        written = member_at(result.value, behaviour.item)
        unsent = resource.write_only | resource.joined.keys()
        differing = {
            name: value
            for name, value in recorded.items()
            if name not in unsent and (name not in written or written[name] != value)
        }
        if behaviour.kind == "create" and not differing and written.keys() - recorded.keys():
            return {resource.local_key: recorded[resource.local_key]}
        return differing

    def _matches(self, step: Step, result: OperationResult) -> bool:
        """Whether the server would respond with the recorded status and body."""
        status, declared = success_of(step.operation, result.kind)
        if status != step.status:
            return False
        has_body = not (
            status in BODILESS
            or (declared is not None and not declared.media and result.kind is not ResultKind.RETURNED)
        )
        if not has_body:
            return step.content.kind == "empty"
        media = json_media_type(declared)
        if declared is not None and declared.media and media is None:
            return False
        if result.kind is ResultKind.DELETED and media is not None and media.validator is not None:
            if not media.validator.is_valid(result.value):
                return False
        is_same_type = essence(step.content.media_type) in ("", essence(media.name) if media is not None else JSON)
        return step.content.kind == "json" and is_same_type and bool(step.value == result.value)

    def _further_headers(self, step: Step, result: OperationResult) -> dict[str, Any]:
        """The headers that the server would not send with the recorded values: declared ones, and those of lists."""
        declared = step.operation.response(step.status)
        names = {header.name.lower() for header in declared.headers} if declared is not None else set()
        headers = {}
        for name, values in step.headers.items():
            lower = name.lower()
            is_of_list = lower == "link" or normalize(name) in TOTAL_HEADERS
            is_total = is_of_list and lower in names and values == [str(result.total)]
            is_address = lower == "location" and values[0].rpartition("/")[2] == str(result.key)
            is_computed = lower in COMPUTED_HEADERS or is_total or is_address
            if (is_of_list or lower in (*names, "location")) and not is_computed:
                headers[name] = values[0] if len(values) == 1 else values
        return headers

    def _response(self, step: Step) -> Entry | None:
        """The recorded response as an override; None, with the reason noted, where the format cannot hold it."""
        if step.number not in self._responses:
            self._responses[step.number] = self._write_response(step)
        return self._responses[step.number]

    def _write_response(self, step: Step) -> Entry | None:
        # What looks like an expression would be replaced by what the request has.
        headers: dict[str, Any] = {
            name: values[0] if len(values) == 1 else values
            for name, values in step.headers.items()
            if not any(find_embedded(values))
        }
        content = step.content
        if step.hides_path and step.operation.id in self.contract.behaviours:
            # Without that parameter, the override would be for every record.
            self.not_kept[step.number] = "its path holds a secret"
            return None
        if content.kind == "missing":
            self.not_kept[step.number] = "its body is missing in the recording"
            return None
        if content.kind == "binary":
            self.not_kept[step.number] = f"its body is binary ({essence(content.media_type) or 'of no type'})"
            return None
        if content.kind == "text" and is_json(content.media_type):
            self.not_kept[step.number] = "its body is not valid JSON"
            return None
        if not 200 <= step.status <= 599:
            self.not_kept[step.number] = f"its status is {step.status}"
            return None
        entry: Entry = {"status": step.status}
        if content.kind != "empty" and step.status not in BODILESS and any(find_embedded(content.value)):
            body, media_type = _as_bytes(content)
            headers = {"Content-Type": media_type, **headers}
            entry |= {"body_base64": base64.b64encode(body).decode(), "violate": True}
        elif content.kind != "empty" and step.status not in BODILESS:
            headers = {**self._content_type(step), **headers}
            entry["body"] = content.value
        elif step.status not in BODILESS and self._would_have_body(step):
            headers = {**NO_TYPE, **headers}
            entry["body"] = ""
        if headers:
            entry["headers"] = headers
        whole = {"operation": step.operation.id, **entry}
        _, violations = read_override(whole, self.contract.operations)
        if not violations:
            return entry
        _, still = read_override({**whole, "violate": True}, self.contract.operations)
        if still:
            self.not_kept[step.number] = still[0].description
            return None
        self.drifted[step.number] = violations[0].description
        return {**entry, "violate": True}

    def _content_type(self, step: Step) -> dict[str, Any]:
        """The header Content-Type, unless the body is written in that type without it."""
        declared = step.operation.response(step.status)
        media = json_media_type(declared)
        usual = essence(media.name) if media is not None else JSON
        sent = step.content.media_type
        if step.content.kind == "form":
            return {"Content-Type": FORM}
        is_usual = step.content.kind == "json" and essence(sent) in ("", usual)
        if is_usual or (not sent and step.content.kind == "text"):
            return {} if is_usual else dict(NO_TYPE)
        return {"Content-Type": essence(sent) if is_json(sent) else sent}

    def _would_have_body(self, step: Step) -> bool:
        """Whether a response without a body is given one by the server: an example, or a problem document."""
        declared = step.operation.response(step.status)
        if step.operation.method == "HEAD":
            return False
        return step.status >= FIRST_ERROR or (declared is not None and bool(declared.media))

    def _in_order(self, by_group: Mapping[Any, list[Entry]]) -> list[Entry]:
        """The overrides, those of one operation together, and of these the ones that ask for a body first."""
        steps: dict[Any, Step] = {}
        operations: dict[str, int] = {}
        for step in self.steps:
            steps.setdefault(step.group, step)
            operations.setdefault(step.operation.id, step.number)
        groups = sorted(
            by_group,
            key=lambda group: (
                operations[group[0]], steps[group].match is None, -len(steps[group].where), steps[group].number,
            ),
        )  # fmt: skip
        return [entry for group in groups for entry in _sequence(steps[group], by_group[group])]


def _as_bytes(content: Content) -> tuple[bytes, str]:
    """A body as it is sent, and its media type."""
    if content.kind == "json":
        return strict_json.dump(content.value), content.media_type or JSON
    if content.kind == "form":
        return urlencode(content.value).encode(), FORM
    return content.value.encode(), f"{essence(content.media_type) or 'text/plain'}; charset=utf-8"


def _sequence(step: Step, entries: list[Entry]) -> Iterator[Entry]:
    """The overrides of the same request, in the order of its responses: each so many times, the last one stays."""
    conditions: Entry = {"operation": step.operation.id}
    if step.where:
        conditions["where"] = step.where
    if step.match is not None:
        conditions["match"] = {"body": step.match}
    counted: list[tuple[Entry, int]] = []
    for entry in entries:
        if counted and counted[-1][0] == entry:
            counted[-1] = entry, counted[-1][1] + 1
        else:
            counted.append((entry, 1))
    for number, (entry, times) in enumerate(counted):
        is_last = number == len(counted) - 1
        if is_last and not entry:
            return
        # What is set belongs to one record.
        limit = {} if is_last and "set" not in entry else {"times": times}
        yield {**conditions, **entry, **limit} if entry else {**conditions, "commit": True, **limit}
