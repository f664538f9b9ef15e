-- Writes a running job's progress and its event.
--
-- ARGV[4]  job id   ARGV[5]  run (the fence)
-- ARGV[6]  percent  ARGV[7]  message
-- ARGV[8..] extra events: type, data …
-- Answers 1, or 0 when the delivery is not the newest one any more.
local id = ARGV[4]
local h = redis.call('HMGET', job_key(id), 's', 'run', 'cor')
if h[1] ~= 'active' or h[2] ~= ARGV[5] then return 0 end
redis.call('HSET', job_key(id), 'pr', ARGV[6], 'pm', ARGV[7])
emit_extra(8, {cor = h[3]})
return 1
