-- Part of work.lua: starts jobs, those of lost workers first, then by priority,
-- as many as the slots and the throttle allow. A job that is not started costs
-- nothing.

-- One start in so many goes to the oldest aged job of a lower priority.
local FAIR_EVERY = 10

local started, wait = {}, -1

local function sooner(ms) if wait < 0 or ms < wait then wait = math.max(ms, 0) end end

local function promote()
  local first = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  if not first[2] then return end
  if tonumber(first[2]) > MS then return sooner(first[2] - MS) end
  for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'delayed', '-inf', MS, 'LIMIT', 0, 100)) do
    call('ZREM', P .. 'delayed', id)
    local h = read(id)
    if h and h.state == 'd' then
      h.due, h.e = nil, nil
      become(id, h, 'w', {'sid', line_up(id, h)}, {'due', 'e'})
    end
  end
  local next_due = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  if next_due[2] then sooner(next_due[2] - MS) end
end

local function allowed(slots, limit, window)
  if limit == 0 then return slots end
  call('ZREMRANGEBYSCORE', P .. 'limit', '-inf', US - window * 1000)
  return math.min(slots, limit - call('ZCARD', P .. 'limit'))
end

-- What started, for the hash of active jobs and, where there is one, for the
-- throttle; both are written once, by write_starts.
local active, starts = {}, {}

local function note_start(id, sid, s, run, flags, fields)
  local n = #active
  active[n + 1], active[n + 2] = id, s
  starts[n + 1], starts[n + 2] = num(US), id .. ':' .. run
  started[#started + 1] = {sid, s, flags, fields}
end

local STARTED_NOW
local function started_now()
  STARTED_NOW = STARTED_NOW or ',"startedAt":"' .. now() .. '"'
  return STARTED_NOW
end

-- flags tell the worker: 1 an earlier one lost the job, 2 it is wanted cancelled.
local function start(id, h, sid, fields, flags)
  h.run, h.started = h.run + 1, MS_TEXT
  if flags % 2 == 1 then h.lost = h.lost + 1 else h.attempts = h.attempts + 1 end
  if h.state == 'w' then count(h.b, 'w', 'a', h.cor) end
  h.state = 'a'
  note_start(id, sid, pack_state(h), num(h.run), flags, fields)
  emit_job(id, h)
end

-- The first start of a job, which most are: its entry has nothing to look up.
local function start_first(id, sid, fields, priority, flags)
  local max, batch, correlation, c = '1', nil, nil, sid
  for i = 7, #fields, 2 do
    local name = fields[i]
    if name == 'm' then max = fields[i + 1] elseif name == 'b' then batch = fields[i + 1]
    elseif name == 'cor' then correlation = fields[i + 1] elseif name == 'c' then c = fields[i + 1] end
  end
  count(batch, 'w', 'a', correlation)
  note_start(id, sid, 'a' .. priority .. ' 1 1 0 ' .. MS_TEXT, '1', flags, fields)
  if EMIT then emit_view(id, 'a', priority, '1', max, c, '0', '""', started_now(), fields[6], correlation) end
end

local function write_starts(limit)
  if #active == 0 then return end
  call('HSET', P .. 'active', unpack(active))
  if limit > 0 then call('ZADD', P .. 'limit', unpack(starts)) end
end

-- A job as its entry has it; sid is the entry's id.
local function from_entry(fields, sid)
  local h = {c = sid}
  for i = 1, #fields, 2 do h[fields[i]] = fields[i + 1] end
  unpack_state(h)
  return h
end

-- Jobs whose lease ran out. One that is to be given up or was cancelled needs
-- no slot: its end is only written down.
local function take_over(n, consumer, lease, max_losses)
  local taken, over = 0, 0
  for _, priority in ipairs(BY_PRIORITY) do
    local stream = P .. STREAMS[priority]
    local pending = redis.pcall('XPENDING', stream, GROUP, 'IDLE', lease, '-', '+', 100)
    if pending.err then pending = {} end
    for _, entry in ipairs(pending) do
      local sid = entry[1]
      local body = call('XRANGE', stream, sid, sid)[1]
      local id = body and body[2][2]
      local h = id and read(id)
      if not h or h.state ~= 'a' or entry_of(h) ~= sid then
        leave_stream(priority, sid)
      else
        local cancelled = wanted_cancelled(id)
        local ends = cancelled or h.lost + 1 >= max_losses
        if ends or taken < n then
          call('XCLAIM', stream, GROUP, consumer, 0, sid, 'JUSTID')
          over = over + 1
          if not ends then taken = taken + 1 end
          start(id, h, sid, body[2], cancelled and 3 or 1)
        end
      end
    end
  end
  return n - taken, over
end

local function read_new(priority, consumer, n)
  local function group_read()
    return redis.pcall('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', n, 'STREAMS', P .. STREAMS[priority], '>')
  end
  local reply = group_read()
  if reply and reply.err then
    call('XGROUP', 'CREATE', P .. STREAMS[priority], GROUP, '0', 'MKSTREAM')
    reply = group_read()
  end
  return reply and reply[1] and reply[1][2] or {}
end

-- An entry is there only while its job waits: whoever cancels a waiting job
-- deletes it. So nothing else is read. What is no job of ours is passed over.
local function take_new(priority, consumer, n, cancelling)
  local left = n
  while left > 0 do
    local entries = read_new(priority, consumer, left)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
      local sid, fields = entry[1], entry[2]
      local id = fields[2]
      local s = fields[1] == 'id' and fields[3] == 's' and fields[5] == 'v' and fields[4] or ''
      local flags = cancelling and wanted_cancelled(id) and 2 or 0
      if #s == 2 then
        start_first(id, sid, fields, priority, flags)
        left = left - 1
      elseif s:find('^w[hnl] %d+ %d+ %d+ %d*$') then
        start(id, from_entry(fields, sid), sid, fields, flags)
        left = left - 1
      else
        leave_stream(priority, sid)
      end
    end
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
    local at = entry and tonumber(entry[1]:match('^%d+'))
    if at and at < oldest then oldest, found = at, BY_PRIORITY[i] end
  end
  return found
end

local function take_waiting(n, consumer, age, control, cancelling)
  if n <= 0 then return end
  local taken = 0
  if control.starts % FAIR_EVERY + n >= FAIR_EVERY then
    local priority = aged(age)
    if priority then taken = take_new(priority, consumer, 1, cancelling) end
  end
  for _, priority in ipairs(BY_PRIORITY) do
    if taken < n then taken = taken + take_new(priority, consumer, n - taken, cancelling) end
  end
  control.started = taken
end

-- Where the streams that a worker blocks on end.
local function ends()
  local cursors = {}
  for i, name in ipairs({'high', 'normal', 'low', 'wake'}) do
    local info = redis.pcall('XINFO', 'STREAM', P .. name)
    cursors[i] = '0-0'
    if not info.err then
      for k = 1, #info, 2 do if info[k] == 'last-generated-id' then cursors[i] = info[k + 1] end end
    end
  end
  return cursors
end
