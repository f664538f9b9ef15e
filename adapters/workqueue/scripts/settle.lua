-- Ends a delivery: the job's next state, its entry's leave of the stream, its
-- poison entry and its events are one step. Refused when the delivery is not
-- the newest one any more: a worker that lost its lease writes nothing.
--
-- ARGV[4]  job id           ARGV[5]  run (the fence)
-- ARGV[6]  priority         ARGV[7]  stream entry id
-- ARGV[8]  next state: completed, failed, cancelled, delayed, waiting
-- ARGV[9]  reason           ARGV[10] result (JSON), '' leaves it
-- ARGV[11] delay (ms)       ARGV[12] 1 when the attempt does not count
-- ARGV[13] how many jobs of that final state to keep
-- ARGV[14] handler, for the poison entry
-- ARGV[15..] extra events: type, data (JSON object) …
-- Answers 1, or 0 when refused.
local id, run, priority, sid, to = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local reason, result, delay, uncounted = ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12] == '1'
local h = read(id)
if not h or h.s ~= 'active' or h.run ~= run then return 0 end

local changes, due = {w = '', x = ''}, nil
if result ~= '' then changes.r = result end
if uncounted then changes.a = num(math.max(h.a - 1, 0)) end
if to == 'completed' then
  changes.f, changes.pr = num(MS), '100'
elseif to == 'failed' then
  changes.f, changes.e = num(MS), reason
  changes.psid = redis.call('XADD', P .. 'poison', '*', 'job_id', id, 'name', h.n, 'payload', h.d,
    'reason_poisoned', reason, 'topic_poisoned', QUEUE, 'handler_poisoned', ARGV[14], 'attempts', h.a,
    'failed_at', iso(MS), 'priority', h.p, 'correlation_id', h.cor or '', 'metadata', filled(h.md) and h.md or '{}')
elseif to == 'cancelled' then
  changes.f = num(MS)
elseif to == 'delayed' then
  due = MS + delay
  changes.due = num(due)
  if uncounted then changes.pm = reason else changes.e = reason end
  redis.call('ZADD', P .. 'delayed', due, id)
elseif to == 'waiting' then
  changes.sid = line_up(id, priority)
end
leave_stream(priority, sid)
become(id, h, to, changes)
if FINISHED[to] then finish(id, h, to, ARGV[13]) end
emit_extra(15, h, due)
if due then wake() end
return 1
