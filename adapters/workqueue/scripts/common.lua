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
--
-- All of a script's text runs at every call, making its functions and tables
-- anew, so what few calls need stands inside of functions that make it on
-- demand: jobs.lua, endings.lua, starting.lua.
local ARGV = ARGV -- a local is found at once, a global is looked up
local P, EVENTS = KEYS[1], KEYS[2]
local EMIT, EVENT_CAP, QUEUE = ARGV[1] == '1', ARGV[2], ARGV[3]
local GROUP = 'workers'
local STREAMS = {h = 'high', n = 'normal', l = 'low'}
local BY_PRIORITY = {'h', 'n', 'l'}
local call, format = redis.call, string.format
local clock = call('TIME')
local US = clock[1] * 1000000 + clock[2]
local MS = math.floor(US / 1000)

-- Lua's own way from number to text goes by floating point and is slow.
local function num(n) return format('%d', n) end
local MS_TEXT, US_TEXT = num(MS), num(US)

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
  local beginning = minutes[minute]
  if not beginning then
    local days = math.floor(minute / 1440)
    local z = days + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9
    local year = yoe + era * 400 + (month <= 2 and 1 or 0)
    beginning = format('%04d-%02d-%02dT%02d:%02d:', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
      math.floor(minute / 60) % 24, minute % 60)
    minutes[minute] = beginning
  end
  known = beginning .. format('%02d.%03dZ', math.floor(ms / 1000) % 60, ms % 1000)
  times[text] = known
  return known
end
local NOW = iso(MS_TEXT)

local function job_key(id) return P .. 'job:' .. id end

-- An entry id begins with its millisecond, in 13 digits until the year 2286.
local function ms_of(entry) return entry:sub(1, 13) end

-- The next event's id.
local emitted = 0
local function next_event()
  emitted = emitted + 1
  return format('%s-%d', US_TEXT, emitted)
end

-- Watermill's metadata, a MessagePack map: of events without a correlation id
-- by their kind, and what those with one have in common.
local untraced, traced = {}, {}
local function metadata_of(kind, correlation)
  if not untraced[kind] then
    local fields = '\164name' .. string.char(160 + #kind) .. kind .. '\171occurred_at\184' .. NOW
    untraced[kind], traced[kind] = '\130' .. fields, '\131' .. fields .. '\174correlation_id'
  end
  return correlation and correlation ~= '' and traced[kind] .. cmsgpack.pack(correlation) or untraced[kind]
end

-- Appends one event in Watermill's wire form, so that its subscribers read it
-- as they read any other. The first of a call caps the stream.
local function append(kind, event, payload, correlation)
  local metadata = not correlation and untraced[kind] or metadata_of(kind, correlation)
  if emitted == 1 then
    call('XADD', EVENTS, 'MAXLEN', '~', EVENT_CAP, '*', 'type', kind, 'payload', payload, '_watermill_message_uuid', event, 'metadata', metadata)
  else
    call('XADD', EVENTS, '*', 'type', kind, 'payload', payload, '_watermill_message_uuid', event, 'metadata', metadata)
  end
end

-- data is JSON.
local function emit(kind, data, correlation)
  if not EMIT then return end
  local event = next_event()
  append(kind, event, '{"id":"' .. event .. '","timestamp":"' .. NOW .. '","type":"' .. kind .. '","data":' .. data .. '}', correlation)
end

-- job:updated tells how a job stands: the job as readers outside are shown it.
-- Lua hashes each byte of each string it makes, so an event's payload is put
-- together in one step: what the jobs of a call have in common, made here, and
-- what is a job's own. more is what they have in common beside the state.
local UPDATED = 'job:updated'
local function in_common(state, priority, more)
  return '","timestamp":"' .. NOW .. '","type":"job:updated","data":{"queue":"' .. QUEUE .. '","status":"' .. state
    .. '","priority":"' .. STREAMS[priority] .. '",' .. more
end

-- Tells of a job that has not run before. common ends in the beginning of the
-- field createdAt; id is as JSON has it, without quotes,
-- or nil where v has it; v is what never changes of its view (see record.go).
local function tell_fresh(common, id, created, v, correlation)
  local event = next_event()
  if id then
    append(UPDATED, event, '{"id":"' .. event .. common .. iso(created) .. '","jobId":"' .. id .. '",' .. v .. '}}', correlation)
  else
    append(UPDATED, event, '{"id":"' .. event .. common .. iso(created) .. '",' .. v .. '}}', correlation)
  end
end

-- Adds a line to a job's log, which keeps the newest. A job with keys of its own
-- is among those that have such.
local MAX_LINES = 1000
local function add_line(id, line)
  local lines = call('RPUSH', P .. 'logs:' .. id, line)
  if lines == 1 then call('SADD', P .. 'own', id) end
  if lines > MAX_LINES then call('LTRIM', P .. 'logs:' .. id, -MAX_LINES, -1) end
end

-- Counts are summed up over a script and written once, by write_counts. States
-- are letters here; nil is before the first.
local waiting_change, batch_changes = 0, nil
local function count_batch(batch, from, to, correlation)
  batch_changes = batch_changes or {}
  local b = batch_changes[batch]
  if not b then
    b = {by = {}}
    batch_changes[batch] = b
  end
  if from then b.by[from] = (b.by[from] or 0) - 1 else b.added = (b.added or 0) + 1 end
  b.by[to] = (b.by[to] or 0) + 1
  if not from or to == 'c' or to == 'f' or to == 'x' then b.tell, b.correlation = true, correlation end
end
