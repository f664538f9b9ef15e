-- Ends a reservation; one that is gone stays gone.
--
-- ARGV[3] the reservation   ARGV[4] what it cost, 0 or 1
if redis.call('ZREM', HELD, ARGV[3]) == 1 and ARGV[4] == '1' then
  redis.call('HINCRBY', QUOTA, 'used', 1)
  redis.call('HINCRBY', QUOTA, 'seq', 1)
end
return 1
