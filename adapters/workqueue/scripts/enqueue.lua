-- Accepts jobs: each job's hash and its stream entry (or its place among the
-- delayed) come to exist together, all jobs of the call or none.
--
-- ARGV[4..]  for each job: id, name, payload, priority, max attempts, back-off
--            (ms), batch, parent, unique key, correlation id, metadata (JSON),
--            delay (ms; 0 is none)
-- Answers, for each job, '' when it was accepted, else the id of the job that
-- stands already under this id or unique key.
local FIELDS = 12
local answers, batches, delayed = {}, {}, false
for i = 4, #ARGV, FIELDS do
  local id, priority, batch, unique, delay = ARGV[i], ARGV[i + 3], ARGV[i + 6], ARGV[i + 8], tonumber(ARGV[i + 11])
  local holder = redis.call('EXISTS', job_key(id)) == 1 and id
    or filled(unique) and redis.call('HGET', P .. 'unique', unique)
  if holder then
    answers[#answers + 1] = holder
  else
    local h = {
      s = 'waiting', n = ARGV[i + 1], d = ARGV[i + 2], p = priority, m = ARGV[i + 4], bo = ARGV[i + 5],
      cor = ARGV[i + 9], md = ARGV[i + 10], a = '0', c = num(MS),
    }
    if filled(batch) then h.b = batch end
    if filled(ARGV[i + 7]) then h.par = ARGV[i + 7] end
    if filled(unique) then h.u = unique; redis.call('HSET', P .. 'unique', unique, id) end
    if delay > 0 then
      h.s, h.due, delayed = 'delayed', num(MS + delay), true
      redis.call('ZADD', P .. 'delayed', MS + delay, id)
    else
      h.sid = line_up(id, priority)
    end
    local flat = {}
    for k, v in pairs(h) do flat[#flat + 1] = k; flat[#flat + 1] = v end
    redis.call('HSET', job_key(id), unpack(flat))
    redis.call('ZADD', P .. 'index', US + (i - 4) / FIELDS, id)
    if filled(batch) then
      redis.call('HINCRBY', P .. 'batch:' .. batch, 'total', 1)
      redis.call('HINCRBY', P .. 'batch:' .. batch, h.s, 1)
      batches[batch] = h.cor
    end
    emit('job:updated', view(id, h), h.cor)
    answers[#answers + 1] = ''
  end
end
for batch, correlation in pairs(batches) do
  redis.call('EXPIRE', P .. 'batch:' .. batch, 30 * 86400)
  emit_batch(batch, correlation)
end
if delayed then wake() end
return answers
