"""Responses that are held back: timers and acts on the transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.http.messages import Delivery, Response
from mockserver.server import delayed_send
from mockserver.server.delayed_send import DelayedSend


class Clock:
    """A clock that a test moves, and an event loop whose timers fire a little early, as uvloop's may."""

    EARLY = 0.0009

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def call_later(self, delay: float, act: Callable[[], None]) -> Timer:
        """Fire at once, as if the time had nearly passed."""
        self.waits.append(delay)
        return Timer(self, delay, act)


class Timer:
    """One timer of the loop, which a test fires."""

    latest: Timer

    def __init__(self, clock: Clock, delay: float, act: Callable[[], None]) -> None:
        self.clock, self.delay, self.act = clock, delay, act
        Timer.latest = self

    def cancel(self) -> None:
        """The timer does not fire."""

    def fire(self) -> None:
        """Fire, earlier than asked for by less than a millisecond."""
        self.clock.now += max(self.delay - Clock.EARLY, 0.0001)
        self.act()


class Transport:
    """A transport that notes when it was closed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.closed_at: float | None = None

    def close(self) -> None:
        self.closed_at = self.clock.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delayed_send, "monotonic", lambda: clock.now)
    return clock


def encode(response: Response) -> tuple[bytes, bytes]:
    return b"encoded", response.body


def hold(clock: Clock, delivery: Delivery, send: Callable[[bytes, bytes], None]) -> Transport:
    transport = Transport(clock)
    loop: Any = clock
    socket: Any = transport
    DelayedSend(loop, socket, delivery, (b"head", b"body"), encode, send).start()
    while transport.closed_at is None and clock.now < 200:
        latest = Timer.latest
        latest.fire()
        if Timer.latest is latest:
            break
    return transport


def delivery(delay: int, fault: str | None = None) -> Delivery:
    return Delivery(delay, fault, lambda: Response(503))


def test_the_fault_timeout_closes_no_earlier_than_its_delay(clock: Clock) -> None:
    transport = hold(clock, delivery(30, "timeout"), lambda *_: None)
    assert transport.closed_at is not None
    assert transport.closed_at >= 100.030


def test_a_delayed_response_is_sent_no_earlier_than_its_delay(clock: Clock) -> None:
    sent: list[float] = []
    hold(clock, delivery(250), lambda *_: sent.append(clock.now))
    assert len(sent) == 1
    assert sent[0] >= 100.250
