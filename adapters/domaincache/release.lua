-- Gives up a claim, unless it ended and is another's by now.
--
-- KEYS[1] the claim   ARGV[1] what it was made with
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
