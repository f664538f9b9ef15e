-- Accepts jobs: each job's place and its stream entry (or its hash and its
-- place among the delayed) come to exist together, all jobs of the call or none.
--
-- ARGV[4..]  for each job: priority (h, n, l), delay (ms; 0 is none), how many
--            values its entry has, and those: 'id' ('quoted' where v has the id as
--            JSON), the id, 'v', what its view never changes, further names and values
-- Answers, for each job, '' when it was accepted, else the id of the job that
-- stands already (or stood lately) under this id or unique key.
local CHUNK = 1000 -- as much as one command is to have of arguments

local begins, ids, known = {}, {}, {}
local i = 4
while i <= #ARGV do
  begins[#begins + 1], ids[#ids + 1] = i, ARGV[i + 4]
  i = i + 3 + ARGV[i + 2]
end
for from = 1, #ids, CHUNK do
  local found = call('HMGET', P .. 'places', unpack(ids, from, math.min(from + CHUNK - 1, #ids)))
  for k, at in ipairs(found) do if at then known[ids[from + k - 1]] = true end end
end
if call('EXISTS', P .. 'seen') == 1 then
  for _, id in ipairs(ids) do
    local until_ms = call('ZSCORE', P .. 'seen', id)
    if until_ms and tonumber(until_ms) > MS then known[id] = true end
  end
end

local function accept_delayed(id, priority, delay, first, last, n)
  local j = jobs()
  local due, c = num(MS + delay), MS_TEXT .. '-' .. num(n)
  local flat = {'s', 'd' .. priority, 'c', c, 'due', due, unpack(ARGV, first + 4, last)}
  j.put_text(flat, 'v', ARGV[first + 3])
  call('HSET', job_key(id), unpack(flat))
  call('SADD', P .. 'own', id)
  j.note_moved(id, c)
  j.wait_until(id, due)
  return c, due
end

local answers, places, common, delayed = {}, {}, {}, false
local NEW, CREATED = '"attemptsMade":0,"progress":0,"progressMessage":"",', '"createdAt":"'
for n, begin in ipairs(begins) do
  local id, priority, first = ids[n], ARGV[begin], begin + 3
  local last = first + ARGV[begin + 2] - 1
  local batch, unique, correlation
  for k = first + 4, last, 2 do
    local name = ARGV[k]
    if name == 'b' then batch = ARGV[k + 1] elseif name == 'u' then unique = ARGV[k + 1]
    elseif name == 'cor' then correlation = ARGV[k + 1] end
  end
  local holder = known[id] and id or unique and call('HGET', P .. 'unique', unique)
  answers[n] = holder or ''
  if not holder then
    known[id] = true
    local c, due, place
    if ARGV[begin + 1] == '0' then
      -- An entry and its place are all that a waiting job is.
      c = call('XADD', P .. STREAMS[priority], '*', unpack(ARGV, first, last))
      place = priority .. c
      waiting_change = waiting_change + 1
    else
      c, due = accept_delayed(id, priority, ARGV[begin + 1], first, last, n)
      place, delayed = jobs().NOWHERE, true
    end
    places[#places + 1] = id
    places[#places + 1] = place
    if unique then call('HSET', P .. 'unique', unique, id) end
    if batch then
      call('XADD', P .. 'batch:' .. batch .. ':jobs', '*', 'id', id)
      count_batch(batch, nil, due and 'd' or 'w', correlation)
    end
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
for from = 1, #places, 2 * CHUNK do
  call('HSET', P .. 'places', unpack(places, from, math.min(from + 2 * CHUNK - 1, #places)))
end
write_counts()
if delayed then jobs().wake() end
return answers
