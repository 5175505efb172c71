from __future__ import annotations

import pytest

from mockserver.engine.keys_in_flight import KeysInFlight
from mockserver.refusals import IdempotencyInFlight


def test_a_key_is_in_flight_from_begin_to_end() -> None:
    keys = KeysInFlight()
    assert "k" not in keys
    keys.begin("k")
    assert "k" in keys
    keys.end("k")
    assert "k" not in keys


def test_a_key_in_flight_cannot_begin_again() -> None:
    keys = KeysInFlight()
    keys.begin("k")
    with pytest.raises(IdempotencyInFlight):
        keys.begin("k")
    with pytest.raises(IdempotencyInFlight):
        keys.require_free("k")
    keys.require_free("another")


def test_a_key_can_be_ended_twice() -> None:
    keys = KeysInFlight()
    keys.end("k")
    keys.begin("k")
    keys.end("k")
    keys.end("k")
    keys.begin("k")
