-- Counts a queue.
--
-- ARGV[4]  lease (ms)   ARGV[5]  throttle's window (ms), 0 is no throttle
-- Answers { paused, waiting, active, delayed, completed, failed, cancelled,
-- workers, slots, starts in the window, milliseconds the oldest waiting job has waited }.
local oldest = MS
for _, priority in ipairs(BY_PRIORITY) do
  local stream = P .. STREAMS[priority]
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  local after = not groups.err and groups[1] and '(' .. groups[1][8] or '-'
  local first = call('XRANGE', stream, after, '+', 'COUNT', 1)[1]
  local at = first and tonumber(first[1]:match('^%d+'))
  if at and at < oldest then oldest = at end
end
local slots, alive = 0, call('ZRANGEBYSCORE', P .. 'workers', MS - 2 * ARGV[4], '+inf')
for _, consumer in ipairs(alive) do slots = slots + (call('HGET', P .. 'slots', consumer) or 0) end
local window = tonumber(ARGV[5])
local starts = window > 0 and call('ZCOUNT', P .. 'limit', US - window * 1000, '+inf') or 0
local control = call('HMGET', P .. 'control', 'paused', 'waiting')
return {
  control[1] == '1' and 1 or 0, tonumber(control[2] or 0), call('HLEN', P .. 'active'), call('ZCARD', P .. 'delayed'),
  call('LLEN', P .. 'completed'), call('ZCARD', P .. 'failed'), call('ZCARD', P .. 'cancelled'),
  #alive, slots, starts, MS - oldest,
}
