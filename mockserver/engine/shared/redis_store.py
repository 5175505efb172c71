"""The store in Redis. Each step is one script there, so that it happens whole or not at all."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mockserver.engine.journal import ENTRY_LIMIT
from mockserver.engine.sandboxes import DEFAULT, IDLE_SECONDS
from mockserver.engine.shared.store import EVENT_LIMIT, Conflict, EncodedEntry, SandboxUpdates
from mockserver.refusals import SandboxLimit, StoreLogFull, StoreUnavailable

if TYPE_CHECKING:
    import redis

TIMEOUT_SECONDS = 1.0
TRIES = 2
PARTS = ("meta", "events", "all", "unmatched", "broken")

_ENTER = """
local function enter(text, unmatched, broken)
  local line = redis.call('HINCRBY', KEYS[1], 'count', 1) .. ' ' .. text
  local lists = {KEYS[3]}
  if unmatched == '1' then lists[#lists + 1] = KEYS[4] end
  if broken == '1' then lists[#lists + 1] = KEYS[5] end
  for _, list in ipairs(lists) do
    if redis.call('RPUSH', list, line) > tonumber(ARGV[1]) then redis.call('LPOP', list) end
  end
end
"""
# ARGV: epoch, length, an epoch for a new sandbox, name, limit of sandboxes, idle seconds, used, default, key prefix
NEWS = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local now = tonumber(redis.call('TIME')[1])
if not epoch then
  if redis.call('ZCARD', KEYS[6]) >= tonumber(ARGV[5]) then
    local gone = nil
    for _, name in ipairs(redis.call('ZRANGE', KEYS[6], 0, 1)) do
      if name ~= ARGV[8] and not gone then gone = name end
    end
    if not gone or now - tonumber(redis.call('ZSCORE', KEYS[6], gone)) < tonumber(ARGV[6]) then return 0 end
    for _, part in ipairs({'meta', 'events', 'all', 'unmatched', 'broken'}) do
      redis.call('DEL', ARGV[9] .. gone .. ':' .. part)
    end
    redis.call('ZREM', KEYS[6], gone)
  end
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('ZADD', KEYS[6], now, ARGV[4])
elseif ARGV[7] == '1' then
  redis.call('ZADD', KEYS[6], now, ARGV[4])
end
local from = epoch == ARGV[1] and ARGV[2] or '0'
return {epoch, redis.call('LRANGE', KEYS[2], from, -1), redis.call('HGET', KEYS[1], 'count') or '0'}
"""
# ARGV: limit of entries, epoch, length, batch, its id, fresh epoch, limit of batches, entry, unmatched, broken
APPEND = (
    _ENTER
    + """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local length = redis.call('LLEN', KEYS[2])
if ARGV[6] ~= '' and epoch == ARGV[6] then return 1 end
if epoch ~= ARGV[2] then return 0 end
if length ~= tonumber(ARGV[3]) then
  local there = redis.call('LINDEX', KEYS[2], ARGV[3])
  if there and string.sub(there, 1, #ARGV[5]) == ARGV[5] then return 1 end
  return 0
end
if ARGV[6] ~= '' then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'count', 0)
elseif length >= tonumber(ARGV[7]) then
  return -1
end
redis.call('RPUSH', KEYS[2], ARGV[4])
if ARGV[8] ~= '' then enter(ARGV[8], ARGV[9], ARGV[10]) end
return 1
"""
)
# ARGV: limit of entries, epoch or nothing, length, entry, unmatched, broken
ENTRY = (
    _ENTER
    + """
if ARGV[2] ~= '' and (redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2]
    or redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[3])) then
  return 0
end
if redis.call('EXISTS', KEYS[1]) == 1 then enter(ARGV[4], ARGV[5], ARGV[6]) end
return 1
"""
)


class RedisStore:
    """The store at `url`. Servers whose contracts have one title share it; others keep apart.

    Raises ImportError where redis is not installed, and ValueError for what is no address of Redis.
    """

    def __init__(self, url: str, contract: str) -> None:
        import redis

        self._redis, self._url = redis, url
        redis.connection.parse_url(url)  # type: ignore[no-untyped-call]
        # In braces: keys that a script touches have to be on one node.
        self._prefix = f"mockserver:{{{hashlib.sha256(contract.encode()).hexdigest()[:16]}}}:"
        self._shas = {text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in SCRIPTS}
        self._client: redis.Redis | None = None
        self._owner = 0
        self._keys: dict[str, list[str]] = {}

    @property
    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            self._do("PING")
        except StoreUnavailable:
            return False
        return True

    def news(self, name: str, epoch: str, length: int, limit: int, *, used: bool) -> SandboxUpdates:
        """What is new of a sandbox since `length` batches of `epoch`; made if there is none. Raises SandboxLimit."""
        arguments = (epoch, length, uuid.uuid4().hex, name, limit, int(IDLE_SECONDS), int(used), DEFAULT, self._prefix)
        found = self._run(NEWS, name, *arguments)
        if found == 0:
            raise SandboxLimit(limit)
        return SandboxUpdates(found[0].decode(), found[1], int(found[2]))

    def append(self, name: str, epoch: str, length: int, batch: str, line: EncodedEntry | None, fresh: str) -> None:
        """Add a batch of events and an entry, if these are still epoch and length; with `fresh`, begin that epoch.

        The batch is there once, however often this has to be sent. Raises Conflict and StoreLogFull.
        """
        mark = f'["{uuid.uuid4().hex}",'
        entry = _entry(line) if line is not None else ("", 0, 0)
        arguments = (ENTRY_LIMIT, epoch, length, f"{mark}{batch}]", mark, fresh, EVENT_LIMIT, *entry)
        found = self._run(APPEND, name, *arguments)
        if found == 0:
            raise Conflict
        if found < 0:
            raise StoreLogFull(EVENT_LIMIT)

    def enter(self, name: str, line: EncodedEntry) -> None:
        """Add an entry to the journal."""
        self._run(ENTRY, name, ENTRY_LIMIT, "", 0, *_entry(line))

    def enter_at(self, name: str, epoch: str, length: int, line: EncodedEntry) -> bool:
        """Add an entry, if these are still epoch and length; whether they are."""
        return bool(self._run(ENTRY, name, ENTRY_LIMIT, epoch, length, *_entry(line)) == 1)

    def entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of the list `all`, `unmatched` or `broken`."""
        found: list[bytes] = self._do("LRANGE", self._key(name, which), 0, -1)
        return found

    def forget(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries."""
        self._do("DEL", *(self._key(name, one) for one in which))

    def names(self) -> list[str]:
        """Every sandbox there is."""
        return [one.decode() for one in self._do("ZRANGE", f"{self._prefix}names", 0, -1)]

    def remove(self, name: str) -> bool:
        """Forget a sandbox; whether it was there."""
        there = self._do("ZREM", f"{self._prefix}names", name)
        self._do("DEL", *(self._key(name, one) for one in PARTS))
        return bool(there)

    def _key(self, name: str, part: str) -> str:
        return f"{self._prefix}{name}:{part}"

    def _run(self, script: str, name: str, *arguments: Any) -> Any:
        keys = [*(self._key(name, part) for part in PARTS), f"{self._prefix}names"]
        try:
            return self._do("EVALSHA", self._shas[script], len(keys), *keys, *arguments)
        except self._redis.exceptions.NoScriptError:
            return self._do("EVAL", script, len(keys), *keys, *arguments)

    def _do(self, *command: Any) -> Any:
        """One command, sent again on a new connection where the one at hand turns out to be dead."""
        errors = self._redis.exceptions
        for tries_left in reversed(range(TRIES)):
            try:
                return self._connected().execute_command(*command)  # type: ignore[no-untyped-call]
            except errors.NoScriptError:
                raise
            except errors.RedisError:
                self._client = None
                if not tries_left:
                    raise StoreUnavailable from None
        raise AssertionError("unreachable")

    def _connected(self) -> redis.Redis:
        # A connection is of one process: one that was forked needs its own.
        if self._client is None or self._owner != os.getpid():
            never = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
            self._owner = os.getpid()
            self._client = self._redis.Redis.from_url(
                self._url,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=never,
                single_connection_client=True,
            )
        return self._client


SCRIPTS = (NEWS, APPEND, ENTRY)


def _entry(line: EncodedEntry) -> tuple[str, int, int]:
    return line.text, int(line.unmatched), int(line.broken)
