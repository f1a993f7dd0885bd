"""What Redis runs for a session, in Lua: each script is one atomic step. Text only; store.py sends them.

A session is a hash at prefix + digest: `c` when it was created (ms), `u` its user, and for each key `d` + key with its value as
tagged JSON.
The sessions of a user are a sorted set at prefix + `user:` + user: digests by when they end (ms).
"""

from typing import Final

_COMMON: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end

-- Settings come first in ARGV: prefix, lifetime of sessions that are not permanent, of permanent ones, of any (0: no limit).
local prefix = ARGV[1]

local function leave_user(user, key)
  if user then redis.call('ZREM', prefix .. 'user:' .. user, string.sub(key, #prefix + 1)) end
end

local function finish(key)
  leave_user(redis.call('HGET', key, 'u'), key)
  return redis.call('DEL', key)
end

-- Lets a session live on from now; returns false if its time is over.
local function prolong(key)
  local lifetime = tonumber(redis.call('HGET', key, 'd_permanent') == 'true' and ARGV[3] or ARGV[2])
  if tonumber(ARGV[4]) > 0 then
    lifetime = math.min(lifetime, tonumber(redis.call('HGET', key, 'c')) + tonumber(ARGV[4]) - now)
  end
  if lifetime < 1 then
    finish(key)
    return false
  end
  redis.call('PEXPIRE', key, text(lifetime))
  local user = redis.call('HGET', key, 'u')
  if user then
    local index = prefix .. 'user:' .. user
    redis.call('ZREMRANGEBYSCORE', index, '-inf', text(now))
    redis.call('ZADD', index, text(now + lifetime), string.sub(key, #prefix + 1))
    if redis.call('PTTL', index) < lifetime then redis.call('PEXPIRE', index, text(lifetime)) end
  end
  return true
end
"""

# KEYS: session. ARGV[5]: '1' to let it live on. Returns the hash, empty if there is no such session.
LOAD: Final = (
    _COMMON
    + """
local found = redis.call('HGETALL', KEYS[1])
if #found > 0 and ARGV[5] == '1' and not prolong(KEYS[1]) then return {} end
return found
"""
)

# KEYS: where the session is to be; where it was, or the same. ARGV: 5 '1' if it may be created; 6 user: '' as it was, '-' none,
# '=name'; 7 '1' if all keys go first; 8 how many keys go; these; then pairs of key and value.
# Sent again after a lost answer it does the same once more: ids are random, so a session that is there already is this one.
# Returns 0: it has ended meanwhile, nothing was changed; 1: it is empty and was removed; 2: stored.
SAVE: Final = (
    _COMMON
    + """
local key, old = KEYS[1], KEYS[2]
if redis.call('EXISTS', key) == 0 then
  if ARGV[5] == '1' then
    redis.call('HSET', key, 'c', text(now))
  elseif key ~= old and redis.call('EXISTS', old) == 1 then
    leave_user(redis.call('HGET', old, 'u'), old)
    redis.call('RENAME', old, key)
  else
    return 0
  end
end
if ARGV[6] ~= '' then
  leave_user(redis.call('HGET', key, 'u'), key)
  if ARGV[6] == '-' then redis.call('HDEL', key, 'u') else redis.call('HSET', key, 'u', string.sub(ARGV[6], 2)) end
end
if ARGV[7] == '1' then
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 1) == 'd' then redis.call('HDEL', key, field) end
  end
end
local first = 9 + tonumber(ARGV[8])
for at = 9, first - 1 do redis.call('HDEL', key, 'd' .. ARGV[at]) end
for at = first, #ARGV, 2 do redis.call('HSET', key, 'd' .. ARGV[at], ARGV[at + 1]) end
if redis.call('HLEN', key) == 1 then
  redis.call('DEL', key)
  return 1
end
if prolong(key) then return 2 end
return 0
"""
)

# KEYS: session. ARGV: 5 key, 6 the value it should have ('' for none), 7 the new value.
# Returns {0}: the session has ended; {1}: done; {2, value or ''}: it has another value.
CHANGE: Final = (
    _COMMON
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local value = redis.call('HGET', KEYS[1], 'd' .. ARGV[5]) or ''
if value ~= ARGV[6] then return {2, value} end
redis.call('HSET', KEYS[1], 'd' .. ARGV[5], ARGV[7])
if prolong(KEYS[1]) then return {1} end
return {0}
"""
)

# KEYS: session. Returns how many there were, 0 or 1.
REVOKE: Final = (
    _COMMON
    + """
return finish(KEYS[1])
"""
)

# KEYS: the user's sorted set. ARGV: 5 digest of the session that stays, or ''. Returns how many ended.
REVOKE_USER: Final = (
    _COMMON
    + """
local count = 0
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if digest ~= ARGV[5] then
    count = count + redis.call('DEL', prefix .. digest)
    redis.call('ZREM', KEYS[1], digest)
  end
end
return count
"""
)
