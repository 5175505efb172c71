"""Sandboxes in a Redis. The only module of this package that others import, and only where `--store` is used."""

from __future__ import annotations

from mockserver.contract.model import Contract
from mockserver.engine.shared.redis_store import RedisStore
from mockserver.engine.shared.sandboxes import SharedSandboxes


def connect(contract: Contract, url: str, limit: int) -> SharedSandboxes:
    """The sandboxes in the Redis at `url`, at most `limit`.

    Raises ImportError where redis is not installed, and ValueError for a `url` that is not a Redis address.
    """
    return SharedSandboxes(contract, RedisStore(url, contract.name), limit)
