-- Asks whether the provider may be asked.
--
-- KEYS[1] the breaker's hash: until, probe while it is not closed; outages in a row while it is
-- ARGV[1] ms that the one request that tries may take   ARGV[2] ms to wait while it does
-- Answers 0 when closed, -2 when closed after outages, -1 to the one that tries, else the ms to wait.
local until_ms = tonumber(redis.call('HGET', KEYS[1], 'until'))
if not until_ms then return -2 * redis.call('EXISTS', KEYS[1]) end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now < until_ms then return until_ms - now end
local probe = tonumber(redis.call('HGET', KEYS[1], 'probe') or 0)
if now < probe then return tonumber(ARGV[2]) end
redis.call('HSET', KEYS[1], 'probe', string.format('%.0f', now + ARGV[1]))
return -1
