-- Part of work.lua: ends deliveries. A job's next state, its entry's leave of
-- the pending list, its poison entry and its events are one step. An end is
-- refused when its delivery is not the newest one any more: a worker that lost
-- its lease writes nothing.

local REFUSED, ENDED, WANTED_CANCELLED = 0, 1, 2

-- Settlements begin at ARGV[first]: how many; how many take-overs the queue had
-- seen when the oldest of them began; then for each: job id, entry id, s as the
-- delivery's start wrote it, detail (JSON, '' for a plain completion), view,
-- how many further values, and those: name, value … Of a plain completion they
-- are r, b, u, cor, k and c as record.go has them, 'log' for a line of the job's
-- log, and '+' and a type for an extra event; of any other end r, lines and
-- extra events. view is the job as it ended, as JSON without braces, but for
-- what is known here alone.
-- detail: {to (next state), reason, delay (ms), free (the attempt does not
-- count), handler}.
local ID, SID, S, DETAIL, VIEW, MORE, SETTLEMENT = 0, 1, 2, 3, 4, 5, 6

-- Where in ARGV each settlement begins.
local function positions(first)
  local all, i = {}, first + 2
  for n = 1, tonumber(ARGV[first]) do
    all[n] = i
    i = i + SETTLEMENT + ARGV[i + MORE]
  end
  return all
end

local answers_by = {} -- position → answer of a settlement that is not written

local function acknowledge(all)
  local acked, wanted, by = 0, 0, {}
  for _, at in ipairs(all) do
    if not answers_by[at] then
      wanted = wanted + 1
      local priority = ARGV[at + S]:sub(2, 2)
      local sids = by[priority]
      if sids then sids[#sids + 1] = ARGV[at + SID] else by[priority] = {ARGV[at + SID]} end
    end
  end
  for priority, sids in pairs(by) do
    local n = redis.pcall('XACK', P .. STREAMS[priority], GROUP, unpack(sids))
    if type(n) == 'number' then acked = acked + n end
  end
  return acked, wanted
end

-- A plain completion: what its worker knows of the job is what there is to
-- know, so nothing is read. Its entry goes on carrying it.
local commons, completed, listed = {}, {}, {}
local function complete(at)
  local id, s = ARGV[at + ID], ARGV[at + S]
  local priority, took = s:sub(2, 2), num(MS - s:sub(-13))
  local from, to = at + SETTLEMENT, at + SETTLEMENT + ARGV[at + MORE] - 2
  local c, k, result, extra, batch, unique, correlation = '', '', nil, nil, nil, nil, nil
  for i = from, to, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    if name == 'r' then result = value elseif name == 'b' then batch = value elseif name == 'u' then unique = value
    elseif name == 'cor' then correlation = value elseif name == 'k' then k = value elseif name == 'c' then c = value
    elseif name == 'log' then add_line(id, value) else extra = true end
  end
  local n, place = #completed, priority .. ARGV[at + SID] .. ' c' .. s:sub(2) .. ' ' .. took
  completed[n + 1], completed[n + 2] = id, result and place .. ' ' .. result or place
  listed[#listed + 1] = MS_TEXT .. ' ' .. c .. ' ' .. k .. ' ' .. id
  if batch then count_batch(batch, 'a', 'c', correlation) end
  if unique then jobs().release_unique(id, unique) end
  if not EMIT then return end
  local common = commons[priority]
  if not common then
    common = in_common('completed', priority, '"progress":100,"finishedAt":"' .. NOW .. '","durationMs":')
    commons[priority] = common
  end
  local event = next_event()
  append(UPDATED, event, '{"id":"' .. event .. common .. took .. ',' .. ARGV[at + VIEW] .. '}}', correlation)
  if extra then
    for i = from, to, 2 do
      if ARGV[i]:sub(1, 1) == '+' then emit(ARGV[i]:sub(2), ARGV[i + 1], correlation) end
    end
  end
end

-- What few rounds need.
local ENDINGS
local function endings()
  if ENDINGS then return ENDINGS end
  local j = jobs()

  local function run_of(s) return s:match('^%a%a %d+ (%d+)') end

  local function next_state(at)
    return ARGV[at + DETAIL] == '' and 'c' or cjson.decode(ARGV[at + DETAIL]).to
  end

  -- Asks each job for the delivery it is with. An end that is written already
  -- is not refused: its answer was lost on the way.
  local function fence(all)
    for _, at in ipairs(all) do
      local id, s = ARGV[at + ID], ARGV[at + S]
      if not answers_by[at] and call('HGET', P .. 'active', id) ~= s then
        local stored = j.state_of(id)
        local written = stored and stored:sub(1, 1) == next_state(at) and run_of(stored) == run_of(s)
        answers_by[at] = written and ENDED or REFUSED
      end
    end
  end

  -- Who wanted a job cancelled must not see it run again, however its run ends.
  local function fence_wishes(all)
    for _, at in ipairs(all) do
      if not j.finished(next_state(at)) and j.wanted_cancelled(ARGV[at + ID]) then answers_by[at] = WANTED_CANCELLED end
    end
  end

  local function poison(id, h, reason, handler)
    local cut = h.v:find(',"data":', 1, true)
    return call('XADD', P .. 'poison', '*', 'job_id', id, 'name', cjson.decode('{' .. h.v:sub(1, cut - 1) .. '}').name,
      'payload', h.v:sub(cut + 8), 'reason_poisoned', reason, 'topic_poisoned', QUEUE, 'handler_poisoned', handler,
      'attempts', num(h.attempts), 'failed_at', NOW, 'priority', STREAMS[h.priority], 'correlation_id', h.cor or '',
      'metadata', filled(h.md) and h.md or '{}')
  end

  -- Every end but a plain completion. Such ends are few, so the job is read anew.
  local function end_otherwise(at, keep_failed)
    local id, detail = ARGV[at + ID], cjson.decode(ARGV[at + DETAIL])
    local from, last = at + SETTLEMENT, at + SETTLEMENT + ARGV[at + MORE] - 2
    local h, to = j.read(id), detail.to
    local changes, due = {}, nil
    local function set(name, value)
      h[name] = value
      changes[#changes + 1], changes[#changes + 2] = name, value
    end
    for i = from, last, 2 do
      if ARGV[i] == 'r' then
        local old = j.result_fields(id)
        if #old > 0 then call('HDEL', job_key(id), unpack(old)) end
        h.r = ARGV[i + 1]
        j.put_text(changes, 'r', h.r)
      elseif ARGV[i] == 'log' then
        add_line(id, ARGV[i + 1])
      end
    end
    if detail.free then h.attempts = math.max(h.attempts - 1, 0) end
    if j.finished(to) then set('f', MS_TEXT) end
    if to == 'f' then
      set('e', detail.reason)
      set('psid', poison(id, h, detail.reason, detail.handler))
    elseif to == 'd' then
      due = num(MS + detail.delay)
      set('due', due)
      set(detail.free and 'pm' or 'e', detail.reason)
      j.wait_until(id, due)
    elseif to == 'w' then
      j.line_up(id, h)
    end
    j.become(id, h, to, changes)
    if to == 'c' then
      j.release_unique(id, h.u)
      listed[#listed + 1] = MS_TEXT .. ' ' .. h.c .. ' ' .. (h.k or '') .. ' ' .. id
    end
    if to == 'f' or to == 'x' then j.file(id, h, keep_failed) end
    for i = from, last, 2 do
      if ARGV[i]:sub(1, 1) == '+' then
        local data = ARGV[i + 1]
        if due then data = data:sub(1, -2) .. ',"nextAttemptAt":"' .. iso(due) .. '"}' end
        emit(ARGV[i]:sub(2), data, h.cor)
      end
    end
    return to == 'd'
  end

  -- The entry that carries each of some jobs, by their ids: its priority and id.
  local function places_of(ids)
    local places = {}
    for n, place in ipairs(#ids > 0 and call('HMGET', P .. 'places', unpack(ids)) or {}) do
      places[ids[n]] = place and place:match('^%a%S+')
    end
    return places
  end

  -- Deletes, among the oldest n entries of a stream, those that carry no job.
  local function sweep(priority, n)
    local stream, ids, gone = P .. STREAMS[priority], {}, {}
    local entries = call('XRANGE', stream, '-', '+', 'COUNT', n)
    for i, entry in ipairs(entries) do ids[i] = entry[2][2] end
    local places = places_of(ids)
    for i, entry in ipairs(entries) do
      if places[ids[i]] ~= priority .. entry[1] then gone[#gone + 1] = entry[1] end
    end
    if #gone > 0 then call('XDEL', stream, unpack(gone)) end
  end

  -- A dropped job's entry may stay for a while, since trimming a stream to the
  -- oldest entry that carries a job costs next to nothing, and deleting an entry
  -- costs as much as adding one. So many such entries may stand behind one that
  -- goes on carrying its job, a long one or one that is kept for long.
  local MAX_DEAD = 1000

  local function trim(control, keep)
    local live = {} -- priority → the oldest millisecond that is needed
    local function need(priority, ms)
      if not live[priority] or ms < live[priority] then live[priority] = ms end
    end
    local ids = {}
    for i, entry in ipairs(call('LRANGE', P .. 'completed', 0, -1)) do ids[i] = entry:match('^%d+ %S* %d* (.*)$') end
    for _, at in pairs(places_of(ids)) do
      need(at:sub(1, 1), at:sub(2, 14))
    end
    local dead, pending_of = -control.waiting - waiting_change - #ids, {}
    for _, priority in ipairs(BY_PRIORITY) do
      local stream = P .. STREAMS[priority]
      local pending = redis.pcall('XPENDING', stream, GROUP)
      if not pending.err then
        pending_of[priority] = pending[1]
        need(priority, ms_of(pending[2] or call('XINFO', 'GROUPS', stream)[1][8]))
        call('XTRIM', stream, 'MINID', '~', live[priority])
        dead = dead + call('XLEN', stream) - pending[1]
      end
    end
    if dead <= MAX_DEAD then return end
    for priority, n in pairs(pending_of) do sweep(priority, math.min(n + keep + 500, 5000)) end
  end

  local function delete_entries(ids)
    local sids = {}
    for _, at in pairs(places_of(ids)) do
      local priority = at:sub(1, 1)
      sids[priority] = sids[priority] or {}
      table.insert(sids[priority], at:sub(2))
    end
    for priority, gone in pairs(sids) do call('XDEL', P .. STREAMS[priority], unpack(gone)) end
  end

  ENDINGS = {delete_entries = delete_entries, fence = fence, fence_wishes = fence_wishes, end_otherwise = end_otherwise, trim = trim, next_state = next_state}
  return ENDINGS
end

-- Every so many starts the entries of dropped jobs leave the work streams. To
-- know which those are, the kept ones are looked through; where many are kept,
-- each entry is deleted when its job is dropped instead.
local TRIM_EVERY, LOOK_THROUGH = 250, 1000

local function trim_now_and_then(control, keep)
  if keep > LOOK_THROUGH or (control.starts + control.started) % TRIM_EVERY >= control.started then return end
  -- More may be there for a while where fewer are to be kept than before.
  if call('LLEN', P .. 'completed') <= 2 * LOOK_THROUGH then endings().trim(control, keep) end
end

-- Lists what is completed, and drops the oldest beyond keep. Most jobs are
-- their entry and their place.
local function keep_completed(keep)
  if #listed == 0 then return end
  local over = call('RPUSH', P .. 'completed', unpack(listed)) - keep
  if over <= 0 then return end
  local ids, moved_or_seen = {}, {}
  for i, entry in ipairs(call('LPOP', P .. 'completed', math.min(over, 1000))) do
    local c, k, id = entry:match('^%d+ (%S*) (%d*) (.*)$')
    ids[i] = id
    if c ~= '' or k ~= '' then moved_or_seen[id] = {id, c, k} end
  end
  if keep > LOOK_THROUGH then endings().delete_entries(ids) end
  local plain, others = {}, {}
  for i, own in ipairs(call('SMISMEMBER', P .. 'own', unpack(ids))) do
    local id = ids[i]
    if own == 1 or moved_or_seen[id] then others[#others + 1] = moved_or_seen[id] or {id} else plain[#plain + 1] = id end
  end
  if others[1] then jobs().forget(others) end
  if plain[1] then call('HDEL', P .. 'places', unpack(plain)) end
end

-- Answers, for each settlement, 1 when it stands, 0 when it was refused, 2 when
-- the job would run again but is wanted cancelled.
local function settle_all(first, control, keep_completed_jobs, keep_failed)
  local all = positions(first)
  local answers, ended, delayed = {}, {}, false
  if #all == 0 then return answers end
  -- A delivery is the newest one of its job as long as nobody took a job over
  -- since it began and its entry is still pending; only otherwise must the job
  -- itself be asked.
  local proven = false
  if control.wishes then endings().fence_wishes(all) end
  if control.takeovers == tonumber(ARGV[first + 1]) then
    local acked, wanted = acknowledge(all)
    proven = acked == wanted
  end
  if not proven then
    endings().fence(all)
    acknowledge(all)
  end
  for n, at in ipairs(all) do
    answers[n] = answers_by[at] or ENDED
    if not answers_by[at] then
      if ARGV[at + DETAIL] == '' then
        complete(at)
        ended[#ended + 1] = ARGV[at + ID]
      elseif endings().end_otherwise(at, keep_failed) then
        delayed = true
      end
      if control.wishes and jobs().finished(endings().next_state(at)) then call('HDEL', P .. 'cancelling', ARGV[at + ID]) end
    end
  end
  if #ended > 0 then
    call('HDEL', P .. 'active', unpack(ended))
    call('HSET', P .. 'places', unpack(completed))
  end
  if delayed then
    jobs().wake() -- those who wait must hear of an earlier due time
    control.due = call('HGET', P .. 'control', 'due')
  end
  keep_completed(keep_completed_jobs)
  return answers
end
