-- Takes one of the period, unless none is left, by our count or by Hunter's word.
--
-- ARGV[3] limit   ARGV[4] the reservation   ARGV[5] when it ends
-- Answers 1 when one was taken, else 0.
if NOW < field('out') then return 0 end
if field('used') + redis.call('ZCARD', HELD) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', HELD, ARGV[5], ARGV[4])
return 1
