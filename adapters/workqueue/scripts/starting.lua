-- Part of work.lua: starts jobs, those of lost workers first, then by priority,
-- as many as the slots and the throttle allow. A job that is not started costs
-- nothing.

local started, wait = {}, -1

local function sooner(ms) if wait < 0 or ms < wait then wait = math.max(ms, 0) end end

-- What started, for the hash of active jobs and, where there is one, for the
-- throttle; both are written once, by write_starts.
local active, starts = {}, {}

-- flags tell the worker: 1 an earlier one lost the job, 2 it is wanted cancelled.
local function note_start(id, sid, s, run, flags, fields, limit)
  local n = #active
  active[n + 1], active[n + 2] = id, s
  if limit > 0 then starts[n + 1], starts[n + 2] = US_TEXT, id .. ':' .. run end
  started[#started + 1] = {sid, s, flags, fields}
end

local function write_starts(limit)
  if #active == 0 then return end
  call('HSET', P .. 'active', unpack(active))
  if limit > 0 then call('ZADD', P .. 'limit', unpack(starts)) end
end

-- What few rounds need.
local STARTING
local function starting()
  if STARTING then return STARTING end
  local j = jobs()

  local function start(id, h, sid, fields, flags, limit)
    h.run, h.started = h.run + 1, MS_TEXT
    if flags % 2 == 1 then h.lost = h.lost + 1 else h.attempts = h.attempts + 1 end
    if h.state == 'w' then j.count(h, 'w', 'a') end
    h.state = 'a'
    note_start(id, sid, j.pack_state(h), num(h.run), flags, fields, limit)
    j.tell(id, h)
  end

  -- The start of a job that has run before, or has had to wait until it was due.
  local function start_again(id, sid, priority, fields, flags, limit)
    local h = j.from_fields(fields, {})
    h.at, h.s = priority .. sid, h.s or 'w' .. priority
    j.unpack_state(h)
    start(id, h, sid, fields, flags, limit)
  end

  local function promote(control)
    for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'delayed', '-inf', MS, 'LIMIT', 0, 100)) do
      call('ZREM', P .. 'delayed', id)
      local h = j.read(id)
      if h and h.state == 'd' then
        h.due, h.e = nil, nil
        j.line_up(id, h)
        j.become(id, h, 'w', {}, {'due', 'e'})
      end
    end
    control.due = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')[2]
    if control.due then call('HSET', P .. 'control', 'due', control.due) else call('HDEL', P .. 'control', 'due') end
  end

  local function allowed(slots, limit, window)
    call('ZREMRANGEBYSCORE', P .. 'limit', '-inf', US - window * 1000)
    return math.min(slots, limit - call('ZCARD', P .. 'limit'))
  end

  -- Jobs whose lease ran out. One that is to be given up or was cancelled needs
  -- no slot: its end is only written down.
  local function take_over(n, consumer, lease, max_losses, limit)
    local taken, over = 0, 0
    for _, priority in ipairs(BY_PRIORITY) do
      local stream = P .. STREAMS[priority]
      local pending = redis.pcall('XPENDING', stream, GROUP, 'IDLE', lease, '-', '+', 100)
      if pending.err then pending = {} end
      for _, entry in ipairs(pending) do
        local sid = entry[1]
        local id, h, fields = j.carried_by(priority, sid)
        if not id then
          j.leave_stream(priority, sid)
        elseif h.state ~= 'a' then
          call('XACK', stream, GROUP, sid)
        else
          local cancelled = j.wanted_cancelled(id)
          local ends = cancelled or h.lost + 1 >= max_losses
          if ends or taken < n then
            call('XCLAIM', stream, GROUP, consumer, 0, sid, 'JUSTID')
            over = over + 1
            if not ends then taken = taken + 1 end
            start(id, h, sid, fields, cancelled and 3 or 1, limit)
          end
        end
      end
    end
    return n - taken, over
  end

  STARTING = {start_again = start_again, promote = promote, allowed = allowed, take_over = take_over}
  return STARTING
end

local function read_new(priority, consumer, n)
  local stream = P .. STREAMS[priority]
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', n, 'STREAMS', stream, '>')
  if reply and reply.err then
    call('XGROUP', 'CREATE', stream, GROUP, '0', 'MKSTREAM')
    reply = call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', n, 'STREAMS', stream, '>')
  end
  return reply and reply[1][2]
end

-- An entry that is new to the group is there only while its job waits: whoever
-- cancels a waiting job deletes it. So nothing else is read. What is no job of
-- ours is passed over.
local function take_new(priority, consumer, n, control, limit)
  local left, common, s = n, nil, 'a' .. priority .. ' 1 1 0 ' .. MS_TEXT
  while left > 0 do
    local wanted = left
    local entries = read_new(priority, consumer, wanted)
    if not entries then break end
    for _, entry in ipairs(entries) do
      local sid, fields = entry[1], entry[2]
      local id, kind = fields[2], fields[1]
      if (kind ~= 'id' and kind ~= 'quoted') or fields[3] ~= 'v' then
        jobs().leave_stream(priority, sid)
      else
        left = left - 1
        local flags = control.wishes and jobs().wanted_cancelled(id) and 2 or 0
        if fields[5] == 's' then
          starting().start_again(id, sid, priority, fields, flags, limit)
        else
          -- The first start of a job, which most are.
          local batch, correlation
          for i = 5, #fields, 2 do
            if fields[i] == 'b' then batch = fields[i + 1] elseif fields[i] == 'cor' then correlation = fields[i + 1] end
          end
          waiting_change = waiting_change - 1
          if batch then count_batch(batch, 'w', 'a', correlation) end
          note_start(id, sid, s, '1', flags, fields, limit)
          if EMIT then
            common = common or in_common('active', priority,
              '"attemptsMade":1,"progress":0,"progressMessage":"","startedAt":"' .. NOW .. '","createdAt":"')
            tell_fresh(common, kind == 'id' and id, ms_of(sid), fields[4], correlation)
          end
        end
      end
    end
    if #entries < wanted then break end
  end
  return n - left
end

-- The lower priority whose oldest waiting entry has aged most, or nil.
local function aged(age)
  local oldest, found = MS - age, nil
  for i = 2, #BY_PRIORITY do
    local stream = P .. STREAMS[BY_PRIORITY[i]]
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    local last = not groups.err and (groups[1] and groups[1][8] or '0-0')
    local entry = last and call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
    local at = entry and tonumber(ms_of(entry[1]))
    if at and at < oldest then oldest, found = at, BY_PRIORITY[i] end
  end
  return found
end

-- One start in so many goes to the oldest aged job of a lower priority.
local FAIR_EVERY = 10

local function take_waiting(n, consumer, age, control, limit)
  if n <= 0 then return end
  local taken = 0
  if control.starts % FAIR_EVERY + n >= FAIR_EVERY then
    local priority = aged(age)
    if priority then taken = take_new(priority, consumer, 1, control, limit) end
  end
  for _, priority in ipairs(BY_PRIORITY) do
    if taken < n then taken = taken + take_new(priority, consumer, n - taken, control, limit) end
  end
  control.started = taken
end

-- Where the streams that a worker blocks on end.
local function cursors()
  local found = {}
  for i, name in ipairs({'high', 'normal', 'low', 'wake'}) do
    local last = call('XREVRANGE', P .. name, '+', '-', 'COUNT', 1)[1]
    found[i] = last and last[1] or '0-0'
  end
  return found
end
