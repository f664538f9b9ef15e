-- A worker that has settled all its deliveries leaves the queue.
--
-- ARGV[4]  consumer
local consumer = ARGV[4]
call('ZREM', P .. 'workers', consumer)
call('HDEL', P .. 'slots', consumer)
for _, priority in ipairs(BY_PRIORITY) do
  local pending = redis.pcall('XPENDING', P .. STREAMS[priority], GROUP, '-', '+', 1, consumer)
  if not pending.err and #pending == 0 then redis.pcall('XGROUP', 'DELCONSUMER', P .. STREAMS[priority], GROUP, consumer) end
end
return 1
