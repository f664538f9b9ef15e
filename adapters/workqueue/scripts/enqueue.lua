-- Accepts jobs: each job's hash and its stream entry (or its place among the
-- delayed) come to exist together, all jobs of the call or none.
--
-- ARGV[4..]  for each job: id, what its view never changes (v), priority (h, n,
--            l), delay (ms; 0 is none), number of further fields, and those:
--            name, value …
-- Answers, for each job, '' when it was accepted, else the id of the job that
-- stands already (or stood lately) under this id or unique key.
local answers, delayed = {}, false
local index = P .. 'index'
local i = 4
while i <= #ARGV do
  local id, v, priority, delay, further = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], 2 * ARGV[i + 4]
  local max, batch, unique, correlation = '1', nil, nil, nil
  -- What the stream entry carries; id, s and v come first in each.
  local fields, n = {'id', id, 's', 'w' .. priority, 'v', v}, 6
  for k = i + 5, i + 4 + further do
    local field = ARGV[k]
    n = n + 1
    fields[n] = field
    if n % 2 == 0 then
      local name = fields[n - 1]
      if name == 'm' then max = field elseif name == 'b' then batch = field
      elseif name == 'u' then unique = field elseif name == 'cor' then correlation = field end
    end
  end
  i = i + 5 + further
  local holder
  if call('EXISTS', job_key(id), P .. 'seen:' .. id) > 0 then
    holder = id
  elseif unique then
    holder = call('HGET', P .. 'unique', unique)
  end
  answers[#answers + 1] = holder or ''
  if not holder then
    local c = call('XADD', index, '*', 'id', id)
    local state, more = 'w', ''
    if unique then call('HSET', P .. 'unique', unique, id) end
    if batch then call('XADD', P .. 'batch:' .. batch .. ':jobs', c, 'id', id) end
    if delay ~= '0' then
      state, delayed = 'd', true
      local due = num(MS + delay)
      more = ',"nextAttemptAt":"' .. iso(due) .. '"'
      call('ZADD', P .. 'delayed', due, id)
      local flat = {'s', 'd' .. priority, 'c', c, 'due', due}
      for k = 7, n do flat[k] = fields[k] end
      put_text(flat, #flat, 'v', v)
      call('HSET', job_key(id), unpack(flat))
    else
      -- The same entry id in both streams saves a field. Where the work stream
      -- is ahead within this millisecond it gives an id of its own.
      local stream = P .. STREAMS[priority]
      if type(redis.pcall('XADD', stream, c, unpack(fields))) == 'table' then
        fields[n + 1], fields[n + 2] = 'c', c
        call('HSET', job_key(id), 's', 'w' .. priority, 'c', c, 'sid', call('XADD', stream, '*', unpack(fields)))
      else
        call('HSET', job_key(id), 's', 'w' .. priority, 'c', c)
      end
    end
    count(batch, nil, state, correlation)
    emit_view(id, state, priority, '0', max, c, '0', '""', more, v, correlation)
  end
end
write_counts()
if delayed then wake() end
return answers
