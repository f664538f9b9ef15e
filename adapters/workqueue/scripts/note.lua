-- Notes things of jobs that are kept.
--
-- ARGV[4..]  for each note: what it is, job id, how many values, and those:
--   'log'       a line for the job's log
--   'mark'      key, value: noted under the key unless something is there already
--   'progress'  run (the fence), percent, message, correlation id, and extra
--               events: type, data …; only while that run is the newest
-- Answers, for each, '1' when it was noted, else '0'.
local answers, i = {}, 4
while i <= #ARGV do
  local what, id, n = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local at, noted = i + 3, false
  if what == 'progress' then
    local s = call('HGET', P .. 'active', id)
    if s and s:match('^a%a %d+ (%d+) ') == ARGV[at] then
      noted = true
      call('HSET', job_key(id), 'pr', ARGV[at + 1], 'pm', ARGV[at + 2])
      call('SADD', P .. 'own', id)
      for k = at + 4, at + n - 1, 2 do emit(ARGV[k], ARGV[k + 1], ARGV[at + 3]) end
    end
  elseif call('HEXISTS', P .. 'places', id) == 1 then
    noted = true
    if what == 'log' then
      add_line(id, ARGV[at])
    else
      call('HSETNX', P .. 'tally:' .. id, ARGV[at], ARGV[at + 1])
      call('SADD', P .. 'own', id)
    end
  end
  answers[#answers + 1] = noted and '1' or '0'
  i = at + n
end
return answers
