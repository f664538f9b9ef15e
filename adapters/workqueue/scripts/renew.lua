-- Renews the leases of a worker's running jobs and shows that it is alive.
--
-- ARGV[4]  consumer   ARGV[5]  concurrency   ARGV[6]  lease (ms)
-- ARGV[7..] for each running job: priority (h, n, l), stream entry id, job id, s as its start wrote it
-- Answers { lost, jobs, unknown, takeovers }: lost is 1 when jobs of lost workers
-- are to be taken over; for each job 1 renewed, 2 renewed but wanted cancelled, 0
-- not its own any more; unknown are runs that the worker was given and has not
-- named, since the answer that told it was lost: as work.lua has started ones.
local consumer = ARGV[4]
call('ZADD', P .. 'workers', MS_TEXT, consumer)
call('HSET', P .. 'slots', consumer, ARGV[5])
for _, gone in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', MS - 10 * ARGV[6])) do
  call('ZREM', P .. 'workers', gone)
  call('HDEL', P .. 'slots', gone)
  for _, priority in ipairs(BY_PRIORITY) do
    local pending = redis.pcall('XPENDING', P .. STREAMS[priority], GROUP, '-', '+', 1, gone)
    if not pending.err and #pending == 0 then redis.pcall('XGROUP', 'DELCONSUMER', P .. STREAMS[priority], GROUP, gone) end
  end
end
local answers, mine, ids = {}, {}, {}
for i = 7, #ARGV, 4 do ids[#ids + 1] = ARGV[i + 2] end
local states = #ids > 0 and call('HMGET', P .. 'active', unpack(ids)) or {}
local wishes = #ids > 0 and call('HMGET', P .. 'cancelling', unpack(ids)) or {}
for n = 1, #ids do
  local i = 4 * n + 3
  if states[n] ~= ARGV[i + 3] then
    answers[n] = 0
  else
    local of = ARGV[i]
    mine[of] = mine[of] or {}
    table.insert(mine[of], ARGV[i + 1])
    answers[n] = wishes[n] == '1' and 2 or 1
  end
end
for priority, sids in pairs(mine) do
  -- JUSTID resets the idle time without counting a delivery.
  local claim = {P .. STREAMS[priority], GROUP, consumer, 0}
  for _, sid in ipairs(sids) do claim[#claim + 1] = sid end
  claim[#claim + 1] = 'JUSTID'
  call('XCLAIM', unpack(claim))
end
-- Renewals come at a third of the lease, so what has not been claimed for longer
-- is a lost worker's, or a run that this one has not named.
local unknown, lost, lease = {}, 0, tonumber(ARGV[6])
for _, priority in ipairs(BY_PRIORITY) do
  local stream = P .. STREAMS[priority]
  local pending = redis.pcall('XPENDING', stream, GROUP, 'IDLE', math.floor(0.45 * lease), '-', '+', 100)
  for _, entry in ipairs(pending.err and {} or pending) do
    local sid = entry[1]
    if entry[2] == consumer then
      local j = jobs()
      local id, h, fields = j.carried_by(priority, sid)
      if id and h.state == 'a' then
        call('XCLAIM', stream, GROUP, consumer, 0, sid, 'JUSTID')
        unknown[#unknown + 1] = {sid, h.s, (h.lost > 0 and 1 or 0) + (j.wanted_cancelled(id) and 2 or 0), fields}
      end
    elseif entry[3] >= lease then
      lost = 1
    end
  end
end
return {lost, answers, unknown, tonumber(call('HGET', P .. 'control', 'takeovers') or 0)}
