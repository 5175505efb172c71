"""The Lua scripts of the store in Redis, and the keys that they use."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.engine.shared.redis_deliveries import DELIVERY_PARTS, DELIVERY_SCRIPTS

# The part of each list of entries.
LISTS = {
    "all": "all", "unmatched": "unmatched", "invalid_responses": "broken", "refused": "refused", "drift": "drift",
}  # fmt: skip
PARTS = ("meta", "events", *LISTS.values())

# Names of sandboxes by when they were last used: of all that last, of those among them that are empty, and of all that
# do not last.
NAMES = ("names", "empties", "guests")
# Names of sandboxes by when their journals were written to last, and the bytes of all journals.
JOURNALS, BYTES = "journals", "bytes"
# What a field of the part `meta` begins with that counts the entries of a list, by their code.
COUNTED = "counted:"


def _table(names: Iterable[str]) -> str:
    """Names as a table of Lua."""
    return "{" + ", ".join(f"'{name}'" for name in names) + "}"


_CLOCK_FUNCTION = """
local function read_clock()
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1], time[2])
end
"""
# What the entries of a sandbox take is in its part `meta`, and what all of them take, which it returns, in BYTES.
_COUNT_FUNCTION = """
local function count_bytes(meta, bytes)
  redis.call('HINCRBY', meta, 'bytes', bytes)
  return redis.call('INCRBY', KEYS[16], bytes)
end
-- Remove the `count` oldest entries of a list.
local function drop_entries(meta, list, count)
  local bytes = 0
  for _, line in ipairs(redis.call('LRANGE', list, 0, count - 1)) do bytes = bytes + #line end
  redis.call('LTRIM', list, count, -1)
  if bytes > 0 then count_bytes(meta, -bytes) end
end
"""
_ADD_ENTRY_FUNCTION = (
    _COUNT_FUNCTION
    + _CLOCK_FUNCTION
    + """
-- The length of a list with another entry, and the bytes that it has more: at its limit, it loses the oldest one.
local function push(list, line)
  local length = redis.call('RPUSH', list, line)
  if length <= tonumber(ARGV[1]) then return length, #line end
  return length, #line - #redis.call('LPOP', list)
end
-- The journals that were written to longest ago lose the older half of their entries.
local function make_room()
  while tonumber(redis.call('GET', KEYS[16]) or '0') > tonumber(ARGV[2]) do
    local name = redis.call('ZRANGE', KEYS[15], 0, 0)[1]
    if not name then return end
    local prefix = string.sub(KEYS[15], 1, -1 - #'journals') .. name .. ':'
    local longest = 0
    for _, part in ipairs("""
    + _table(LISTS.values())
    + """) do
      local length = redis.call('LLEN', prefix .. part)
      drop_entries(prefix .. 'meta', prefix .. part, math.ceil(length / 2))
      longest = math.max(longest, length)
    end
    if longest <= 1 then redis.call('ZREM', KEYS[15], name) end
  end
end
-- `lists` has a digit for each list: the number of its key. That the journal was written to is noted where
-- `is_noted` says so, and where it had no entry.
local function add_entry(text, lists, code, name, is_noted)
  local line, bytes = redis.call('HINCRBY', KEYS[1], 'count', 1) .. ' ' .. text, 0
  for list in string.gmatch(lists, '%d') do
    local length, added = push(KEYS[tonumber(list)], line)
    bytes, is_noted = bytes + added, is_noted or length == 1
    if list ~= '3' then redis.call('HINCRBY', KEYS[1], 'counted:' .. list .. ':' .. code, 1) end
  end
  if is_noted then redis.call('ZADD', KEYS[15], read_clock(), name) end
  if count_bytes(KEYS[1], bytes) > tonumber(ARGV[2]) then make_room() end
end
"""
)
_FORGET_FUNCTION = (
    _COUNT_FUNCTION
    + """
local function forget(prefix, name)
  local meta = prefix .. name .. ':meta'
  count_bytes(meta, 0 - (redis.call('HGET', meta, 'bytes') or 0))
  for _, part in ipairs("""
    + _table((*PARTS, *DELIVERY_PARTS))
    + """) do
    redis.call('DEL', prefix .. name .. ':' .. part)
  end
  for _, names in ipairs("""
    + _table((*NAMES, JOURNALS))
    + """) do redis.call('ZREM', prefix .. names, name) end
end
"""
)
# KEYS: those of PARTS, NAMES and DELIVERY_PARTS, then JOURNALS and BYTES
# ARGV: epoch, length, an epoch for a new sandbox, name, limit of sandboxes, idle seconds, use, default, key prefix,
#       limit of guests, how many empty sandboxes make room at once
FETCH_UPDATES = (
    _CLOCK_FUNCTION
    + _FORGET_FUNCTION
    + """
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'count')
local epoch, use, now = meta[1], ARGV[7], read_clock()
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
local pending = redis.call('ZCARD', KEYS[12]) + redis.call('ZCARD', KEYS[13])
return {epoch, redis.call('LRANGE', KEYS[2], from, -1), meta[2] or '0', pending}
"""
)
# ARGV: limit of entries and of all their bytes, epoch, length, batch, its first characters, new epoch,
#       limit of batches, entry, its lists, its code, name, whether the sandbox is changed, its summary, whether the
#       writing is noted
APPEND = (
    _ADD_ENTRY_FUNCTION
    + """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local length = redis.call('LLEN', KEYS[2])
if ARGV[7] ~= '' and epoch == ARGV[7] then return 1 end
if epoch ~= ARGV[3] then return 0 end
if length ~= tonumber(ARGV[4]) then
  local stored = redis.call('LINDEX', KEYS[2], ARGV[4])
  if stored and string.sub(stored, 1, #ARGV[6]) == ARGV[6] then return 1 end
  return 0
end
if ARGV[7] ~= '' then
  count_bytes(KEYS[1], 0 - (redis.call('HGET', KEYS[1], 'bytes') or 0))
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[7], 'count', 0)
elseif length >= tonumber(ARGV[8]) then
  return -1
end
redis.call('RPUSH', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[1], 'changed', ARGV[13], 'summary', ARGV[14])
local used = ARGV[13] == '0' and redis.call('ZSCORE', KEYS[8], ARGV[12])
if used then
  redis.call('ZADD', KEYS[9], used, ARGV[12])
else
  redis.call('ZREM', KEYS[9], ARGV[12])
end
if ARGV[9] ~= '' then add_entry(ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[15] == '1') end
return 1
"""
)
# ARGV: limit of entries and of all their bytes, epoch or nothing, length, entry, its lists, its code, name, whether the
#       use and the writing are noted
ADD_ENTRY = (
    _ADD_ENTRY_FUNCTION
    + """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if ARGV[3] ~= '' and (epoch ~= ARGV[3] or redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[4])) then return 0 end
if ARGV[9] == '1' then
  local now = read_clock()
  for number = 8, 10 do redis.call('ZADD', KEYS[number], 'XX', now, ARGV[8]) end
end
if epoch then add_entry(ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9] == '1') end
return 1
"""
)
# ARGV: limit of entries, the text of the entry, the text in its place, the lists that are new to it, its code
REPLACE_ENTRY = (
    _ADD_ENTRY_FUNCTION
    + """
for list = 3, 7 do
  for index = redis.call('LLEN', KEYS[list]) - 1, 0, -1 do
    local line = redis.call('LINDEX', KEYS[list], index)
    local number, text = string.match(line, '^(%d+) (.*)$')
    if text == ARGV[2] then
      redis.call('LSET', KEYS[list], index, number .. ' ' .. ARGV[3])
      count_bytes(KEYS[1], #ARGV[3] - #text)
      if list == 3 then
        for other in string.gmatch(ARGV[4], '%d') do
          local _, bytes = push(KEYS[tonumber(other)], number .. ' ' .. ARGV[3])
          count_bytes(KEYS[1], bytes)
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
CLEAR_ENTRIES = (
    _COUNT_FUNCTION
    + """
for number in string.gmatch(ARGV[1], '%d') do
  drop_entries(KEYS[1], KEYS[tonumber(number)], redis.call('LLEN', KEYS[tonumber(number)]))
  if number == '3' then redis.call('HSET', KEYS[1], 'cleared', redis.call('HGET', KEYS[1], 'count') or '0') end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 10) == 'counted:' .. number .. ':' then redis.call('HDEL', KEYS[1], field) end
  end
end
"""
)
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

SCRIPTS = (FETCH_UPDATES, APPEND, ADD_ENTRY, REPLACE_ENTRY, CLEAR_ENTRIES, REMOVE, SUMMARIZE, *DELIVERY_SCRIPTS)
