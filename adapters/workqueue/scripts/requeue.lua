-- Lets a failed or cancelled job run again, its attempts anew. Its poison
-- entry leaves in the same step.
--
-- ARGV[4]  job id
-- Answers the state it was in, 'unknown', or 'held' when another unfinished
-- job has its unique key by now.
local j, id = jobs(), ARGV[4]
local h = j.read(id)
if not h then return 'unknown' end
local from = h.state
if not j.finished(from) or not j.may_follow(from, 'w') then return j.STATES[from] end
if h.u then
  local holder = call('HGET', P .. 'unique', h.u)
  if holder and holder ~= id then return 'held' end
  call('HSET', P .. 'unique', h.u, id)
end
call('ZREM', P .. j.STATES[from], id)
if h.psid then call('XDEL', P .. 'poison', h.psid) end
-- What the life before left: reason, finish, result, progress, cancel wish.
local gone = j.result_fields(id)
for _, name in ipairs({'e', 'f', 'pr', 'pm', 'psid'}) do
  if h[name] then gone[#gone + 1] = name end
  h[name] = nil
end
h.r = nil
h.attempts, h.lost, h.started = 0, 0, ''
j.line_up(id, h)
j.become(id, h, 'w', {}, gone)
write_counts()
return j.STATES[from]
