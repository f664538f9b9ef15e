-- Counts an outage, and opens the breaker for all processes when it is one too many.
--
-- KEYS[1] the breaker's hash   ARGV[1] ms to stay open   ARGV[2] outages in a row that open it
-- ARGV[3] 1 when this one opens it whatever the count: the try of a half open breaker
-- Answers 0 when the breaker is open now, else the outages in a row.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local until_ms = tonumber(redis.call('HGET', KEYS[1], 'until'))
-- A request that was under way when it opened does not keep it open longer.
if until_ms and ARGV[3] == '0' then return 0 end
local outages = redis.call('HINCRBY', KEYS[1], 'outages', 1)
-- A provider that nobody asks any more is given its chance anew in a day.
redis.call('PEXPIRE', KEYS[1], 86400000 + ARGV[1])
if ARGV[3] == '0' and outages < tonumber(ARGV[2]) then return outages end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[1]))
redis.call('PEXPIRE', KEYS[1], 86400000 + ARGV[1])
return 0
