-- Starts jobs: those of lost workers first, then by priority, as many as the
-- slots and the throttle allow. A job that is not started costs nothing.
--
-- ARGV[4]  consumer
-- ARGV[5]  free slots
-- ARGV[6]  starts allowed in the window, 0 is no limit
-- ARGV[7]  window (ms)
-- ARGV[8]  lease (ms) when lost workers' jobs are to be looked for, else 0
-- ARGV[9]  losses of one job after which it is given up
-- ARGV[10] a job of lower priority that has waited this long (ms) is aged
-- Answers { jobs, wait, cursors }: each job { priority, entry id, job id,
-- lost (0/1), hash as a flat array }; wait: milliseconds until something may
-- be due, -1 when only a new entry can change that; cursors: the newest entry
-- id of each stream to block on, only when no job was started.
local CONSUMER, SLOTS, LIMIT, WINDOW = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local LEASE, MAX_LOSSES, AGE = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
-- One start in so many goes to the oldest aged job of a lower priority.
local FAIR_EVERY = 10
local jobs, wait = {}, -1

local function sooner(ms) if wait < 0 or ms < wait then wait = math.max(ms, 0) end end

local function promote()
  local due = redis.call('ZRANGEBYSCORE', P .. 'delayed', '-inf', MS, 'LIMIT', 0, 100)
  for _, id in ipairs(due) do
    redis.call('ZREM', P .. 'delayed', id)
    local h = read(id)
    if h and h.s == 'delayed' then become(id, h, 'waiting', {sid = line_up(id, h.p), due = ''}) end
  end
  local next_due = redis.call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  if next_due[2] then sooner(next_due[2] - MS) end
end

local function allowed()
  if LIMIT == 0 then return SLOTS end
  redis.call('ZREMRANGEBYSCORE', P .. 'limit', '-inf', US - WINDOW * 1000)
  return math.min(SLOTS, LIMIT - redis.call('ZCARD', P .. 'limit'))
end

local function start(id, h, priority, sid, lost)
  local run = num((h.run or 0) + 1)
  local changes = {run = run, st = num(MS), w = CONSUMER, e = '', due = ''}
  if lost then changes.lost = num((h.lost or 0) + 1) else changes.a = num(h.a + 1) end
  become(id, h, 'active', changes)
  if LIMIT > 0 then redis.call('ZADD', P .. 'limit', US, id .. ':' .. run) end
  local flat = {}
  for k, v in pairs(h) do flat[#flat + 1] = k; flat[#flat + 1] = v end
  jobs[#jobs + 1] = {priority, sid, id, lost and 1 or 0, flat}
end

-- Jobs whose lease ran out. One that is to be given up or was cancelled needs
-- no slot: its end is only written down.
local function take_over(n)
  local taken = 0
  for _, priority in ipairs(PRIORITIES) do
    local stream = P .. priority
    local pending = redis.pcall('XPENDING', stream, GROUP, 'IDLE', LEASE, '-', '+', 100)
    if pending.err then pending = {} end
    for _, entry in ipairs(pending) do
      local sid = entry[1]
      local body = redis.call('XRANGE', stream, sid, sid)[1]
      local id = body and body[2][2]
      local h = id and read(id)
      if not h or h.s ~= 'active' or h.sid ~= sid then
        leave_stream(priority, sid)
      elseif h.x == '1' or (h.lost or 0) + 1 >= MAX_LOSSES or taken < n then
        redis.call('XCLAIM', stream, GROUP, CONSUMER, 0, sid, 'JUSTID')
        if h.x ~= '1' and (h.lost or 0) + 1 < MAX_LOSSES then taken = taken + 1 end
        start(id, h, priority, sid, true)
      end
    end
  end
  return n - taken
end

local function read_new(priority, n)
  local call = function()
    return redis.pcall('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', n, 'STREAMS', P .. priority, '>')
  end
  local reply = call()
  if reply and reply.err then
    redis.call('XGROUP', 'CREATE', P .. priority, GROUP, '0', 'MKSTREAM')
    reply = call()
  end
  return reply and reply[1] and reply[1][2] or {}
end

local function take_new(priority, n)
  local left = n
  while left > 0 do
    local entries = read_new(priority, left)
    for _, entry in ipairs(entries) do
      local sid, id = entry[1], entry[2][2]
      local h = read(id)
      if h and h.s == 'waiting' and h.sid == sid then
        start(id, h, priority, sid, false)
        left = left - 1
      else
        leave_stream(priority, sid)
      end
    end
    if #entries == 0 then break end
  end
  return n - left
end

-- The lower priority whose oldest waiting entry has aged most, or nil.
local function aged()
  local oldest, found = MS - AGE, nil
  for i = 2, #PRIORITIES do
    local stream = P .. PRIORITIES[i]
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    local last = not groups.err and (groups[1] and groups[1][8] or '0-0')
    local entry = last and redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
    local at = entry and tonumber(entry[1]:match('^%d+'))
    if at and at < oldest then oldest, found = at, PRIORITIES[i] end
  end
  return found
end

local function take_waiting(n)
  if n <= 0 then return end
  local before = tonumber(redis.call('HGET', P .. 'control', 'starts') or 0)
  local taken = 0
  if before % FAIR_EVERY + n >= FAIR_EVERY then
    local priority = aged()
    if priority then taken = take_new(priority, 1) end
  end
  for _, priority in ipairs(PRIORITIES) do
    if taken < n then taken = taken + take_new(priority, n - taken) end
  end
  if taken > 0 then redis.call('HINCRBY', P .. 'control', 'starts', taken) end
end

promote()
local paused = redis.call('HGET', P .. 'control', 'paused') == '1'
local free = paused and 0 or allowed()
if LEASE > 0 then free = take_over(math.max(free, 0)) end
take_waiting(free)
if LIMIT > 0 and redis.call('ZCARD', P .. 'limit') >= LIMIT then
  local first = redis.call('ZRANGE', P .. 'limit', -LIMIT, -LIMIT, 'WITHSCORES')
  sooner(math.ceil((first[2] + WINDOW * 1000 - US) / 1000))
end
local cursors = {}
if #jobs == 0 then
  for i, name in ipairs({'high', 'normal', 'low', 'wake'}) do
    local info = redis.pcall('XINFO', 'STREAM', P .. name)
    cursors[i] = '0-0'
    if not info.err then
      for k = 1, #info, 2 do if info[k] == 'last-generated-id' then cursors[i] = info[k + 1] end end
    end
  end
end
return {jobs, wait, cursors}
