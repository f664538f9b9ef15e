-- Returns one search to the month it was taken from.
--
-- KEYS[1] the month's counter
-- Answers what is used then; a counter that is gone stays gone.
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used <= 0 then return 0 end
return redis.call('DECR', KEYS[1])
