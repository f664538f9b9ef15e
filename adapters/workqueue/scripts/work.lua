-- One round of a worker: writes the ends of deliveries and starts others in
-- the slots that are free then. (Made of common, settle, take and this file.)
--
-- ARGV[4]  consumer
-- ARGV[5]  free slots, -1 to take nothing
-- ARGV[6]  starts allowed in the window, 0 is no limit
-- ARGV[7]  window (ms)
-- ARGV[8]  lease (ms) when lost workers' jobs are to be looked for, else 0
-- ARGV[9]  losses of one job after which it is given up
-- ARGV[10] a job of lower priority that has waited this long (ms) is aged
-- ARGV[11] completed jobs to keep   ARGV[12] failed and cancelled jobs to keep
-- ARGV[13..] settlements, as settle.lua has them
-- Answers { ends, jobs, wait, cursors, takeovers }: for each settlement what
-- settle.lua says; each started job { entry id, s, flags (see start), the
-- fields of its entry }; wait: milliseconds until
-- something may be due, -1 when only a new entry can change that; cursors: the
-- newest entry id of each stream to block on, only when a slot stayed free;
-- takeovers: how many the queue has seen.
local consumer, slots, limit, window = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local lease, max_losses, age = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

local counters = call('HMGET', P .. 'control', 'paused', 'waiting', 'starts', 'takeovers')
local control = {
  paused = counters[1] == '1', waiting = tonumber(counters[2] or 0), starts = tonumber(counters[3] or 0),
  takeovers = tonumber(counters[4] or 0), started = 0, over = 0,
}
local cancelling = call('EXISTS', P .. 'cancelling') == 1

local answers = settle_all(13, control, cancelling, tonumber(ARGV[11]), tonumber(ARGV[12]))
if slots >= 0 then
  promote()
  local free = control.paused and 0 or allowed(slots, limit, window)
  if lease > 0 then free, control.over = take_over(math.max(free, 0), consumer, lease, max_losses) end
  take_waiting(free, consumer, age, control, cancelling)
  write_starts(limit)
  if limit > 0 and call('ZCARD', P .. 'limit') >= limit then
    local first = call('ZRANGE', P .. 'limit', -limit, -limit, 'WITHSCORES')
    sooner(math.ceil((first[2] + window * 1000 - US) / 1000))
  end
end
write_counts(control)
return {answers, started, wait, #started < slots and ends() or {}, control.takeovers + control.over}
