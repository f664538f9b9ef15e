-- Counts a queue.
--
-- ARGV[4]  lease (ms)   ARGV[5]  throttle's window (ms), 0 is no throttle
-- Answers { paused, waiting, active, delayed, completed, failed, cancelled,
-- workers, slots, starts in the window, milliseconds the oldest waiting job has waited }.
local waiting, active, oldest = 0, 0, MS
for _, priority in ipairs(PRIORITIES) do
  local stream = P .. priority
  local pending = redis.pcall('XPENDING', stream, GROUP)
  local taken, after = 0, '-'
  if not pending.err then
    taken = pending[1]
    local groups = redis.call('XINFO', 'GROUPS', stream)
    after = groups[1] and '(' .. groups[1][8] or '-'
  end
  local held = redis.call('XLEN', stream)
  active = active + taken
  waiting = waiting + held - taken
  if held > taken then
    local first = redis.call('XRANGE', stream, after, '+', 'COUNT', 1)[1]
    local at = first and tonumber(first[1]:match('^%d+'))
    if at and at < oldest then oldest = at end
  end
end
local slots, alive = 0, redis.call('ZRANGEBYSCORE', P .. 'workers', MS - 2 * ARGV[4], '+inf')
for _, consumer in ipairs(alive) do slots = slots + (redis.call('HGET', P .. 'slots', consumer) or 0) end
local window = tonumber(ARGV[5])
local starts = window > 0 and redis.call('ZCOUNT', P .. 'limit', US - window * 1000, '+inf') or 0
return {
  redis.call('HGET', P .. 'control', 'paused') == '1' and 1 or 0, waiting, active, redis.call('ZCARD', P .. 'delayed'),
  redis.call('ZCARD', P .. 'completed'), redis.call('ZCARD', P .. 'failed'), redis.call('ZCARD', P .. 'cancelled'),
  #alive, slots, starts, MS - oldest,
}
