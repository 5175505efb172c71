"""What an override does to an answer: another in its place, a delay, a fault on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Request

from mockserver.contract.model import Operation, Override
from mockserver.contract.overrides import json_media, named
from mockserver.engine.clock import sleep
from mockserver.engine.sandboxes import Sandbox
from mockserver.generate.generator import Generator
from mockserver.http import notices
from mockserver.http.problems import refuse
from mockserver.http.responses import Answer, answer
from mockserver.http.samples import mended
from mockserver.http.service import Service
from mockserver.refusals import Injected, ResetWhileHeld

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DELIVERY = "mockserver.delivery"
TIMEOUT_MILLISECONDS = 60_000
REFUSALS_FROM = 400


class Held:
    """A request whose answer is held back; a reset of its sandbox lets it go."""

    def __init__(self, mock: Service, operation: Operation, sandbox: Sandbox, scenario: str, delivery: Any) -> None:
        self.scenario = scenario
        self._mock, self._operation, self._sandbox, self._delivery = mock, operation, sandbox, delivery
        self.then: list[Callable[[], None]] = []
        delivery.done = self._done
        sandbox.hold(self)

    def release(self) -> None:
        """Answer now, that the sandbox was reset."""
        release = self._delivery.release
        if release is not None:
            answered = refuse(self._mock, self._operation, ResetWhileHeld())
            headers = {**answered.headers, "Content-Type": answered.media_type or ""}
            headers |= {"X-Mock-Scenario": self.scenario, "X-Mock-Sandbox": self._sandbox.name}
            release(f"{answered.status} ", list(headers.items()), answered.body)

    def _done(self) -> None:
        self._sandbox.forget_held(self)
        for act in self.then:
            act()


def deliver(
    mock: Service,
    operation: Operation,
    sandbox: Sandbox,
    scenario: str,
    request: Request,
    override: Override,
    delay: int,
) -> None:
    """Have the server hold the answer to this request for `delay` milliseconds, or spoil it."""
    delivery = request.environ.get(DELIVERY)
    if delivery is not None and (delay or override.fault is not None):
        delivery.delay, delivery.fault = delay, override.fault
        if override.fault is not None and isinstance(delivery, Delivery):
            notices.add(f"this WSGI server cannot deliver {override.fault}: the connection is closed early instead")
        delivery.held = Held(mock, operation, sandbox, scenario, delivery)


def ends_later(request: Request, act: Callable[[], None]) -> bool:
    """Have `act` called once the answer that is held is delivered; False where none is held."""
    held: Held | None = getattr(request.environ.get(DELIVERY), "held", None)
    if held is not None:
        held.then.append(act)
    return held is not None


def replacement(mock: Service, operation: Operation, override: Override) -> Answer | None:
    """The answer that the override gives; None where it leaves that to the operation's example or schema."""
    chosen = operation.success()
    status = override.status if override.status is not None else chosen[0] if chosen is not None else 200
    declared = operation.response(status)
    if override.example is not None and declared is not None:
        found = named(declared, override.example)
        if found is None:
            return None
        documents, schemas = mock.contract.documents, mock.contract.schemas
        generator = Generator.seeded(documents, schemas, f"{operation.id}/{override.example}")
        value = mended(generator, found[0], override.example, found[1])
        return answer(operation, status, value, found[0].name)
    if override.has_body:
        media = json_media(declared) if declared is not None else None
        kind = media.name if media is not None else "application/json"
        answered = answer(operation, status, override.body, kind)
        if declared is None or override.violate:
            answered.violations.clear()
        return answered
    if status >= REFUSALS_FROM:
        return refuse(mock, operation, Injected(status))
    return None


class Delivery:
    """How an answer is to be delivered, where the server in front cannot hold it."""

    def __init__(self) -> None:
        self.delay, self.fault = 0, None
        self.release: Any = None
        self.done: Any = None
        self.held: Held | None = None


class Delivering:
    """WSGI middleware for servers other than ours: a delay sleeps in the request's thread, a fault closes early."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on; delay and spoil its answer if an override asked for that."""
        if DELIVERY in environ:
            return self._app(environ, start_response)
        delivery = environ[DELIVERY] = Delivery()
        answered = self._app(environ, start_response)
        if delivery.done is not None:
            sleep((delivery.delay or (TIMEOUT_MILLISECONDS if delivery.fault == "timeout" else 0)) / 1_000)
            delivery.done()
        return answered if delivery.fault is None else _cut(answered)


def _cut(answered: Iterable[bytes]) -> Iterable[bytes]:
    """Half of the body, and then an error that makes the server close the connection."""
    body = b"".join(answered)
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("an override asked for this fault")
