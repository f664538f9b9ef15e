-- Lets a failed or cancelled job run again, its attempts anew. Its poison
-- entry leaves in the same step.
--
-- ARGV[4]  job id
-- Answers the state it was in, 'unknown', or 'held' when another unfinished
-- job has its unique key by now.
local id = ARGV[4]
local h = read(id)
if not h then return 'unknown' end
local from = h.s
if not FINISHED[from] or not FOLLOWS[from].waiting then return from end
if filled(h.u) then
  local holder = redis.call('HGET', P .. 'unique', h.u)
  if holder and holder ~= id then return 'held' end
  redis.call('HSET', P .. 'unique', h.u, id)
end
redis.call('ZREM', P .. from, id)
if filled(h.psid) then redis.call('XDEL', P .. 'poison', h.psid) end
become(id, h, 'waiting', {
  sid = line_up(id, h.p), a = '0', lost = '0', e = '', f = '', st = '', r = '', pr = '0', pm = '', x = '', psid = '',
})
return from
