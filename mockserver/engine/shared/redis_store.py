"""The store in Redis. Each step is one Lua script there: it is carried out completely or not at all."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import sleep
from mockserver.engine.journal import ENTRY_LIMIT
from mockserver.engine.sandboxes import DEFAULT, EVICTED_SHARE, GUEST_LIMIT, IDLE_SECONDS
from mockserver.engine.shared.redis_deliveries import DELIVERY_PARTS, DELIVERY_SCRIPTS, RedisDeliveries
from mockserver.engine.shared.store import (
    EVENT_LIMIT,
    Conflict,
    EncodedEntry,
    JournalCounts,
    SandboxContent,
    SandboxUpdates,
    StoredSummary,
    Use,
)
from mockserver.refusals import SandboxLimit, StoreLogFull, StoreUnavailable

if TYPE_CHECKING:
    import redis

TIMEOUT_SECONDS = 1.0
TRIES = 2
# How long to wait between attempts to find out whether a store that did not respond in time does so again.
PROBE_SECONDS = 0.5
PARTS = ("meta", "events", "all", "unmatched", "broken", "refused", "drift")
# The part of each list of entries.
LISTS = {
    "all": "all", "unmatched": "unmatched", "invalid_responses": "broken", "refused": "refused", "drift": "drift",
}  # fmt: skip

# Names of sandboxes by when they were last used: of all that last, of those among them that are empty, and of all that
# do not last.
NAMES = ("names", "empties", "guests")
# What a field of the part `meta` begins with that counts the entries of a list, by their code.
COUNTED = "counted:"

_ADD_ENTRY_FUNCTION = """
-- `lists` has a digit for each list: the number of its key.
local function add_entry(text, lists, code)
  local line = redis.call('HINCRBY', KEYS[1], 'count', 1) .. ' ' .. text
  for number in string.gmatch(lists, '%d') do
    local list = KEYS[tonumber(number)]
    if redis.call('RPUSH', list, line) > tonumber(ARGV[1]) then redis.call('LPOP', list) end
    if tonumber(number) > 3 then redis.call('HINCRBY', KEYS[1], 'counted:' .. number .. ':' .. code, 1) end
  end
end
"""
_CLOCK_FUNCTION = """
local function read_clock()
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1], time[2])
end
"""
_FORGET_FUNCTION = """
local function forget(prefix, name)
  for _, part in ipairs({'meta', 'events', 'all', 'unmatched', 'broken', 'refused', 'drift',
      'deliveries', 'waiting', 'in-flight', 'ended'}) do
    redis.call('DEL', prefix .. name .. ':' .. part)
  end
  for _, names in ipairs({'names', 'empties', 'guests'}) do redis.call('ZREM', prefix .. names, name) end
end
"""
# KEYS: those of PARTS, then those of NAMES, then those of DELIVERY_PARTS
# ARGV: epoch, length, an epoch for a new sandbox, name, limit of sandboxes, idle seconds, use, default, key prefix,
#       limit of guests, how many empty sandboxes make room at once
FETCH_UPDATES = (
    _CLOCK_FUNCTION
    + _FORGET_FUNCTION
    + """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local now = read_clock()
local use = ARGV[7]
if not epoch and use == '0' then return -1 end
local lasts = redis.call('ZSCORE', KEYS[8], ARGV[4])
if use == '1' and not lasts then
  if redis.call('ZCARD', KEYS[8]) >= tonumber(ARGV[5]) then
    local evicted = 0
    for _, name in ipairs(redis.call('ZRANGE', KEYS[9], 0, ARGV[11])) do
      if name ~= ARGV[8] and evicted < tonumber(ARGV[11]) then
        forget(ARGV[9], name)
        evicted = evicted + 1
      end
    end
    if evicted == 0 then
      local oldest = nil
      for _, name in ipairs(redis.call('ZRANGE', KEYS[8], 0, 1)) do
        if name ~= ARGV[8] and not oldest then oldest = name end
      end
      if not oldest or now - redis.call('ZSCORE', KEYS[8], oldest) < tonumber(ARGV[6]) then return 0 end
      forget(ARGV[9], oldest)
    end
  end
  redis.call('ZREM', KEYS[10], ARGV[4])
  if redis.call('HGET', KEYS[1], 'changed') ~= '1' then redis.call('ZADD', KEYS[9], now, ARGV[4]) end
end
if use == '2' and not lasts then
  if not redis.call('ZSCORE', KEYS[10], ARGV[4]) and redis.call('ZCARD', KEYS[10]) >= tonumber(ARGV[10]) then
    forget(ARGV[9], redis.call('ZRANGE', KEYS[10], 0, 0)[1])
  end
  redis.call('ZADD', KEYS[10], now, ARGV[4])
elseif use ~= '0' then
  redis.call('ZADD', KEYS[8], now, ARGV[4])
  redis.call('ZADD', KEYS[9], 'XX', now, ARGV[4])
end
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
local from = epoch == ARGV[1] and ARGV[2] or '0'
return {epoch, redis.call('LRANGE', KEYS[2], from, -1), redis.call('HGET', KEYS[1], 'count') or '0'}
"""
)
# ARGV: limit of entries, epoch, length, batch, its first characters, new epoch, limit of batches,
#       entry, its lists, its code, name, whether the sandbox is changed, its summary
APPEND = (
    _ADD_ENTRY_FUNCTION
    + """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local length = redis.call('LLEN', KEYS[2])
if ARGV[6] ~= '' and epoch == ARGV[6] then return 1 end
if epoch ~= ARGV[2] then return 0 end
if length ~= tonumber(ARGV[3]) then
  local stored = redis.call('LINDEX', KEYS[2], ARGV[3])
  if stored and string.sub(stored, 1, #ARGV[5]) == ARGV[5] then return 1 end
  return 0
end
if ARGV[6] ~= '' then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'count', 0)
elseif length >= tonumber(ARGV[7]) then
  return -1
end
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'changed', ARGV[12], 'summary', ARGV[13])
local used = redis.call('ZSCORE', KEYS[8], ARGV[11])
if ARGV[12] == '0' and used then
  redis.call('ZADD', KEYS[9], used, ARGV[11])
else
  redis.call('ZREM', KEYS[9], ARGV[11])
end
if ARGV[8] ~= '' then add_entry(ARGV[8], ARGV[9], ARGV[10]) end
return 1
"""
)
# ARGV: limit of entries, epoch or nothing, length, entry, its lists, its code, name
ADD_ENTRY = (
    _CLOCK_FUNCTION
    + _ADD_ENTRY_FUNCTION
    + """
if ARGV[2] ~= '' and (redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2]
    or redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[3])) then
  return 0
end
local now = read_clock()
for number = 8, 10 do redis.call('ZADD', KEYS[number], 'XX', now, ARGV[7]) end
if redis.call('EXISTS', KEYS[1]) == 1 then add_entry(ARGV[4], ARGV[5], ARGV[6]) end
return 1
"""
)
# ARGV: limit of entries, the text of the entry, the text in its place, the lists that are new to it, its code
REPLACE_ENTRY = (
    _ADD_ENTRY_FUNCTION
    + """
for list = 3, 6 do
  for index = redis.call('LLEN', KEYS[list]) - 1, 0, -1 do
    local line = redis.call('LINDEX', KEYS[list], index)
    local number, text = string.match(line, '^(%d+) (.*)$')
    if text == ARGV[2] then
      redis.call('LSET', KEYS[list], index, number .. ' ' .. ARGV[3])
      if list == 3 then
        for other in string.gmatch(ARGV[4], '%d') do
          if redis.call('RPUSH', KEYS[tonumber(other)], number .. ' ' .. ARGV[3]) > tonumber(ARGV[1]) then
            redis.call('LPOP', KEYS[tonumber(other)])
          end
          redis.call('HINCRBY', KEYS[1], 'counted:' .. other .. ':' .. ARGV[5], 1)
        end
      end
      break
    end
  end
end
"""
)
# ARGV: the numbers of the keys of the lists
CLEAR_ENTRIES = """
for number in string.gmatch(ARGV[1], '%d') do
  redis.call('DEL', KEYS[tonumber(number)])
  if number == '3' then redis.call('HSET', KEYS[1], 'cleared', redis.call('HGET', KEYS[1], 'count') or '0') end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 10) == 'counted:' .. number .. ':' then redis.call('HDEL', KEYS[1], field) end
  end
end
"""
# ARGV: name, key prefix
REMOVE = (
    _FORGET_FUNCTION
    + """
local existed = redis.call('ZSCORE', KEYS[8], ARGV[1]) or redis.call('ZSCORE', KEYS[10], ARGV[1])
forget(ARGV[2], ARGV[1])
return existed and 1 or 0
"""
)
# ARGV: key prefix
SUMMARIZE = """
local summaries = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[8], 0, -1)) do
  local meta = redis.call('HMGET', ARGV[1] .. name .. ':meta', 'count', 'summary')
  summaries[#summaries + 1] = {name, meta[1] or '0', redis.call('LLEN', ARGV[1] .. name .. ':broken'), meta[2] or ''}
end
return summaries
"""


class RedisStore:
    """The store at `url`. Servers whose contracts have the same title share it; others do not see each other.

    Raises ImportError where redis is not installed, and ValueError for a `url` that is not a Redis address.
    """

    def __init__(self, url: str, contract: str) -> None:
        import redis

        self._redis, self._url = redis, url
        redis.connection.parse_url(url)  # type: ignore[no-untyped-call]
        # In braces: in a cluster, the keys that a script uses have to be on one node.
        self._prefix = f"mockserver:{{{hashlib.sha256(contract.encode()).hexdigest()[:16]}}}:"
        self.deliveries = RedisDeliveries(self._run_script, self._execute, self._key)
        self._shas = {text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in SCRIPTS}
        self._client: redis.Redis | None = None
        self._client_pid = 0
        # Set while the store is known not to respond: the process that found out. Its thread asks until it does.
        self._silent_pid = 0

    @property
    def is_available(self) -> bool:
        """Whether Redis responds."""
        try:
            self._execute("PING")
        except StoreUnavailable:
            return False
        return True

    def fetch_updates(self, name: str, epoch: str, length: int, limit: int, use: Use) -> SandboxUpdates | None:
        """The batches of a sandbox after the first `length` of `epoch`; see Store."""
        arguments = (epoch, length, uuid.uuid4().hex, name, limit, int(IDLE_SECONDS), int(use), DEFAULT, self._prefix)
        bounds = (GUEST_LIMIT, max(1, limit // EVICTED_SHARE))
        reply = self._run_script(FETCH_UPDATES, name, *arguments, *bounds)
        if reply == 0:
            raise SandboxLimit(limit)
        if reply == -1:
            return None
        return SandboxUpdates(reply[0].decode(), reply[1], int(reply[2]))

    def append(
        self,
        name: str,
        epoch: str,
        length: int,
        batch: str,
        entry: EncodedEntry | None,
        new_epoch: str,
        content: SandboxContent,
    ) -> None:
        """Append a batch and a journal entry, if the sandbox is still at this epoch and length; see Store."""
        # Each batch begins with a number of its own, by which the script recognizes one that is sent again.
        beginning = f'["{uuid.uuid4().hex}",'
        entry_arguments = _entry_arguments(entry) if entry is not None else ("", "", "")
        arguments = (ENTRY_LIMIT, epoch, length, f"{beginning}{batch}]", beginning, new_epoch, EVENT_LIMIT)
        holds = (name, int(not content.is_empty), content.summary)
        reply = self._run_script(APPEND, name, *arguments, *entry_arguments, *holds)
        if reply == 0:
            raise Conflict
        if reply < 0:
            raise StoreLogFull(EVENT_LIMIT)

    def add_entry(self, name: str, entry: EncodedEntry) -> None:
        """Add a journal entry."""
        self._run_script(ADD_ENTRY, name, ENTRY_LIMIT, "", 0, *_entry_arguments(entry), name)

    def add_entry_if_unchanged(self, name: str, epoch: str, length: int, entry: EncodedEntry) -> bool:
        """Add a journal entry if the sandbox is still at this epoch and length; whether it is."""
        arguments = (ENTRY_LIMIT, epoch, length, *_entry_arguments(entry), name)
        return bool(self._run_script(ADD_ENTRY, name, *arguments) == 1)

    def replace_entry(self, name: str, entry: EncodedEntry, other: EncodedEntry) -> None:
        """Have another entry in place of one that may still be there."""
        further = [which for which in other.problem_lists if which not in entry.problem_lists]
        lists = "".join(map(str, map(_number, further)))
        self._run_script(REPLACE_ENTRY, name, ENTRY_LIMIT, entry.text, other.text, lists, other.code or "")

    def list_entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of a list of LISTS."""
        entries: list[bytes] = self._execute("LRANGE", self._key(name, LISTS[which]), 0, -1)
        return entries

    def count_entries(self, name: str) -> JournalCounts:
        """What the journal knows of entries that it may have dropped."""
        fields = self._execute("HGETALL", self._key(name, "meta"))
        problems: dict[str, dict[str | None, int]] = {
            which: {
                field[len(prefix) :].decode() or None: int(number)
                for field, number in fields.items()
                if field.startswith(prefix)
            }
            for which, prefix in ((which, f"{COUNTED}{_number(which)}:".encode()) for which in LISTS)
        }
        return JournalCounts(int(fields.get(b"cleared", 0)), problems)

    def clear_entries(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries, and count their entries from 0 again."""
        self._run_script(CLEAR_ENTRIES, name, "".join(map(_number, which)))

    def list_sandboxes(self) -> list[str]:
        """The names of all sandboxes that last."""
        return [name.decode() for name in self._execute("ZRANGE", f"{self._prefix}names", 0, -1)]

    def summarize_sandboxes(self) -> list[StoredSummary]:
        """Each sandbox that lasts, without reading its events."""
        return [
            StoredSummary(name.decode(), int(requests), int(violations), summary.decode())
            for name, requests, violations, summary in self._run_script(SUMMARIZE, "", self._prefix)
        ]

    def remove(self, name: str) -> bool:
        """Remove a sandbox; whether it existed."""
        return bool(self._run_script(REMOVE, name, name, self._prefix))

    def remove_all(self) -> None:
        """Remove every sandbox, those that do not last included."""
        for names in NAMES:
            for name in self._execute("ZRANGE", f"{self._prefix}{names}", 0, -1):
                self.remove(name.decode())

    def _key(self, name: str, part: str) -> str:
        return f"{self._prefix}{name}:{part}"

    def _run_script(self, script: str, name: str, *arguments: Any) -> Any:
        parts = (self._key(name, part) for part in PARTS)
        deliveries = (self._key(name, part) for part in DELIVERY_PARTS)
        keys = [*parts, *(f"{self._prefix}{names}" for names in NAMES), *deliveries]
        try:
            return self._execute("EVALSHA", self._shas[script], len(keys), *keys, *arguments)
        except self._redis.exceptions.NoScriptError:
            return self._execute("EVAL", script, len(keys), *keys, *arguments)

    def _execute(self, *command: Any) -> Any:
        """Send one command, and send it again over a new connection where the connection was broken."""
        if self._silent_pid == os.getpid():
            raise StoreUnavailable
        errors = self._redis.exceptions
        for tries_left in reversed(range(TRIES)):
            try:
                return self._connected().execute_command(*command)  # type: ignore[no-untyped-call]
            except errors.NoScriptError:
                raise
            except errors.TimeoutError:
                # Nobody else waits for it, and this request no longer than once.
                self._client = None
                self._await_response()
                raise StoreUnavailable from None
            except errors.RedisError:
                self._client = None
                if not tries_left:
                    raise StoreUnavailable from None
        raise AssertionError("unreachable")

    def _await_response(self) -> None:
        """Refuse every command at once, until the store responds to a thread of its own."""
        self._silent_pid = os.getpid()
        threading.Thread(target=self._probe, name="mockserver-store", daemon=True).start()

    def _probe(self) -> None:
        while True:
            try:
                with self._connect() as client:
                    client.ping()
            except self._redis.exceptions.TimeoutError:
                sleep(PROBE_SECONDS)
            except self._redis.exceptions.RedisError:
                break  # refused at once, so that nobody has to wait for it
            else:
                break
        self._silent_pid = 0

    def _connected(self) -> redis.Redis:
        # A connection belongs to one process: a forked process needs its own.
        if self._client is None or self._client_pid != os.getpid():
            self._client_pid = os.getpid()
            self._client = self._connect()
        return self._client

    def _connect(self) -> redis.Redis:
        never = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
        client: redis.Redis = self._redis.Redis.from_url(
            self._url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=never,
            single_connection_client=True,
        )
        return client


SCRIPTS = (FETCH_UPDATES, APPEND, ADD_ENTRY, REPLACE_ENTRY, CLEAR_ENTRIES, REMOVE, SUMMARIZE, *DELIVERY_SCRIPTS)


def _number(which: str) -> str:
    """The number, as a digit, of the key of one of LISTS."""
    return str(PARTS.index(LISTS[which]) + 1)


def _entry_arguments(entry: EncodedEntry) -> tuple[str, str, str]:
    return entry.text, "".join(map(_number, ("all", *entry.problem_lists))), entry.code or ""
