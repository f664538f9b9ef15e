-- Cancels a job. A waiting or delayed one is gone from the queue at once; for
-- an active one the wish is marked, then its worker is told which run to end.
--
-- ARGV[4]  job id   ARGV[5] how many cancelled jobs to keep
-- ARGV[6..] extra events: type, data …
-- Answers the state it was in, or 'unknown'.
local id = ARGV[4]
local h = read(id)
if not h then return 'unknown' end
local from = h.state
if from == 'a' then
  call('HSET', P .. 'cancelling', id, '1')
  call('PUBLISH', P .. 'cancel', h.s .. ' ' .. id)
  return STATES[from]
end
if not may_follow(from, 'x') then return STATES[from] end
if from == 'w' then call('XDEL', P .. STREAMS[h.priority], entry_of(h)) else call('ZREM', P .. 'delayed', id) end
call('HDEL', P .. 'cancelling', id)
h.f, h.due = MS_TEXT, nil
become(id, h, 'x', {'f', MS_TEXT}, {'due'})
file(id, h, 'cancelled', ARGV[5])
emit_extra(6, (#ARGV - 5) / 2, h.cor)
write_counts()
return STATES[from]
