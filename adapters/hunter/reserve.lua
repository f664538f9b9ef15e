-- Takes one search of the month unless the limit is reached.
--
-- KEYS[1] the month's counter
-- ARGV[1] limit   ARGV[2] seconds to keep the counter
-- Answers 1 when one was taken, else 0.
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
