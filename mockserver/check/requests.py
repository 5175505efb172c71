"""Requests as a client would send them, to the real application, with records in every kind of place they can be in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from mockserver.check.record_states import places
from mockserver.contract.model import Contract, Resource
from mockserver.engine.commands import Fire
from mockserver.engine.run import Run
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate, Violation
from mockserver.generate.generator import Generator
from mockserver.http.messages import Request, join_headers
from mockserver.http.pipeline import respond
from mockserver.http.request.addressing import build_request
from mockserver.http.response.problems import CODE_HEADER
from mockserver.http.service import Service
from mockserver.openapi import parameter_encoding
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation, Parameter
from mockserver.openapi.security import RequiredCredential
from mockserver.syntax import strict_json

SANDBOX = "check"
# Codes that say that the server could not answer as it should.
FAILURES = ("contract-violation", "no-example", "internal-error")
TIME_LIMIT = 1_000
UNKNOWN = "no-such-record"
# A parameter that is empty is often none: so many values are made to find another.
SEEDS = 8


@dataclass(frozen=True, slots=True)
class Failed:
    """A request whose answer was not what the contract promises."""

    operation: str
    request: str
    about: str
    violation: Violation
    code: str = ""


@dataclass(frozen=True, slots=True)
class RecordUnderTest:
    """A record that requests are about, and the transitions that bring it to where it is asked about."""

    resource: str
    key: Any
    way: tuple[str, ...] = ()
    state: str | None = None

    def __str__(self) -> str:
        place = f" as {self.state}" if self.state is not None else ""
        return f"{self.resource} {self.key}{place}"


@dataclass(slots=True)
class ScenarioRequests:
    """One scenario of an application, asked about."""

    service: Service
    contract: Contract
    scenario: str
    answers: int = 0
    failed: list[Failed] = field(default_factory=list)

    def all(self) -> Iterator[None]:
        """Ask about each subject; one step each."""
        for subject in [None, *subjects(self.contract, self._placed(None).state)]:
            for operation in self.contract.operations.values():
                self._about(operation, subject)
            yield
        self._in_time()
        yield

    def refusals(self) -> Iterator[None]:
        """Ask for what must be refused."""
        for operation in self.contract.operations.values():
            values = self._values(operation, None)
            path = self._path(operation, values) if values is not None else None
            if path is None:
                path = self._path(operation, dict.fromkeys(operation.path_names, UNKNOWN))
            self._ask(operation, path, "an unknown query parameter", query="no_such_parameter=1")
            self._ask(operation, path, "a media type that is not there", accept="application/x-none")
            if operation.path_names:
                unknown = self._path(operation, dict.fromkeys(operation.path_names, UNKNOWN))
                self._ask(operation, unknown, "a record that is not there")
            yield

    def _about(self, operation: Operation, subject: RecordUnderTest | None) -> None:
        """Ask one operation about one subject; without a subject, those that need none, and samples."""
        if subject is not None and operation.id not in self.contract.behaviours:
            return
        run = self._placed(subject)
        values = self._values(operation, None if subject is None else related(self.contract, run.state, subject))
        if values is None or (subject is not None and not operation.path_names):
            return
        path = self._path(operation, values)
        body, query = self._body(operation), self._query(operation)
        self._ask(operation, path, str(subject or "the start"), body=body, query=query)

    def _in_time(self) -> None:
        """Ask once all that happens by itself has happened, or as much of it as may be waited for."""
        run = self._placed(None)
        for _ in range(TIME_LIMIT):
            if not run.advance_to_next():
                break
        for operation in self.contract.operations.values():
            if operation.method == "GET" and not operation.path_names:
                self._ask(operation, operation.path, "the end", query=self._query(operation))

    def _placed(self, subject: RecordUnderTest | None) -> Run:
        """A fresh run, with the subject where it is asked about."""
        sandbox = self.service.sandboxes.get(SANDBOX)
        sandbox.reset_run(self.scenario)
        run: Run = sandbox.run(self.scenario)
        if subject is not None:
            for name in subject.way:
                run.submit(partial(_fire, subject, name))
        return run

    def _values(self, operation: Operation, known: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Values for the path parameters; None where this subject has none to offer."""
        if operation.id not in self.contract.behaviours:
            named = {one.name: one for one in operation.parameters if one.location == "path"}
            return {name: self._made(named[name], operation) for name in operation.path_names if name in named}
        if known is None:
            return None if operation.path_names else {}
        found: dict[str, Any] = {}
        for name in operation.path_names:
            target = self.contract.resource_named_by(operation, name)
            if target is None or target not in known:
                return None
            found[name] = known[target]
        return found

    def _path(self, operation: Operation, values: Mapping[str, Any]) -> str:
        path = operation.path
        declared = {one.name: one for one in operation.parameters if one.location == "path"}
        for name in operation.path_names:
            value = values.get(name, UNKNOWN)
            text = (
                parameter_encoding.segment(declared[name].notation, value)
                if name in declared
                else quote(str(value), safe="")
            )
            path = path.replace(f"{{{name}}}", text, 1)
        return path

    def _query(self, operation: Operation) -> str:
        needed = [one for one in operation.parameters if one.location == "query" and one.required]
        return "&".join(
            filter(None, (parameter_encoding.query(one.notation, self._made(one, operation)) for one in needed))
        )

    def _made(self, parameter: Parameter, operation: Operation) -> Any:
        judge, found = parameter.validator, None
        node = self.contract.documents.at(judge.address)
        try:
            for number in range(SEEDS):
                seed = f"check/{operation.id}/{number or ''}".rstrip("/")
                found = Generator.seeded(self.contract.documents, judge.schemas, seed).generate(node, parameter.name)
                if found != "":
                    break
            return found
        except CannotGenerate:
            return UNKNOWN

    def _body(self, operation: Operation) -> bytes | None:
        """A body that the operation takes, if it takes JSON."""
        media = json_media_type(operation.body) if operation.body is not None else None
        if media is None:
            return None
        if media.examples:
            return strict_json.dump(next(iter(media.examples.values())))
        if media.schema is None or media.validator is None:
            return b"{}"
        documents, seed = self.contract.documents, f"check/{operation.id}"
        generator = Generator.seeded(documents, media.validator.schemas, seed, hidden="readOnly")
        try:
            return strict_json.dump(generator.generate(media.schema))
        except CannotGenerate:
            return b"{}"

    def _ask(
        self,
        operation: Operation,
        path: str,
        about: str,
        *,
        query: str = "",
        body: bytes | None = None,
        accept: str = "*/*",
    ) -> None:
        request = self._request(operation, path, query, body, accept)
        response = respond(self.service, request)
        self.answers += 1
        code = response.header(CODE_HEADER) or ""
        if code in FAILURES:
            self._note(operation, f"{operation.method} {request.target}", about, code, response.body)

    def request(self, operation: Operation) -> Request:
        """A request that the operation takes, about no record in particular, as the server has it."""
        values = self._values(operation, {}) or {}
        return self._request(operation, self._path(operation, values), self._query(operation), self._body(operation))

    def _request(self, operation: Operation, path: str, query: str, body: bytes | None, accept: str = "*/*") -> Request:
        headers = [("Host", "localhost"), ("Accept", accept)]
        headers += [("Content-Type", "application/json")] if body is not None else []
        headers += self._required_headers(operation)
        for one in operation.security[0] if operation.security else ():
            headers += _credential(one)
            query = "&".join(filter(None, (query, f"{quote(one.name)}=check"))) if one.location == "query" else query
        target = f"{path}{'&' if '?' in path else '?'}{query}" if query else path
        request = build_request(operation.method, target, join_headers(headers), body or b"")
        request.base_sandbox, request.base_scenario = SANDBOX, self.scenario
        return request

    def _required_headers(self, operation: Operation) -> list[tuple[str, str]]:
        found = []
        for one in operation.parameters:
            if one.location == "header" and one.required:
                text = parameter_encoding.header(one.notation, self._made(one, operation))
                found.append((one.name, text.encode("latin-1", "replace").decode("latin-1")))
            elif one.location == "cookie" and one.required:
                text = parameter_encoding.header(one.notation, self._made(one, operation))
                found.append(("Cookie", f"{one.name}={quote(text)}"))
        return found

    def _note(self, operation: Operation, request: str, about: str, code: str, told: bytes) -> None:
        journal = self.service.sandboxes.get(SANDBOX).journal
        broken = journal.invalid_responses[-1].violations if journal.invalid_responses else ()
        found = broken or [Violation("body", "", code, _detail(told, code))]
        self.failed += [Failed(operation.id, request, about, one, code) for one in found]
        journal.invalid_responses.clear()


def _fire(subject: RecordUnderTest, transition: str, _: State, at: int) -> Fire:
    return Fire(subject.resource, subject.key, transition, at)


def _detail(body: bytes, code: str) -> str:
    """What a refusal says, where it is a problem of ours."""
    try:
        problem = strict_json.parse(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict) and problem.get("code") == code and isinstance(problem.get("detail"), str):
        return str(problem["detail"])
    return f"the answer is a refusal with the code {code}"


def _credential(one: RequiredCredential) -> list[tuple[str, str]]:
    """The header that brings a credential, of any value."""
    if one.location == "header":
        return [(one.name, f"{one.scheme} check".strip())]
    return [("Cookie", f"{one.name}=check")] if one.location == "cookie" else []


def subjects(contract: Contract, state: State) -> list[RecordUnderTest]:
    """One record for each kind of place: of a resource, in a state, by a transition, with the same members."""
    found: dict[tuple[Any, ...], RecordUnderTest] = {}
    for name, table in state.tables.items():
        resource = contract.resources[name]
        for row in table.ordered() if resource.key else ():
            key, members = row.record[resource.key], frozenset(row.record)
            if resource.lifecycle is None:
                found.setdefault((name, members), RecordUnderTest(name, key))
                continue
            begin = (name, members, row.record[resource.lifecycle.field], row.last)
            if begin in found:
                continue
            for place, way in places(resource, row).items():
                found.setdefault((name, members, *place), RecordUnderTest(name, key, way, place.state))
    return list(found.values())


def related(contract: Contract, state: State, subject: RecordUnderTest) -> dict[str, Any]:
    """The keys that a record brings: its own, and those of what it refers to, however far."""
    found = {subject.resource: subject.key}
    waiting = [subject.resource]
    while waiting:
        name = waiting.pop()
        resource: Resource = contract.resources[name]
        row = state.tables[name].get(found[name])
        for reference, target in resource.references.items():
            if row is not None and target not in found and row.record.get(reference) is not None:
                found[target] = row.record[reference]
                waiting.append(target)
    return found
