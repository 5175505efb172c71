"""Ports for the servers of tests whose address must be known before they start."""

from __future__ import annotations

import random
import socket

# Below those that systems give to clients and to servers on port 0 (IANA: from 49152; Linux: from 32768): another test
# that runs at the same time does not get them by chance.
_PORTS = range(20_000, 32_000)
# The seed of a test is the same in all processes that run tests.
_RANDOM = random.SystemRandom()


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    while True:
        port = _RANDOM.choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
