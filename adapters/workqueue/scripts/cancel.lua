-- Cancels a job. A waiting or delayed one is gone from the queue at once; for
-- an active one the wish is marked, then its worker is told which run to end.
--
-- ARGV[4]  job id   ARGV[5] how many cancelled jobs to keep
-- ARGV[6..] extra events: type, data …
-- Answers the state it was in, or 'unknown'.
local j, id = jobs(), ARGV[4]
local h = j.read(id)
if not h then return 'unknown' end
local from = h.state
if from == 'a' then
  call('HSET', P .. 'cancelling', id, '1')
  call('HSET', P .. 'control', 'wishes', '1')
  call('PUBLISH', P .. 'cancel', h.s .. ' ' .. id)
  return j.STATES[from]
end
if not j.may_follow(from, 'x') then return j.STATES[from] end
if from == 'd' then call('ZREM', P .. 'delayed', id) end
call('HDEL', P .. 'cancelling', id)
h.f, h.due = MS_TEXT, nil
j.become(id, h, 'x', {'f', MS_TEXT}, {'due'})
j.file(id, h, ARGV[5])
j.emit_extra(6, #ARGV, h.cor)
write_counts()
return j.STATES[from]
