-- Shared by the scripts of the quota; prepended to each.
--
-- KEYS[1] the period's hash: used, resets, out, seq   KEYS[2] reservations by when they end
-- ARGV[1] now   ARGV[2] when the period ends if nobody knows better; both in ms
local QUOTA, HELD = KEYS[1], KEYS[2]
local NOW = tonumber(ARGV[1])
local function field(name) return tonumber(redis.call('HGET', QUOTA, name) or 0) end

-- A new period begins with nothing used.
if NOW >= field('resets') then
  redis.call('HSET', QUOTA, 'used', 0, 'resets', ARGV[2])
  redis.call('HINCRBY', QUOTA, 'seq', 1)
end
-- Who holds a reservation that long has died, perhaps after it was spent.
local lost = redis.call('ZREMRANGEBYSCORE', HELD, '-inf', ARGV[1])
if lost > 0 then
  redis.call('HINCRBY', QUOTA, 'used', lost)
  redis.call('HINCRBY', QUOTA, 'seq', 1)
end
