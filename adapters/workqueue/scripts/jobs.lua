-- Reading and moving jobs one by one. Calls that do no more than the usual
-- need none of it, so it is made on demand.
local JOBS
local function jobs()
  if JOBS then return JOBS end

  local STATES = {w = 'waiting', d = 'delayed', a = 'active', c = 'completed', f = 'failed', x = 'cancelled'}
  -- What may follow what; the caller's own state machine has the same table.
  local MOVES = 'wa wx dw dx ac af ax ad aw fw xw'
  local function may_follow(from, to) return MOVES:find(from .. to, 1, true) ~= nil end
  local function finished(state) return state == 'c' or state == 'f' or state == 'x' end

  -- The place of a job that no entry carries: its own hash has all of it.
  local NOWHERE = '.'

  -- A JSON string; most texts need no escaping, and cjson is dear.
  local function quote(s)
    if s:find('[%c"\\]') then return cjson.encode(s) end
    return '"' .. s .. '"'
  end

  -- Whether v has the id, since that is not the same as JSON.
  local function has_id(v) return v:sub(1, 9) == '"jobId":"' end

  -- Adds a long text to a flat list of fields. A hash is compact only while no
  -- value has more than 64 bytes, so the text is cut: v, 1, 2 … and r, 101, 102 …
  local PIECE, MAX_CUT = 63, 2048
  local function put_text(flat, name, text)
    local n = #flat
    if #text <= PIECE or #text > MAX_CUT then
      flat[n + 1], flat[n + 2] = name, text
      return
    end
    flat[n + 1], flat[n + 2] = name, text:sub(1, PIECE)
    local number = name == 'v' and 0 or 100
    for from = PIECE + 1, #text, PIECE do
      n, number = n + 2, number + 1
      flat[n + 1], flat[n + 2] = number, text:sub(from, from + PIECE - 1)
    end
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

  -- A job from the fields of its entry and its hash, what the hash says being
  -- newer. A hash that is not compact any more gives its fields in no order.
  local function from_fields(entry, hash)
    local h, pieces = {}, nil
    for i = 1, #entry, 2 do h[entry[i]] = entry[i + 1] end
    for i = 1, #hash, 2 do
      local name = hash[i]
      if name < ':' then -- a number: a piece
        pieces = pieces or {}
        pieces[tonumber(name)] = hash[i + 1]
      else
        h[name] = hash[i + 1]
      end
    end
    for name, after in pairs(pieces and {v = 0, r = 100} or {}) do
      local text = {h[name]}
      while pieces[after + #text] do text[#text + 1] = pieces[after + #text] end
      if #text > 1 then h[name] = table.concat(text) end
    end
    return h
  end

  -- A job as a table, or nil: what its own hash has, the entry that carries it
  -- where one does, and its state among the active or the completed.
  local function read(id)
    local place = call('HGET', P .. 'places', id)
    if not place then return nil end
    local at, done = place:match('^(%S+) ?(.*)$')
    local entry, hash, state = {}, call('HGETALL', job_key(id)), nil
    if at ~= NOWHERE then
      local sid = at:sub(2)
      local found = call('XRANGE', P .. STREAMS[at:sub(1, 1)], sid, sid)[1]
      if found then entry = found[2] end
      state = done == '' and call('HGET', P .. 'active', id)
    end
    local h = from_fields(entry, hash)
    h.at, h.moved, h.c = at, h.c ~= nil, h.c or at:sub(2)
    h.v = h.v or '"name":"","maxAttempts":1,"data":null'
    if done ~= '' then
      local s, ms, result = done:match('^(%a%a %d+ %d+ %d+ %d+) (%d+) ?(.*)$')
      h.s = s
      unpack_state(h)
      h.f = num(h.started + ms)
      if result ~= '' then h.r = result end
    else
      h.s = state or h.s or 'w' .. at:sub(1, 1)
      unpack_state(h)
    end
    return h
  end

  -- The field s of a job that does not run any more.
  local function state_of(id)
    local place = call('HGET', P .. 'places', id)
    return place and place:match(' (.*)$') or call('HGET', job_key(id), 's')
  end

  -- The job that an entry carries, or nil; and the entry's fields.
  local function carried_by(priority, sid)
    local entry = call('XRANGE', P .. STREAMS[priority], sid, sid)[1]
    local id = entry and entry[2][2]
    local h = id and read(id)
    if h and h.at == priority .. sid then return id, h, entry[2] end
  end

  -- Takes an entry that carries no job from its stream.
  local function leave_stream(priority, sid)
    redis.pcall('XACK', P .. STREAMS[priority], GROUP, sid)
    call('XDEL', P .. STREAMS[priority], sid)
  end

  local function tell(id, h)
    if not EMIT then return end
    local more = ',"attemptsMade":' .. num(h.attempts) .. ',"progress":' .. (h.state == 'c' and '100' or h.pr or '0')
      .. ',"progressMessage":' .. (filled(h.pm) and quote(h.pm) or '""')
    if filled(h.r) then more = more .. ',"result":' .. h.r end
    if filled(h.e) then more = more .. ',"failedReason":' .. quote(h.e) end
    if filled(h.due) then more = more .. ',"nextAttemptAt":"' .. iso(h.due) .. '"' end
    if filled(h.started) then more = more .. ',"startedAt":"' .. iso(h.started) .. '"' end
    if filled(h.f) then
      more = more .. ',"finishedAt":"' .. iso(h.f) .. '"'
      if filled(h.started) then more = more .. ',"durationMs":' .. num(h.f - h.started) end
    end
    local event = next_event()
    append(UPDATED, event, '{"id":"' .. event .. in_common(STATES[h.state], h.priority, '"createdAt":"') .. iso(ms_of(h.c)) .. '"'
      .. (has_id(h.v) and '' or ',"jobId":"' .. id .. '"') .. more .. ',' .. h.v .. '}}', h.cor)
  end

  local function emit_batch(batch, correlation)
    local BATCH_COUNTS = {'total', 'completed', 'failed', 'cancelled', 'active', 'waiting', 'delayed'}
    local v = call('HMGET', P .. 'batch:' .. batch, unpack(BATCH_COUNTS))
    local parts, n = {'{"batchId":' .. quote(batch)}, {}
    for i, name in ipairs(BATCH_COUNTS) do
      n[name] = tonumber(v[i] or 0)
      parts[#parts + 1] = '"' .. name .. '":' .. num(n[name])
    end
    local done = n.completed + n.failed + n.cancelled
    parts[#parts + 1] = '"status":"' .. (done >= n.total and 'completed' or 'processing') .. '"'
    parts[#parts + 1] = '"progress":' .. num(math.floor(100 * done / math.max(n.total, 1) + 0.5)) .. '}'
    emit('batch:progress', table.concat(parts, ','), correlation)
  end

  local function write_batches()
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
  end

  local function count(h, from, to)
    if from == 'w' then waiting_change = waiting_change - 1 end
    if to == 'w' then waiting_change = waiting_change + 1 end
    if h.b then count_batch(h.b, from, to, h.cor) end
  end

  -- Fields of a job that its stream entry carries along, beside v.
  local function carried(h, flat)
    for _, name in ipairs({'o', 'b', 'u', 'cor', 'md', 'k'}) do
      if h[name] then flat[#flat + 1], flat[#flat + 2] = name, h[name] end
    end
  end

  -- A place among the jobs that are not where they were accepted; by c, the
  -- entry that they were accepted with.
  local function moved_member(id, c) return format('%08d %s', c:match('%-(%d+)$'), id) end
  local function note_moved(id, c) call('ZADD', P .. 'moved', ms_of(c), moved_member(id, c)) end

  local function leave_entry(h)
    if h.at ~= NOWHERE then call('XDEL', P .. STREAMS[h.at:sub(1, 1)], h.at:sub(2)) end
  end

  -- Moves a job that read has read to another state, with field changes (a flat
  -- list) and the names of fields that go, and appends job:updated: one atomic
  -- step. h must have its new values by then. Where no entry carries it a job's
  -- hash holds all of it.
  local function become(id, h, to, changes, gone)
    local from = h.state
    if not may_follow(from, to) then return false end
    h.state = to
    local n = #changes
    changes[n + 1], changes[n + 2] = 's', pack_state(h)
    if not h.moved then
      changes[n + 3], changes[n + 4] = 'c', h.c
      note_moved(id, h.c)
    end
    if to ~= 'w' then
      leave_entry(h)
      h.at = NOWHERE
      carried(h, changes)
      put_text(changes, 'v', h.v)
    end
    if from == 'a' then call('HDEL', P .. 'active', id) end
    call('HSET', P .. 'places', id, h.at)
    call('SADD', P .. 'own', id)
    call('HSET', job_key(id), unpack(changes))
    if gone and gone[1] then call('HDEL', job_key(id), unpack(gone)) end
    count(h, from, to)
    tell(id, h)
    return true
  end

  -- Puts a job at the end of the line of its priority, with all that a start
  -- needs to know; the caller moves it to waiting in the same step.
  local function line_up(id, h)
    local state = h.state
    h.state = 'w'
    local fields = {has_id(h.v) and 'quoted' or 'id', id, 'v', h.v, 's', pack_state(h), 'c', h.c}
    h.state = state
    carried(h, fields)
    for _, name in ipairs({'pr', 'pm', 'r'}) do
      if filled(h[name]) then fields[#fields + 1], fields[#fields + 2] = name, h[name] end
    end
    leave_entry(h)
    h.at = h.priority .. call('XADD', P .. STREAMS[h.priority], '*', unpack(fields))
  end

  -- Has a job wait until it is due (ms, a text). control's due is never later
  -- than the earliest of them, so that whoever finds it in the future need not look.
  local function wait_until(id, due)
    call('ZADD', P .. 'delayed', due, id)
    local known = call('HGET', P .. 'control', 'due')
    if not known or tonumber(due) < tonumber(known) then call('HSET', P .. 'control', 'due', due) end
  end

  -- Rouses workers that block on the queue's streams.
  local function wake() call('XADD', P .. 'wake', 'MAXLEN', '1', '*', 'w', '1') end

  local function release_unique(id, u)
    if filled(u) and call('HGET', P .. 'unique', u) == id then call('HDEL', P .. 'unique', u) end
  end

  -- Drops jobs that retention keeps no longer: {id, c where it moved, seconds to remember the id}.
  local function forget(old)
    local keys, ids, moved, seen = {}, {}, {}, {}
    for i, o in ipairs(old) do
      local id = o[1]
      ids[i], keys[3 * i - 2], keys[3 * i - 1], keys[3 * i] = id, job_key(id), P .. 'logs:' .. id, P .. 'tally:' .. id
      if filled(o[2]) then moved[#moved + 1] = moved_member(id, o[2]) end
      if filled(o[3]) then seen[#seen + 1], seen[#seen + 2] = num(MS + 1000 * o[3]), id end
    end
    call('UNLINK', unpack(keys))
    call('HDEL', P .. 'places', unpack(ids))
    call('SREM', P .. 'own', unpack(ids))
    if moved[1] then call('ZREM', P .. 'moved', unpack(moved)) end
    if seen[1] then
      call('ZADD', P .. 'seen', unpack(seen))
      call('ZREMRANGEBYSCORE', P .. 'seen', '-inf', MS)
    end
  end

  -- Files a failed or cancelled job under its state, and forgets the oldest beyond keep.
  local function file(id, h, keep)
    local name = STATES[h.state]
    release_unique(id, h.u)
    call('ZADD', P .. name, MS_TEXT, id)
    local over = call('ZCARD', P .. name) - tonumber(keep)
    if over <= 0 then return end
    local popped, old = call('ZPOPMIN', P .. name, math.min(over, 100)), {}
    for i = 1, #popped, 2 do
      local v = call('HMGET', job_key(popped[i]), 'c', 'k', 'psid')
      if v[3] then call('XDEL', P .. 'poison', v[3]) end
      old[#old + 1] = {popped[i], v[1], v[2]}
    end
    forget(old)
  end

  -- Whether a running job is wanted cancelled.
  local function wanted_cancelled(id) return call('HGET', P .. 'cancelling', id) == '1' end

  -- The extra events of a change: pairs of type and data from ARGV[first] on.
  local function emit_extra(first, last, correlation)
    for i = first, last, 2 do emit(ARGV[i], ARGV[i + 1], correlation) end
  end

  JOBS = {
    STATES = STATES, NOWHERE = NOWHERE, may_follow = may_follow, finished = finished, put_text = put_text, result_fields = result_fields,
    unpack_state = unpack_state, pack_state = pack_state, from_fields = from_fields, read = read, carried_by = carried_by, leave_stream = leave_stream, state_of = state_of, tell = tell, write_batches = write_batches,
    count = count, note_moved = note_moved, become = become, line_up = line_up, wait_until = wait_until, wake = wake,
    release_unique = release_unique, forget = forget, file = file, wanted_cancelled = wanted_cancelled, emit_extra = emit_extra,
  }
  return JOBS
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
  if batch_changes then jobs().write_batches() end
end
