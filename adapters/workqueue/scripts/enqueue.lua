-- Accepts jobs: each job's hash and its stream entry (or its place among the
-- delayed) come to exist together, all jobs of the call or none.
--
-- ARGV[4..]  for each job: id, name, payload, priority (h, n, l), delay (ms; 0
--            is none), number of further fields, and those: name, value …
-- Answers, for each job, '' when it was accepted, else the id of the job that
-- stands already (or stood lately) under this id or unique key.
local answers, delayed = {}, false
local index = P .. 'index'
local i = 4
while i <= #ARGV do
  local id, delay, further = ARGV[i], tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  local h = {n = ARGV[i + 1], d = ARGV[i + 2], priority = ARGV[i + 3], attempts = 0, started = '', run = 0}
  -- What the stream entry carries; the id and s come first in each, so that a
  -- stream's entries have the same fields and their names cost nothing.
  local fields, n = {'id', id, 's', 'w' .. h.priority, 'n', h.n, 'd', h.d}, 8
  for k = i + 6, i + 4 + 2 * further, 2 do
    h[ARGV[k]] = ARGV[k + 1]
    fields[n + 1], fields[n + 2] = ARGV[k], ARGV[k + 1]
    n = n + 2
  end
  i = i + 6 + 2 * further
  local holder
  if call('EXISTS', job_key(id), P .. 'seen:' .. id) > 0 then
    holder = id
  elseif h.u then
    holder = call('HGET', P .. 'unique', h.u)
  end
  answers[#answers + 1] = holder or ''
  if not holder then
    h.c = call('XADD', index, '*', 'id', id)
    if h.u then call('HSET', P .. 'unique', h.u, id) end
    if h.b then call('XADD', P .. 'batch:' .. h.b .. ':jobs', h.c, 'id', id) end
    if delay > 0 then
      h.state, h.due, delayed = 'd', num(MS + delay), true
      call('ZADD', P .. 'delayed', h.due, id)
      local flat = {'s', 'd' .. h.priority, 'c', h.c, 'due', h.due}
      for k = 5, n, 2 do
        if fields[k] ~= 'd' then flat[#flat + 1], flat[#flat + 2] = fields[k], fields[k + 1] end
      end
      put_text(flat, 'd', h.d)
      call('HSET', job_key(id), unpack(flat))
    else
      h.state = 'w'
      -- The same entry id in both streams saves a field. Where the work stream
      -- is ahead within this millisecond it gives an id of its own.
      local added = redis.pcall('XADD', P .. STREAMS[h.priority], h.c, unpack(fields))
      if type(added) == 'table' then
        call('HSET', job_key(id), 's', 'w' .. h.priority, 'c', h.c, 'sid', line_up(id, h))
      else
        call('HSET', job_key(id), 's', 'w' .. h.priority, 'c', h.c)
      end
    end
    count(h, nil, h.state)
    emit_job(id, h)
  end
end
write_counts()
if delayed then wake() end
return answers
