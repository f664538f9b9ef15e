-- Writes a running job's progress and its event.
--
-- ARGV[4]  job id   ARGV[5]  run (the fence)
-- ARGV[6]  percent  ARGV[7]  message
-- ARGV[8]  correlation id
-- ARGV[9..] extra events: type, data …
-- Answers 1, or 0 when the delivery is not the newest one any more.
local id = ARGV[4]
local s = call('HGET', P .. 'active', id)
if not s or s:match('^a%a %d+ (%d+) ') ~= ARGV[5] then return 0 end
call('HSET', job_key(id), 'pr', ARGV[6], 'pm', ARGV[7])
call('SADD', P .. 'own', id)
for i = 9, #ARGV, 2 do emit(ARGV[i], ARGV[i + 1], ARGV[8]) end
return 1
