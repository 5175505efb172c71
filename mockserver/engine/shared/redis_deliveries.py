"""The deliveries of webhooks in Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.engine.deliveries.delivery import ENDED_LIMIT, PENDING_LIMIT
from mockserver.engine.shared.store import Place, StoredDelivery

# By id, each with a number in front; ids by when they are due, by the run's clock; ids by when their attempt takes too
# long, by that of Redis; ids that have ended.
DELIVERY_PARTS = ("deliveries", "waiting", "in-flight", "ended")
# The names of fields of the first part that are not ids: how many there were, and how many are no longer there.
COUNT, DROPPED = "count", "dropped"
# How long, in milliseconds, an attempt may take, including its wait for a thread, before another process makes one.
LEASE = 60_000

_TIME_FUNCTION = """
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""
# KEYS: those of the other parts and names, then from 11 those of DELIVERY_PARTS
# ARGV: id, former text or nothing, text, place, when it is due, limit of pending ones, limit of ended ones, lease
CHANGE_DELIVERY = (
    _TIME_FUNCTION
    + """
local id, place = ARGV[1], ARGV[4]
local stored = redis.call('HGET', KEYS[11], id)
local number
if ARGV[2] == '' then
  if stored then return string.match(stored, '^%d+ (.*)$') == ARGV[3] and 1 or 0 end
  local pending = redis.call('ZCARD', KEYS[12]) + redis.call('ZCARD', KEYS[13])
  if place ~= 'ended' and pending >= tonumber(ARGV[6]) then return 0 end
  number = redis.call('HINCRBY', KEYS[11], 'count', 1)
else
  if not stored then return 0 end
  local text
  number, text = string.match(stored, '^(%d+) (.*)$')
  -- The command may have been sent again.
  if text == ARGV[3] then return 1 end
  if text ~= ARGV[2] then return 0 end
end
local was_pending = redis.call('ZREM', KEYS[12], id) + redis.call('ZREM', KEYS[13], id) == 1
redis.call('HSET', KEYS[11], id, number .. ' ' .. ARGV[3])
if place == 'waiting' then
  redis.call('ZADD', KEYS[12], ARGV[5], id)
elseif place == 'in-flight' then
  redis.call('ZADD', KEYS[13], milliseconds() + ARGV[8], id)
elseif was_pending or ARGV[2] == '' then
  if redis.call('RPUSH', KEYS[14], id) > tonumber(ARGV[7]) then
    redis.call('HDEL', KEYS[11], redis.call('LPOP', KEYS[14]))
    redis.call('HINCRBY', KEYS[11], 'dropped', 1)
  end
end
return 1
"""
)
# ARGV: until when they are due, or nothing: all that are pending
LIST_PENDING = (
    _TIME_FUNCTION
    + """
local due = redis.call('ZRANGEBYSCORE', KEYS[12], '-inf', ARGV[1] == '' and '+inf' or ARGV[1])
local late = redis.call('ZRANGEBYSCORE', KEYS[13], '-inf', ARGV[1] == '' and '+inf' or milliseconds())
local stored = {}
for _, ids in ipairs({due, late}) do
  for _, id in ipairs(ids) do stored[#stored + 1] = {id, redis.call('HGET', KEYS[11], id)} end
end
return stored
"""
)
CLEAR_DELIVERIES = "redis.call('DEL', KEYS[11], KEYS[12], KEYS[13], KEYS[14])"
DELIVERY_SCRIPTS = (CHANGE_DELIVERY, LIST_PENDING, CLEAR_DELIVERIES)


class RedisDeliveries:
    """The deliveries of webhooks of each sandbox in a RedisStore, as text. Every method raises StoreUnavailable.

    `run_script` takes a script, the name of a sandbox and arguments, `execute` a command, and `key` the names of a
    sandbox and of a part of it.
    """

    def __init__(
        self, run_script: Callable[..., Any], execute: Callable[..., Any], key: Callable[[str, str], str]
    ) -> None:
        self._run_script, self._execute, self._key = run_script, execute, key

    def list_deliveries(self, name: str) -> tuple[list[StoredDelivery], int]:
        """Those of a sandbox, oldest first, and how many there were before them."""
        stored = self._execute("HGETALL", self._key(name, "deliveries"))
        dropped = int(stored.pop(DROPPED.encode(), 0))
        stored.pop(COUNT.encode(), None)
        numbered = sorted((int(text.partition(b" ")[0]), delivery, text) for delivery, text in stored.items())
        return [_stored(delivery, text) for _, delivery, text in numbered], dropped

    def list_pending(self, name: str, until: int | None) -> list[StoredDelivery]:
        """Those that have not ended: all, or those that are due by a run's clock or whose attempt takes too long."""
        reply = self._run_script(LIST_PENDING, name, "" if until is None else until)
        return [_stored(delivery, text) for delivery, text in reply]

    def read_delivery(self, name: str, delivery: str) -> StoredDelivery | None:
        """One of them, if it is still there."""
        text = self._execute("HGET", self._key(name, "deliveries"), delivery)
        return _stored(delivery.encode(), text) if text is not None else None

    def add_delivery(self, name: str, delivery: StoredDelivery, place: Place) -> bool:
        """Add one; False where it is not to be added: it is there already, or so many are pending as may be."""
        return self.change_delivery(name, StoredDelivery(delivery.id, b""), delivery.text, place)

    def change_delivery(self, name: str, former: StoredDelivery, text: bytes, place: Place, at: int = 0) -> bool:
        """Have another text, unless another process was first. A waiting one is due `at` an instant."""
        limits = PENDING_LIMIT, ENDED_LIMIT, LEASE
        arguments = former.id, former.text, text, place.value, at, *limits
        return bool(self._run_script(CHANGE_DELIVERY, name, *arguments))

    def clear_deliveries(self, name: str) -> None:
        """Forget all of them."""
        self._run_script(CLEAR_DELIVERIES, name)


def _stored(delivery: bytes, text: bytes) -> StoredDelivery:
    return StoredDelivery(delivery.decode(), text.partition(b" ")[2])
