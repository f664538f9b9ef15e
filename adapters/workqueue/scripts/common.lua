-- Shared by every script; prepended to each by scripts.go.
--
-- KEYS[1]  prefix of the queue's private keys, ending in ':' (carries the hash tag)
-- KEYS[2]  event stream
-- ARGV[1]  1 when events are to be written, else 0
-- ARGV[2]  approximate cap of the event stream
-- ARGV[3]  the queue's name
--
-- All times are Redis's own, in milliseconds; no clock of a client matters.
local P, EVENTS = KEYS[1], KEYS[2]
local EMIT, EVENT_CAP, QUEUE = ARGV[1] == '1', ARGV[2], ARGV[3]
local GROUP = 'workers'
local PRIORITIES = {'high', 'normal', 'low'}
local clock = redis.call('TIME')
local US = clock[1] * 1000000 + clock[2]
local MS = math.floor(US / 1000)
local emitted = 0

local function num(n) return string.format('%.0f', n) end

-- Milliseconds since 1970 as RFC 3339; the day's date by the civil-calendar
-- arithmetic in which a year begins in March.
local function iso(ms)
  ms = tonumber(ms)
  local days = math.floor(ms / 86400000)
  local rest = ms - days * 86400000
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(rest / 3600000), math.floor(rest / 60000) % 60, math.floor(rest / 1000) % 60, rest % 1000)
end

local function job_key(id) return P .. 'job:' .. id end

-- A job's hash as a table, or nil. The fields are listed in record.go.
local function read(id)
  local flat = redis.call('HGETALL', job_key(id))
  if #flat == 0 then return nil end
  local h = {}
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
  return h
end

local function filled(v) return v and v ~= '' end

-- Appends one event in Watermill's wire form, so that its subscribers read it
-- as they read any other. data is JSON.
local function emit(kind, data, correlation)
  if not EMIT then return end
  emitted = emitted + 1
  local id, at = num(US) .. '-' .. emitted, iso(MS)
  local envelope = '{"id":"' .. id .. '","timestamp":"' .. at .. '","type":"' .. kind .. '","data":' .. data .. '}'
  local metadata = cmsgpack.pack({name = kind, occurred_at = at, correlation_id = correlation or ''})
  redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENT_CAP, '*', 'type', kind, 'payload', envelope,
    '_watermill_message_uuid', id, 'metadata', metadata)
end

-- The job as readers outside are shown it.
local function view(id, h)
  local s = cjson.encode
  local parts = {
    '{"jobId":' .. s(id), '"queue":' .. s(QUEUE), '"name":' .. s(h.n or ''), '"status":"' .. h.s .. '"',
    '"progress":' .. (filled(h.pr) and h.pr or '0'), '"progressMessage":' .. s(h.pm or ''),
    '"data":' .. (filled(h.d) and h.d or 'null'), '"attemptsMade":' .. (h.a or '0'),
    '"maxAttempts":' .. (h.m or '1'), '"priority":"' .. h.p .. '"', '"createdAt":"' .. iso(h.c) .. '"',
  }
  local function text(name, v) if filled(v) then parts[#parts + 1] = '"' .. name .. '":' .. s(v) end end
  local function time(name, v) if filled(v) then parts[#parts + 1] = '"' .. name .. '":"' .. iso(v) .. '"' end end
  if filled(h.r) then parts[#parts + 1] = '"result":' .. h.r end
  text('failedReason', h.e); text('batchId', h.b); text('parentJobId', h.par)
  time('startedAt', h.st); time('finishedAt', h.f); time('nextAttemptAt', h.due)
  if filled(h.st) and filled(h.f) then parts[#parts + 1] = '"durationMs":' .. num(h.f - h.st) end
  return table.concat(parts, ',') .. '}'
end

local BATCH_COUNTS = {'total', 'completed', 'failed', 'cancelled', 'active', 'waiting', 'delayed'}

local function emit_batch(batch, correlation)
  if not EMIT then return end
  local v = redis.call('HMGET', P .. 'batch:' .. batch, unpack(BATCH_COUNTS))
  local parts, n = {'{"batchId":' .. cjson.encode(batch)}, {}
  for i, name in ipairs(BATCH_COUNTS) do
    n[name] = tonumber(v[i] or 0)
    parts[#parts + 1] = '"' .. name .. '":' .. num(n[name])
  end
  local finished = n.completed + n.failed + n.cancelled
  parts[#parts + 1] = '"status":"' .. (finished >= n.total and 'completed' or 'processing') .. '"'
  parts[#parts + 1] = '"progress":' .. num(math.floor(100 * finished / math.max(n.total, 1) + 0.5)) .. '}'
  emit('batch:progress', table.concat(parts, ','), correlation)
end

-- What may follow what; the caller's own state machine has the same table.
local FOLLOWS = {
  waiting = {active = true, cancelled = true},
  delayed = {waiting = true, cancelled = true},
  active = {completed = true, failed = true, cancelled = true, delayed = true, waiting = true},
  completed = {}, failed = {waiting = true}, cancelled = {waiting = true},
}
local FINISHED = {completed = true, failed = true, cancelled = true}

-- Moves a job to another state with the given field changes ('' empties a
-- field), counts it in its batch, and appends job:updated: one atomic step.
local function become(id, h, to, changes)
  local from = h.s
  if from ~= to and not FOLLOWS[from][to] then return false end
  local flat = {'s', to}
  h.s = to
  for k, v in pairs(changes) do
    h[k] = v
    flat[#flat + 1] = k
    flat[#flat + 1] = v
  end
  redis.call('HSET', job_key(id), unpack(flat))
  if filled(h.b) and from ~= to then
    redis.call('HINCRBY', P .. 'batch:' .. h.b, from, -1)
    redis.call('HINCRBY', P .. 'batch:' .. h.b, to, 1)
  end
  emit('job:updated', view(id, h), h.cor)
  if filled(h.b) and FINISHED[to] then emit_batch(h.b, h.cor) end
  return true
end

-- Puts a waiting job at the end of the line of its priority.
local function line_up(id, priority) return redis.call('XADD', P .. priority, '*', 'id', id) end

-- Rouses workers that block on the queue's streams.
local function wake() redis.call('XADD', P .. 'wake', 'MAXLEN', '1', '*', 'w', '1') end

local function leave_stream(priority, sid)
  pcall(redis.call, 'XACK', P .. priority, GROUP, sid)
  redis.call('XDEL', P .. priority, sid)
end

local function release_unique(id, h)
  if filled(h.u) and redis.call('HGET', P .. 'unique', h.u) == id then redis.call('HDEL', P .. 'unique', h.u) end
end

local function forget(id)
  local psid = redis.call('HGET', job_key(id), 'psid')
  if filled(psid) then redis.call('XDEL', P .. 'poison', psid) end
  redis.call('UNLINK', job_key(id), P .. 'logs:' .. id, P .. 'tally:' .. id)
  redis.call('ZREM', P .. 'index', id)
end

-- Files a job under its final state and forgets the oldest beyond keep.
local function finish(id, h, state, keep)
  release_unique(id, h)
  redis.call('ZADD', P .. state, MS, id)
  local over = redis.call('ZCARD', P .. state) - tonumber(keep)
  if over <= 0 then return end
  local old = redis.call('ZPOPMIN', P .. state, math.min(over, 100))
  for i = 1, #old, 2 do forget(old[i]) end
end

-- The extra events of a change: pairs of type and data from ARGV[first] on.
local function emit_extra(first, h, due)
  for i = first, #ARGV, 2 do
    local data = ARGV[i + 1]
    if due then data = data:sub(1, -2) .. ',"nextAttemptAt":"' .. iso(due) .. '"}' end
    emit(ARGV[i], data, h.cor)
  end
end
