-- Takes over what Hunter has counted, unless something was spent since it was asked.
--
-- ARGV[3] seq when it was asked   ARGV[4] used by its account   ARGV[5] when its period ends, 0 unknown
-- Answers 1 when it was taken over.
if field('seq') ~= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', QUOTA, 'used', ARGV[4])
if tonumber(ARGV[5]) > NOW then redis.call('HSET', QUOTA, 'resets', ARGV[5]) end
redis.call('HINCRBY', QUOTA, 'seq', 1)
return 1
