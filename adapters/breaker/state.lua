-- KEYS[1] the breaker's hash
-- Answers the ms for which it stays open, 0 when half open, -1 when closed.
local until_ms = tonumber(redis.call('HGET', KEYS[1], 'until'))
if not until_ms then return -1 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return math.max(0, until_ms - now)
