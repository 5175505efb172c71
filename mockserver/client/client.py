"""The client: one sandbox of a mock server, for a test."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Self
from urllib.parse import urlsplit

from requests import Response, Session

from mockserver.client import report
from mockserver.client.connection import Connection, QueryValue, open_session, path_of
from mockserver.client.errors import ExpectationError, MockError, VerdictFailed

Json = dict[str, Any]

TOKEN_VARIABLE = "MOCKSERVER_TOKEN"
# The longest wait of one call, in seconds.
WAIT_LIMIT = 60.0
JOURNAL_LIMIT = 1_000
# pytest shows the line of the test that failed, not those of this module.
__tracebackhide__ = True
# URLs leave the segments `.` and `..` out.
_SANDBOX = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", re.ASCII)
_BASE = re.compile(r"/__mock/in/[^/]*$")


class Client:
    """The control API in one sandbox of the server at `url`.

    Without a `sandbox`, the address selects it: the server's default sandbox, or that of a base address. A sandbox
    exists once it is used. A `token`, if the server requires one, is that of MOCKSERVER_TOKEN unless given.

    Each method raises MockError if the server rejects the call, cannot be reached, or is older than this client.
    Durations are written `30s`, `1h30m` or `PT30S`, instants as RFC 3339.
    """

    def __init__(self, url: str, sandbox: str | None = None, *, token: str | None = None) -> None:
        """Raises ValueError if `url` is not the address of a server, or `sandbox` not a valid name."""
        address = url.rstrip("/")
        if not _is_address(address):
            raise ValueError(f"{url!r} is not the address of a server; write it like http://localhost:4080")
        if sandbox is not None and not _SANDBOX.fullmatch(sandbox):
            raise ValueError(
                f"{sandbox!r} is not a valid sandbox name: use 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', "
                "but not '.' or '..' alone"
            )
        self.sandbox = sandbox
        self.headers = {} if sandbox is None else {"X-Mock-Sandbox": sandbox}
        root = address if sandbox is None else _BASE.sub("", address)
        self.url = root if sandbox is None else f"{root}/__mock/in/{sandbox}"
        token = token or os.environ.get(TOKEN_VARIABLE)
        self._connection = Connection(root, self.headers | ({"X-Mock-Token": token} if token else {}))

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def session(self) -> Session:
        """A session that sends `headers`, for requests to the mocked API at `url`."""
        return open_session(self.url, self.headers)

    def close(self) -> None:
        """Close the connections that are kept open. The sandbox stays."""
        self._connection.close()
        if "session" in self.__dict__:
            self.session.close()

    # The server, its scenarios and sandboxes.

    def health(self) -> Json:
        """The server's `status` and `version`, and `problems` in edited files of the contract."""
        return self._get("health")

    def scenarios(self) -> Json:
        """The `scenarios`, each with its name and summary; which one is `default`, `active`, and `selected`."""
        return self._get("scenarios")

    def scenario(self, name: str) -> Json:
        """Make a scenario the active one of this sandbox, and return the run that is selected now."""
        return self._json("PUT", "scenario", body={"name": name})

    def clear_scenario(self) -> None:
        """Let the server's default scenario apply again."""
        self._call("DELETE", "scenario")

    def reset(self, scope: str = "sandbox") -> Json:
        """Return to the initial state: of the `sandbox`, of the selected `run` in it, or of `all` sandboxes.

        Returns the selected run, with its `fingerprint`.
        """
        return self._json("POST", "reset", body={"scope": scope})

    def sandboxes(self) -> list[Json]:
        """All sandboxes of the server, sorted by name, each with its runs."""
        return self._list("sandboxes")

    def delete(self) -> None:
        """Delete this sandbox, if it exists."""
        name = self.sandbox or self.scenarios()["selected"]["sandbox"]
        try:
            self._call("DELETE", "sandboxes", name)
        except MockError as error:
            if error.code != "unknown-sandbox":
                raise

    # State.

    def state(self, **query: QueryValue) -> Json:
        """The `records` by resource, their `totals`, and the `fingerprint` of the state.

        The parameters are `resource`, `limit` and `offset`.
        """
        return self._get("state", **query)

    def put(self, resource: str, key: str | int, record: Mapping[str, Any]) -> Json:
        """Add or replace a record, given without its derived fields, and return it with them."""
        return self._json("PUT", "state", resource, str(key), body=dict(record))

    def remove(self, resource: str, key: str | int) -> None:
        """Remove a record and its log entries."""
        self._call("DELETE", "state", resource, str(key))

    def fire(self, resource: str, key: str | int, transition: str) -> Json:
        """Fire any transition of a record's lifecycle, and return the record."""
        return self._json("POST", "state", resource, str(key), transition)

    def recording(self) -> str:
        """The run as a scenario file (YAML), for `mockserver serve --scenario FILE`."""
        text: str = self._call("GET", "recording").text
        return text

    # The clock.

    def clock(self) -> Json:
        """The clock: `now`, `mode`, and `next_due`, the instant of the next due transition or None."""
        return self._get("clock")

    def advance(self, duration: str) -> Json:
        """Move the clock forward, by a duration or to the `next` due transition.

        Returns the clock, with the transitions that became due as `fired`.
        """
        return self._json("POST", "clock", body={"advance": duration})

    def set_clock(self, instant: str | datetime) -> Json:
        """Move the clock to an instant with an offset from UTC, forward or back, and return the clock."""
        return self._json("POST", "clock", body={"set": instant if isinstance(instant, str) else instant.isoformat()})

    def rewind(self, duration: str) -> Json:
        """Move the clock back, drop the changes that were made since then, and return the clock."""
        return self._json("POST", "clock", body={"rewind": duration})

    def undo(self, changes: int = 1) -> Json:
        """Drop the latest changes, move the clock back to the first of them, and return the clock."""
        return self._json("POST", "clock", body={"undo": changes})

    def clock_mode(self, mode: str, *, speed: float | None = None, step: str | None = None) -> Json:
        """Change what moves the clock (`manual`, `real` or `per-request`), and return the clock.

        `speed` is how many times faster than the machine's clock a `real` one runs; `step` is the duration by which
        each request moves a `per-request` one.
        """
        options = {"speed": speed, "step": step}
        chosen = {name: value for name, value in options.items() if value is not None}
        return self._json("POST", "clock", body={"mode": mode, **chosen})

    # Overrides.

    def override(self, operation: str, **fields: Any) -> str:
        """Replace the response of an operation, and return the override's id.

        The fields are those of a scenario's `responses`: `where`, `status`, `headers`, `body`, `delay`, `times` …
        A `body` that is bytes is sent as they are.
        """
        added: str = self._json("POST", "overrides", body={"operation": operation, **_with_plain_body(fields)})["id"]
        return added

    def add_overrides(self, *overrides: Json) -> list[str]:
        """Add several overrides, each with its `operation`, and return their ids; the first is tried first."""
        added = self._json("POST", "overrides", body=list(map(_with_plain_body, overrides)))["overrides"]
        return [override["id"] for override in added]

    def overrides(self) -> list[Json]:
        """The overrides, in the order in which they are tried."""
        return self._list("overrides")

    def remove_override(self, override: str) -> None:
        """Remove the override with this id."""
        self._call("DELETE", "overrides", override)

    def clear_overrides(self) -> None:
        """Remove all overrides that were added; those of the scenario stay."""
        self._call("DELETE", "overrides")

    # The journal.

    def requests(self, **filters: QueryValue) -> list[Json]:
        """The journal entries that match the filters, newest first, at most 1,000.

        The filters are the parameters of `GET /__mock/requests`: `operation`, `method`, `path`, `status`, `code`,
        `unmatched`, `number`, `brief`, `limit`, `offset`. A list matches any of its values.
        """
        return self._list("requests", **{"limit": JOURNAL_LIMIT, **filters})

    def wait_for(self, operation: str, times: int = 1, timeout: float = 5.0, **filters: QueryValue) -> list[Json]:
        """Wait until the journal has `times` requests to an operation, and return all that match, newest first.

        `timeout` is in seconds; `filters` are those of `requests`. Raises ExpectationError with what came instead.
        """
        query = {"limit": JOURNAL_LIMIT, **filters, "operation": operation, "times": times}
        return self._wait("requests", query, timeout, partial(report.describe_missing, operation, times, timeout))

    def verify(self, *expectations: Mapping[str, Any], in_order: bool = False, timeout: float = 0.0) -> None:
        """Verify that the expected requests were received, or are within `timeout` seconds, which are 60 at most.

        An expectation has `operation`, `method` or `path`, and optionally `where` (parameters), `headers`, `cookies`,
        `body` (a JSON Schema), `status`, and `times`: a number or `{"at_least": 1, "at_most": 3}`. Raises
        ExpectationError with a report.
        """
        body = {"expect": [*expectations], "in_order": in_order}
        if timeout:
            body["wait"] = f"{round(timeout * 1_000)}ms"
        try:
            self._call("POST", "verify", body=body, wait=timeout)
        except MockError as error:
            if error.code != "verify-failed":
                raise
            message = report.describe_expectations(error.problem)
            raise ExpectationError(error.status, error.code, message, error.problem) from None

    def clear_requests(self) -> None:
        """Clear the journal."""
        self._call("DELETE", "requests")

    def verdict(self, allow: str | Iterable[str] = (), drift: str = "ignore") -> None:
        """Get the verdict on the sandbox at the end of a test.

        `allow` are codes of refused requests that the test provokes on purpose, such as `invalid-request`. With
        `drift="fail"`, responses of the upstream that violate the contract count. Raises VerdictFailed with a report.
        """
        codes = [allow] if isinstance(allow, str) else list(allow)
        try:
            self._call("GET", "verdict", query={"allow": codes, "drift": None if drift == "ignore" else drift})
        except MockError as error:
            if error.code != "verdict-failed":
                raise
            message = report.describe_verdict(error.problem)
            raise VerdictFailed(error.status, error.code, message, error.problem) from None

    # The contract.

    def violations(self) -> list[Json]:
        """The responses of this sandbox that violated the contract, oldest first."""
        return self._list("violations")

    def clear_violations(self) -> None:
        """Clear the list of violations."""
        self._call("DELETE", "violations")

    def drift(self) -> list[Json]:
        """The responses of the upstream in this sandbox that violated the contract, oldest first."""
        return self._list("drift")

    def clear_drift(self) -> None:
        """Clear the list of drift."""
        self._call("DELETE", "drift")

    def deliveries(self, **filters: QueryValue) -> list[Json]:
        """The deliveries of webhooks that match the filters, oldest first.

        The filters are the parameters of `GET /__mock/deliveries`: `webhook`, `resource`, `event`, `key`, `status`,
        `attempts`. A list matches any of its values.
        """
        return self._list("deliveries", **filters)

    def wait_for_deliveries(self, times: int = 1, timeout: float = 5.0, **filters: QueryValue) -> list[Json]:
        """Wait until `times` deliveries of webhooks match, and return all that do, oldest first.

        `timeout` is in seconds; `filters` are those of `deliveries`, such as `status="delivered"`. Raises
        ExpectationError with the deliveries that there are instead.
        """
        describe = partial(report.describe_missing_deliveries, times, timeout)
        return self._wait("deliveries", {**filters, "times": times}, timeout, describe)

    def clear_deliveries(self) -> None:
        """Clear the list of deliveries; those that are pending are not sent."""
        self._call("DELETE", "deliveries")

    def openapi(self) -> Json:
        """The contract's OpenAPI document, with all referenced files in it."""
        document: Json = self._connection.call("GET", "/openapi.json").json()
        return document

    def control_openapi(self) -> Json:
        """The OpenAPI document of the control API."""
        return self._get("openapi.json")

    def _wait(
        self, path: str, query: Mapping[str, QueryValue], timeout: float, describe: Callable[[Json], str]
    ) -> list[Json]:
        """A list, once it has as many items as the query demands; `describe` is for the error if it does not."""
        remaining = timeout
        while True:
            wait = min(remaining, WAIT_LIMIT)
            try:
                response = self._call("GET", path, query={**query, "wait": f"{round(wait * 1_000)}ms"}, wait=wait)
            except MockError as error:
                if error.code != "wait-timeout":
                    raise
                remaining -= wait
                if remaining <= 0:
                    raise ExpectationError(error.status, error.code, describe(error.problem), error.problem) from None
            else:
                items: list[Json] = response.json()[path]
                return items

    def _call(self, method: str, *path: str, **options: Any) -> Response:
        return self._connection.call(method, path_of(*path), **options)

    def _json(self, method: str, *path: str, **options: Any) -> Json:
        members: Json = self._call(method, *path, **options).json()
        return members

    def _get(self, path: str, **query: QueryValue) -> Json:
        return self._json("GET", path, query=query)

    def _list(self, path: str, **query: QueryValue) -> list[Json]:
        """The list that the response has under the name of the path."""
        items: list[Json] = self._get(path, **query)[path]
        return items


def _with_plain_body(override: Json) -> Json:
    """An override as JSON can express it: bytes in Base64."""
    if not isinstance(override.get("body"), bytes):
        return override
    others = {name: value for name, value in override.items() if name != "body"}
    return {**others, "body_base64": base64.b64encode(override["body"]).decode()}


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
