-- One round of a worker: writes the ends of deliveries and starts others in
-- the slots that are free then. (Made of common, jobs, endings, starting and this file.)
--
-- ARGV[4]  consumer
-- ARGV[5]  free slots, -1 to take nothing
-- ARGV[6]  starts allowed in the window, 0 is no limit
-- ARGV[7]  window (ms)
-- ARGV[8]  lease (ms) when lost workers' jobs are to be looked for, else 0
-- ARGV[9]  losses of one job after which it is given up
-- ARGV[10] a job of lower priority that has waited this long (ms) is aged
-- ARGV[11] completed jobs to keep   ARGV[12] failed and cancelled jobs to keep
-- ARGV[13..] settlements, as endings.lua has them
-- Answers { ends, jobs, wait, cursors, takeovers }: for each settlement what
-- endings.lua says; each started job { entry id, s, flags (see note_start), the
-- fields of its entry }; wait: milliseconds until
-- something may be due, -1 when only a new entry can change that; cursors: the
-- newest entry id of each stream to block on, only when a slot stayed free;
-- takeovers: how many the queue has seen.
local consumer, slots, limit, window = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local lease, keep = tonumber(ARGV[8]), tonumber(ARGV[11])

local counters = call('HMGET', P .. 'control', 'waiting', 'starts', 'takeovers', 'paused', 'wishes', 'due')
local control = {
  waiting = tonumber(counters[1] or 0), starts = tonumber(counters[2] or 0), takeovers = tonumber(counters[3] or 0),
  wishes = counters[5], due = counters[6], started = 0, over = 0,
}
if control.wishes and call('EXISTS', P .. 'cancelling') == 0 then
  control.wishes = false
  call('HDEL', P .. 'control', 'wishes')
end

local answers = settle_all(13, control, keep, ARGV[12])
if slots >= 0 then
  if control.due and tonumber(control.due) <= MS then starting().promote(control) end
  if control.due then sooner(control.due - MS) end
  local free = counters[4] == '1' and 0 or slots
  if limit > 0 then free = starting().allowed(free, limit, window) end
  if lease > 0 then free, control.over = starting().take_over(math.max(free, 0), consumer, lease, tonumber(ARGV[9]), limit) end
  take_waiting(free, consumer, tonumber(ARGV[10]), control, limit)
  write_starts(limit)
  if limit > 0 and call('ZCARD', P .. 'limit') >= limit then
    local first = call('ZRANGE', P .. 'limit', -limit, -limit, 'WITHSCORES')
    sooner(math.ceil((first[2] + window * 1000 - US) / 1000))
  end
  trim_now_and_then(control, keep)
end
write_counts(control)
return {answers, started, wait, #started < slots and cursors() or {}, control.takeovers + control.over}
