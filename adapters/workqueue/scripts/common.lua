-- Shared by every script; prepended to each by scripts.go.
--
-- KEYS[1]  prefix of the queue's private keys, ending in ':' (carries the hash tag)
-- KEYS[2]  event stream
-- ARGV[1]  1 when events are to be written, else 0
-- ARGV[2]  approximate cap of the event stream
-- ARGV[3]  the queue's name
--
-- All times are Redis's own, in milliseconds; no clock of a client matters.
-- What a job's hash holds is told in record.go, what a queue's keys hold in doc.go.
local P, EVENTS = KEYS[1], KEYS[2]
local EMIT, EVENT_CAP, QUEUE = ARGV[1] == '1', ARGV[2], ARGV[3]
local GROUP = 'workers'
local STREAMS = {h = 'high', n = 'normal', l = 'low'}
local BY_PRIORITY = {'h', 'n', 'l'}
local STATES = {w = 'waiting', d = 'delayed', a = 'active', c = 'completed', f = 'failed', x = 'cancelled'}
-- What may follow what; the caller's own state machine has the same table. All
-- of this runs at every call, so texts stand where tables would be dearer.
local MOVES = 'wa wx dw dx ac af ax ad aw fw xw'
local function may_follow(from, to) return MOVES:find(from .. to, 1, true) ~= nil end
local function finished(state) return state == 'c' or state == 'f' or state == 'x' end
local call = redis.call
local clock = call('TIME')
local US = clock[1] * 1000000 + clock[2]
local MS = math.floor(US / 1000)

local format = string.format

-- Lua's own way from number to text goes by floating point and is slow.
local function num(n) return format('%d', n) end
local MS_TEXT = num(MS)

local function filled(v) return v and v ~= '' end

-- Milliseconds since 1970, as a text, in RFC 3339. The day's date is found by
-- the civil-calendar arithmetic in which a year begins in March. What was found
-- is kept, and the text up to the minute too: the times of one call lie close
-- together.
local times, minutes = {}, {}
local function iso(text)
  local known = times[text]
  if known then return known end
  local ms = tonumber(text)
  local minute = math.floor(ms / 60000)
  local head = minutes[minute]
  if not head then
    local days = math.floor(minute / 1440)
    local z = days + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9
    local year = yoe + era * 400 + (month <= 2 and 1 or 0)
    head = format('%04d-%02d-%02dT%02d:%02d:', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
      math.floor(minute / 60) % 24, minute % 60)
    minutes[minute] = head
  end
  known = head .. format('%02d.%03dZ', math.floor(ms / 1000) % 60, ms % 1000)
  times[text] = known
  return known
end

-- A JSON string; most texts need no escaping, and cjson is dear.
local function quote(s)
  if s:find('[%c"\\]') then return cjson.encode(s) end
  return '"' .. s .. '"'
end

local function job_key(id) return P .. 'job:' .. id end

-- Adds a long text to a flat list of fields. A hash is compact only while no
-- value has more than 64 bytes, so the text is cut: v, 1, 2 … and r, 101, 102 …
local PIECE, MAX_CUT = 63, 2048
local function put_text(flat, n, name, text)
  if #text <= PIECE or #text > MAX_CUT then
    flat[n + 1], flat[n + 2] = name, text
    return n + 2
  end
  flat[n + 1], flat[n + 2] = name, text:sub(1, PIECE)
  n = n + 2
  local number = name == 'v' and 0 or 100
  for from = PIECE + 1, #text, PIECE do
    number = number + 1
    flat[n + 1], flat[n + 2] = number, text:sub(from, from + PIECE - 1)
    n = n + 2
  end
  return n
end

-- The fields under which a job's hash holds its result.
local function result_fields(id)
  local found = {}
  for _, field in ipairs(call('HKEYS', job_key(id))) do
    if field == 'r' or field:match('^%d%d%d$') then found[#found + 1] = field end
  end
  return found
end

-- The fields of s: state, priority, attempts, run, losses, start.
local function unpack_state(h)
  local s = h.s
  h.state, h.priority = s:sub(1, 1), s:sub(2, 2)
  if #s == 2 then
    h.attempts, h.run, h.lost, h.started = 0, 0, 0, ''
  else
    local a, run, lost, started = s:match(' (%d+) (%d+) (%d+) (%d*)$')
    h.attempts, h.run, h.lost, h.started = tonumber(a), tonumber(run), tonumber(lost), started
  end
end

local function pack_state(h)
  if h.run == 0 then
    h.s = h.state .. h.priority
  else
    h.s = format('%s%s %d %d %d %s', h.state, h.priority, h.attempts, h.run, h.lost, h.started)
  end
  return h.s
end

local function entry_of(h) return h.sid or h.c end

-- Adds a hash's or an entry's fields to h, long texts in one. A hash that is
-- not compact any more gives its fields in no order.
local function add_fields(h, flat)
  local pieces
  for i = 1, #flat, 2 do
    local name = flat[i]
    if name < ':' then -- a number: a piece
      pieces = pieces or {}
      pieces[tonumber(name)] = flat[i + 1]
    else
      h[name] = flat[i + 1]
    end
  end
  if not pieces then return end
  for name, after in pairs({v = 0, r = 100}) do
    local text = {h[name]}
    while pieces[after + #text] do text[#text + 1] = pieces[after + #text] end
    if #text > 1 then h[name] = table.concat(text) end
  end
end

-- A job as a table, or nil: its hash; while it waits or runs also its entry,
-- which carries what is fixed; and while it runs its place among the active.
local function read(id)
  local flat = call('HGETALL', job_key(id))
  if #flat == 0 then return nil end
  local h = {}
  add_fields(h, flat)
  if h.s:sub(1, 1) == 'w' then
    local s, sid = call('HGET', P .. 'active', id) or h.s, entry_of(h)
    local entry = call('XRANGE', P .. STREAMS[s:sub(2, 2)], sid, sid)[1]
    if entry then add_fields(h, entry[2]) end
    h.s = s
  end
  unpack_state(h)
  return h
end

-- Lua hashes each byte of each string it makes, so an event's payload is put
-- together in one step, out of short texts.
local emitted, metadata_of, openings = 0, {}, {}
local NOW, US_TEXT

local function now()
  NOW = NOW or iso(MS_TEXT)
  return NOW
end

-- The next event's id, and what stands between that id and the event's data.
local function opening(kind)
  US_TEXT, emitted = US_TEXT or num(US), emitted + 1
  local text = openings[kind]
  if not text then
    text = '","timestamp":"' .. now() .. '","type":"' .. kind .. '","data":'
    openings[kind] = text
  end
  return format('%s-%d', US_TEXT, emitted), text
end

-- Appends one event in Watermill's wire form, so that its subscribers read it
-- as they read any other.
local function append(kind, id, payload, correlation)
  local metadata = metadata_of[kind]
  if not metadata then
    local pack = cmsgpack.pack
    -- A MessagePack map of three, all of it but the last value.
    metadata = '\131' .. pack('name') .. pack(kind) .. pack('occurred_at') .. pack(now()) .. pack('correlation_id')
    metadata_of[kind] = metadata
  end
  call('XADD', EVENTS, '*', 'type', kind, 'payload', payload,
    '_watermill_message_uuid', id, 'metadata', metadata .. (filled(correlation) and cmsgpack.pack(correlation) or '\160'))
end

-- data is JSON.
local function emit(kind, data, correlation)
  if not EMIT then return end
  local id, rest = opening(kind)
  append(kind, id, '{"id":"' .. id .. rest .. data .. '}', correlation)
end

-- Tells how a job stands: the job as readers outside are shown it. v is the
-- part of it that never changes, as JSON without braces; c the created entry
-- id; more what not every job has, each with a comma before it.
local TYPE = 'job:updated'
local beginnings = {}
local function emit_view(id, state, priority, attempts, max, c, progress, message, more, v, correlation)
  if not EMIT then return end
  local event, rest = opening(TYPE)
  local beginning = beginnings[state .. priority]
  if not beginning then
    beginning = rest .. '{"queue":"' .. QUEUE .. '","status":"' .. STATES[state] .. '","priority":"' .. STREAMS[priority] .. '","jobId":'
    beginnings[state .. priority] = beginning
  end
  append(TYPE, event, '{"id":"' .. event .. beginning .. quote(id) .. ',"createdAt":"' .. iso(c:match('^%d+'))
    .. '","attemptsMade":' .. attempts .. ',"maxAttempts":' .. max .. ',"progress":' .. progress .. ',"progressMessage":' .. message
    .. more .. ',' .. v .. '}}', correlation)
end

local function emit_job(id, h)
  local more = ''
  if filled(h.r) then more = more .. ',"result":' .. h.r end
  if filled(h.e) then more = more .. ',"failedReason":' .. quote(h.e) end
  if filled(h.due) then more = more .. ',"nextAttemptAt":"' .. iso(h.due) .. '"' end
  if filled(h.started) then more = more .. ',"startedAt":"' .. iso(h.started) .. '"' end
  if filled(h.f) then
    more = more .. ',"finishedAt":"' .. iso(h.f) .. '"'
    if filled(h.started) then more = more .. ',"durationMs":' .. num(h.f - h.started) end
  end
  emit_view(id, h.state, h.priority, num(h.attempts), h.m or '1', h.c, h.state == 'c' and '100' or h.pr or '0',
    filled(h.pm) and quote(h.pm) or '""', more, h.v, h.cor)
end

local function emit_batch(batch, correlation)
  if not EMIT then return end
  local BATCH_COUNTS = {'total', 'completed', 'failed', 'cancelled', 'active', 'waiting', 'delayed'}
  local v = call('HMGET', P .. 'batch:' .. batch, unpack(BATCH_COUNTS))
  local parts, n = {'{"batchId":' .. quote(batch)}, {}
  for i, name in ipairs(BATCH_COUNTS) do
    n[name] = tonumber(v[i] or 0)
    parts[#parts + 1] = '"' .. name .. '":' .. num(n[name])
  end
  local finished = n.completed + n.failed + n.cancelled
  parts[#parts + 1] = '"status":"' .. (finished >= n.total and 'completed' or 'processing') .. '"'
  parts[#parts + 1] = '"progress":' .. num(math.floor(100 * finished / math.max(n.total, 1) + 0.5)) .. '}'
  emit('batch:progress', table.concat(parts, ','), correlation)
end

-- Counts are summed up over a script and written once, by write_counts.
local waiting_change, batch_changes = 0, {}

local function count(batch, from, to, correlation)
  if from == 'w' then waiting_change = waiting_change - 1 end
  if to == 'w' then waiting_change = waiting_change + 1 end
  if not batch then return end
  local b = batch_changes[batch]
  if not b then
    b = {by = {}}
    batch_changes[batch] = b
  end
  if from then b.by[from] = (b.by[from] or 0) - 1 else b.added = (b.added or 0) + 1 end
  b.by[to] = (b.by[to] or 0) + 1
  if not from or finished(to) then b.tell, b.correlation = true, correlation end
end

-- Events are capped once a call, not at each.
local function cap_events()
  if emitted > 0 then call('XTRIM', EVENTS, 'MAXLEN', '~', EVENT_CAP) end
end

-- The last thing every script that moves jobs does. control, when given, is
-- what work.lua read of the queue's counters, for one write of all of them.
local function write_counts(control)
  if control then
    if waiting_change ~= 0 or control.started > 0 or control.over > 0 then
      call('HSET', P .. 'control', 'waiting', control.waiting + waiting_change, 'starts', control.starts + control.started,
        'takeovers', control.takeovers + control.over)
    end
  elseif waiting_change ~= 0 then
    call('HINCRBY', P .. 'control', 'waiting', waiting_change)
  end
  for batch, b in pairs(batch_changes) do
    local key = P .. 'batch:' .. batch
    if b.added then call('HINCRBY', key, 'total', b.added) end
    for state, n in pairs(b.by) do
      if n ~= 0 then call('HINCRBY', key, STATES[state], n) end
    end
    if b.added then
      call('EXPIRE', key, 30 * 86400)
      call('EXPIRE', key .. ':jobs', 30 * 86400)
    end
    if b.tell then emit_batch(batch, b.correlation) end
  end
  cap_events()
end

-- Fields of a job that its stream entry carries along, beside v.
local function carried(h, flat)
  for _, name in ipairs({'m', 'o', 'b', 'u', 'cor', 'md', 'k'}) do
    if h[name] then flat[#flat + 1], flat[#flat + 2] = name, h[name] end
  end
end

-- Moves a job that read has read to another state, with field changes (a flat
-- list) and the names of fields that go, and appends job:updated: one atomic
-- step. h must have its new values by then. Outside of its stream a job's hash
-- holds all of it.
local function become(id, h, to, changes, gone)
  local from = h.state
  if not may_follow(from, to) then return false end
  h.state = to
  local n = #changes
  changes[n + 1], changes[n + 2] = 's', pack_state(h)
  if to ~= 'w' then
    carried(h, changes)
    put_text(changes, #changes, 'v', h.v)
  end
  if from == 'a' then call('HDEL', P .. 'active', id) end
  call('HSET', job_key(id), unpack(changes))
  if gone and gone[1] then call('HDEL', job_key(id), unpack(gone)) end
  count(h.b, from, to, h.cor)
  emit_job(id, h)
  return true
end

-- Puts a job at the end of the line of its priority, with all that a start
-- needs to know; the caller moves it to waiting in the same step.
local function line_up(id, h)
  local state = h.state
  h.state = 'w'
  local fields = {'id', id, 's', pack_state(h), 'v', h.v, 'c', h.c}
  h.state = state
  carried(h, fields)
  for _, name in ipairs({'pr', 'pm', 'r'}) do
    if filled(h[name]) then fields[#fields + 1], fields[#fields + 2] = name, h[name] end
  end
  h.sid = call('XADD', P .. STREAMS[h.priority], '*', unpack(fields))
  return h.sid
end

-- Rouses workers that block on the queue's streams.
local function wake() call('XADD', P .. 'wake', 'MAXLEN', '1', '*', 'w', '1') end

local function leave_stream(priority, sid)
  redis.pcall('XACK', P .. STREAMS[priority], GROUP, sid)
  call('XDEL', P .. STREAMS[priority], sid)
end

local function release_unique(id, u)
  if filled(u) and call('HGET', P .. 'unique', u) == id then call('HDEL', P .. 'unique', u) end
end

-- Drops jobs that retention keeps no longer: {id, index entry, seconds to remember the id}.
local function forget(old)
  local keys, entries = {}, {}
  for i, o in ipairs(old) do
    local id = o[1]
    keys[3 * i - 2], keys[3 * i - 1], keys[3 * i] = job_key(id), P .. 'logs:' .. id, P .. 'tally:' .. id
    entries[i] = o[2]
    if filled(o[3]) then call('SET', P .. 'seen:' .. id, '1', 'EX', o[3]) end
  end
  call('UNLINK', unpack(keys))
  call('XDEL', P .. 'index', unpack(entries))
end

-- Files a failed or cancelled job under its state, and forgets the oldest beyond keep.
local function file(id, h, name, keep)
  release_unique(id, h.u)
  call('ZADD', P .. name, MS_TEXT, id)
  local over = call('ZCARD', P .. name) - tonumber(keep)
  if over <= 0 then return end
  local popped, old = call('ZPOPMIN', P .. name, math.min(over, 100)), {}
  for i = 1, #popped, 2 do
    local v = call('HMGET', job_key(popped[i]), 'c', 'k', 'psid')
    if v[3] then call('XDEL', P .. 'poison', v[3]) end
    old[#old + 1] = {popped[i], v[1] or '0-1', v[2]}
  end
  forget(old)
end

-- Whether a running job is wanted cancelled.
local function wanted_cancelled(id) return call('HGET', P .. 'cancelling', id) == '1' end

-- The extra events of a change: n pairs of type and data from ARGV[first] on.
local function emit_extra(first, n, correlation, due)
  for i = first, first + 2 * n - 2, 2 do
    local data = ARGV[i + 1]
    if due then data = data:sub(1, -2) .. ',"nextAttemptAt":"' .. iso(due) .. '"}' end
    emit(ARGV[i], data, correlation)
  end
end
