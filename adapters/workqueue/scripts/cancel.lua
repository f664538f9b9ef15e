-- Cancels a job. A waiting or delayed one is gone from the queue at once; for
-- an active one the wish is marked, then its worker is told.
--
-- ARGV[4]  job id   ARGV[5] how many cancelled jobs to keep
-- ARGV[6..] extra events: type, data …
-- Answers the state it was in, or 'unknown'.
local id = ARGV[4]
local h = read(id)
if not h then return 'unknown' end
local from = h.s
if from == 'active' then
  redis.call('HSET', job_key(id), 'x', '1')
  redis.call('PUBLISH', P .. 'cancel', id)
  return from
end
if not FOLLOWS[from].cancelled then return from end
if from == 'waiting' then redis.call('XDEL', P .. h.p, h.sid) else redis.call('ZREM', P .. 'delayed', id) end
become(id, h, 'cancelled', {f = num(MS), due = ''})
finish(id, h, 'cancelled', ARGV[5])
emit_extra(6, h)
return from
