-- Accepts jobs: each job's hash and its stream entry (or its place among the
-- delayed) come to exist together, all jobs of the call or none.
--
-- ARGV[4..]  for each job: priority (h, n, l), delay (ms; 0 is none), how many
--            values its entry has, and those: 'id' ('quoted' where v has the id as
--            JSON), the id, 'v', what its view never changes, further names and values
-- Answers, for each job, '' when it was accepted, else the id of the job that
-- stands already (or stood lately) under this id or unique key.
local answers, common, delayed = {}, {}, false
local NEW, CREATED = '"attemptsMade":0,"progress":0,"progressMessage":"",', '"createdAt":"'

-- An entry of the job's own is all that a waiting job is, beside the hash that
-- says where that is.
local function accept(id, priority, first, last)
  local stream = P .. STREAMS[priority]
  local sid = call('XADD', stream, '*', unpack(ARGV, first, last))
  if call('HSETNX', job_key(id), 'at', priority .. sid) == 1 then return sid end
  call('XDEL', stream, sid)
end

local function accept_delayed(id, priority, delay, first, last, n)
  local j = jobs()
  if call('HSETNX', job_key(id), 'at', j.NOWHERE) == 0 then return end
  local due, c = num(MS + delay), MS_TEXT .. '-' .. num(n)
  local flat = {'s', 'd' .. priority, 'c', c, 'due', due, unpack(ARGV, first + 4, last)}
  j.put_text(flat, 'v', ARGV[first + 3])
  call('HSET', job_key(id), unpack(flat))
  j.note_moved(id, c)
  j.wait_until(id, due)
  return c, due
end

local i, jobs_seen = 4, 0
while i <= #ARGV do
  local priority, delay, first = ARGV[i], ARGV[i + 1], i + 3
  local last = first + ARGV[i + 2] - 1
  local id, batch, unique, correlation = ARGV[first + 1], nil, nil, nil
  for k = first + 4, last, 2 do
    local name = ARGV[k]
    if name == 'b' then batch = ARGV[k + 1] elseif name == 'u' then unique = ARGV[k + 1]
    elseif name == 'cor' then correlation = ARGV[k + 1] end
  end
  i, jobs_seen = last + 1, jobs_seen + 1
  local holder, c, due = unique and call('HGET', P .. 'unique', unique), nil, nil
  if holder then
    if call('HEXISTS', job_key(id), 'at') == 1 then holder = id end
  else
    if delay == '0' then c = accept(id, priority, first, last) else c, due = accept_delayed(id, priority, delay, first, last, jobs_seen) end
    holder = not c and id or ''
  end
  answers[jobs_seen] = holder
  if c then
    if unique then call('HSET', P .. 'unique', unique, id) end
    if batch then
      call('XADD', P .. 'batch:' .. batch .. ':jobs', '*', 'id', id)
      count_batch(batch, nil, due and 'd' or 'w', correlation)
    end
    if not due then waiting_change = waiting_change + 1 else delayed = true end
    if EMIT then
      local all
      if due then
        all = in_common('delayed', priority, NEW .. '"nextAttemptAt":"' .. iso(due) .. '",' .. CREATED)
      else
        all = common[priority] or in_common('waiting', priority, NEW .. CREATED)
        common[priority] = all
      end
      tell_fresh(all, ARGV[first] == 'id' and id, ms_of(c), ARGV[first + 3], correlation)
    end
  end
end
write_counts()
if delayed then jobs().wake() end
return answers
