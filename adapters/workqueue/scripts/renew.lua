-- Renews the leases of a worker's running jobs and shows that it is alive.
--
-- ARGV[4]  consumer   ARGV[5]  concurrency   ARGV[6]  lease (ms)
-- ARGV[7..] for each running job: priority, stream entry id, job id, run
-- Answers, for each: 1 renewed, 2 renewed but wanted cancelled, 0 lost.
local consumer = ARGV[4]
redis.call('ZADD', P .. 'workers', MS, consumer)
redis.call('HSET', P .. 'slots', consumer, ARGV[5])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', '-inf', MS - 10 * ARGV[6])) do
  redis.call('ZREM', P .. 'workers', gone)
  redis.call('HDEL', P .. 'slots', gone)
  for _, priority in ipairs(PRIORITIES) do
    local pending = redis.pcall('XPENDING', P .. priority, GROUP, '-', '+', 1, gone)
    if not pending.err and #pending == 0 then redis.pcall('XGROUP', 'DELCONSUMER', P .. priority, GROUP, gone) end
  end
end
local answers = {}
for i = 7, #ARGV, 4 do
  local h = redis.call('HMGET', job_key(ARGV[i + 2]), 's', 'run', 'x')
  if h[1] ~= 'active' or h[2] ~= ARGV[i + 3] then
    answers[#answers + 1] = 0
  else
    -- JUSTID resets the idle time without counting a delivery.
    redis.call('XCLAIM', P .. ARGV[i], GROUP, consumer, 0, ARGV[i + 1], 'JUSTID')
    answers[#answers + 1] = h[3] == '1' and 2 or 1
  end
end
return answers
