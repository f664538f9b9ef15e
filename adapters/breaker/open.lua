-- Opens the breaker for all processes.
--
-- KEYS[1] the breaker's hash   ARGV[1] ms to stay open
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[1]))
-- A provider that nobody asks any more is given its chance anew in a day.
redis.call('PEXPIRE', KEYS[1], 86400000 + ARGV[1])
return 1
