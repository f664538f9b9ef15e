-- Notes that the provider answers: there are no outages in a row, and whoever tried it closes the breaker.
--
-- KEYS[1] the breaker's hash   ARGV[1] 1 when it was the try of a half open breaker
if ARGV[1] == '1' or redis.call('HEXISTS', KEYS[1], 'until') == 0 then redis.call('DEL', KEYS[1]) end
return 1
