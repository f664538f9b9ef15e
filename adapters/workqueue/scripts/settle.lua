-- Part of work.lua: ends deliveries. A job's next state, its entry's leave of
-- the stream, its poison entry and its events are one step. An end is refused
-- when its delivery is not the newest one any more: a worker that lost its
-- lease writes nothing.

-- So many finished entries may stand in a work stream behind an unfinished
-- one. Up to there the stream is only trimmed to its oldest unfinished entry,
-- which costs next to nothing; beyond, finished entries are deleted one by one.
local MAX_FINISHED_ENTRIES = 10000

local REFUSED, ENDED, WANTED_CANCELLED = 0, 1, 2

-- Settlements begin at ARGV[first]: how many; how many take-overs the queue had
-- seen when the oldest of them began; then for each: job id, entry id, s as the
-- delivery's start wrote it, result (JSON, '' leaves it), progress message,
-- detail (JSON, '' for a plain completion), created, v, number of other fields
-- that its entry carries, number of extra events; and those: name, value …,
-- type, data …
-- detail: {to (next state), reason, delay (ms), free (the attempt does not
-- count), handler}.
local ID, SID, S, RESULT, MESSAGE, DETAIL, CREATED, V, CARRIED, EXTRA, SETTLEMENT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

-- Where in ARGV each settlement begins, and where ARGV goes on.
local function positions(first)
  local all, i = {}, first + 2
  for n = 1, tonumber(ARGV[first]) do
    all[n] = i
    i = i + SETTLEMENT + 2 * (ARGV[i + CARRIED] + ARGV[i + EXTRA])
  end
  return all, i
end

local answers_by = {} -- position → answer of a settlement that is not written

local function acknowledge(all)
  local acked, wanted = 0, 0
  local by = {h = {}, n = {}, l = {}}
  for _, at in ipairs(all) do
    if not answers_by[at] then
      wanted = wanted + 1
      local sids = by[ARGV[at + S]:sub(2, 2)]
      sids[#sids + 1] = ARGV[at + SID]
    end
  end
  for priority, sids in pairs(by) do
    if #sids > 0 then
      local n = redis.pcall('XACK', P .. STREAMS[priority], GROUP, unpack(sids))
      if type(n) == 'number' then acked = acked + n end
    end
  end
  return acked, wanted
end

local function run_of(s) return s:match('^%a%a %d+ (%d+)') end

local function next_state(at)
  return ARGV[at + DETAIL] == '' and 'c' or cjson.decode(ARGV[at + DETAIL]).to
end

-- A delivery is the newest one of its job as long as nobody took a job over
-- since it began and its entry is still pending; only otherwise must the job
-- itself be asked. An end that is written already is not refused: its answer
-- was lost on the way.
local function fence(all, control, takeovers)
  if control.takeovers == takeovers then
    local acked, wanted = acknowledge(all)
    if acked == wanted then return end
  end
  for _, at in ipairs(all) do
    local id, s = ARGV[at + ID], ARGV[at + S]
    if not answers_by[at] and call('HGET', P .. 'active', id) ~= s then
      local stored = call('HGET', job_key(id), 's')
      local written = stored and stored:sub(1, 1) == next_state(at) and run_of(stored) == run_of(s)
      answers_by[at] = written and ENDED or REFUSED
    end
  end
  acknowledge(all)
end

-- Who wanted a job cancelled must not see it run again, however its run ends.
local function fence_wishes(all)
  for _, at in ipairs(all) do
    if not finished(next_state(at)) and wanted_cancelled(ARGV[at + ID]) then answers_by[at] = WANTED_CANCELLED end
  end
end

-- Finished entries that stand behind a long-running one.
local function sweep(stream, active)
  local gone = {}
  for _, entry in ipairs(call('XRANGE', stream, '-', '+', 'COUNT', active + 500)) do
    local id, sid = entry[2][2], entry[1]
    local s = call('HGET', P .. 'active', id)
    -- Waiting entries follow all that were delivered.
    if not s and call('EXISTS', job_key(id)) == 1 and call('HGET', job_key(id), 's'):sub(1, 1) == 'w' then break end
    if not s or (call('HGET', job_key(id), 'sid') or call('HGET', job_key(id), 'c')) ~= sid then gone[#gone + 1] = sid end
  end
  if #gone > 0 then call('XDEL', stream, unpack(gone)) end
end

-- Every so many starts finished entries leave the work streams.
local CLEAR_EVERY = 100
local function clear_entries(control)
  if control.starts % CLEAR_EVERY + control.settled < CLEAR_EVERY then return end
  for _, priority in ipairs(BY_PRIORITY) do
    local stream = P .. STREAMS[priority]
    local pending = redis.pcall('XPENDING', stream, GROUP)
    if not pending.err and pending[2] then
      call('XTRIM', stream, 'MINID', '~', pending[2])
      if call('XLEN', stream) - control.waiting - pending[1] > MAX_FINISHED_ENTRIES then sweep(stream, pending[1]) end
    elseif not pending.err then
      local groups = call('XINFO', 'GROUPS', stream)
      call('XTRIM', stream, 'MINID', '~', groups[1][8])
    end
  end
end

local function list_completed(id, c, k, unique, listed)
  release_unique(id, unique)
  listed[#listed + 1] = MS_TEXT .. ' ' .. c .. ' ' .. k .. ' ' .. id
end

-- A plain completion: what its worker knows of the job is what there is to
-- know, so nothing is read.
local function complete(at, listed)
  local id, s, result, v, c = ARGV[at + ID], ARGV[at + S], ARGV[at + RESULT], ARGV[at + V], ARGV[at + CREATED]
  local max, k, batch, unique, correlation = '1', '', nil, nil, nil
  local changes, n = {'s', 'c' .. s:sub(2), 'f', MS_TEXT}, 4
  local extra_at = at + SETTLEMENT + 2 * ARGV[at + CARRIED]
  for i = at + SETTLEMENT, extra_at - 2, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    changes[n + 1], changes[n + 2] = name, value
    n = n + 2
    if name == 'm' then max = value elseif name == 'b' then batch = value elseif name == 'u' then unique = value
    elseif name == 'cor' then correlation = value elseif name == 'k' then k = value end
  end
  n = put_text(changes, n, 'v', v)
  if result ~= '' then put_text(changes, n, 'r', result) end
  call('HSET', job_key(id), unpack(changes))
  count(batch, 'a', 'c', correlation)
  if EMIT then
    local attempts, started = s:match('^%a%a (%d+) %d+ %d+ (%d+)$')
    emit_view(id, 'c', s:sub(2, 2), attempts, max, c, '100', ARGV[at + MESSAGE] == '' and '""' or quote(ARGV[at + MESSAGE]),
      (result ~= '' and ',"result":' .. result or '') .. ',"startedAt":"' .. iso(started) .. '","finishedAt":"' .. now()
      .. '","durationMs":' .. num(MS - started), v, correlation)
    emit_extra(extra_at, tonumber(ARGV[at + EXTRA]), correlation)
  end
  list_completed(id, c, k, unique, listed)
end

local function keep_completed(listed, keep)
  if #listed == 0 then return end
  local over = call('RPUSH', P .. 'completed', unpack(listed)) - keep
  if over <= 0 then return end
  local popped, old = call('LPOP', P .. 'completed', math.min(over, 1000)), {}
  for i, entry in ipairs(popped) do
    local c, k, id = entry:match('^%d+ (%S+) (%d*) (.*)$')
    old[i] = {id, c, k}
  end
  forget(old)
end

local function poison(id, h, reason, handler)
  local cut = h.v:find(',"data":', 1, true)
  return call('XADD', P .. 'poison', '*', 'job_id', id, 'name', cjson.decode('{' .. h.v:sub(1, cut - 1) .. '}').name,
    'payload', h.v:sub(cut + 8), 'reason_poisoned', reason, 'topic_poisoned', QUEUE, 'handler_poisoned', handler,
    'attempts', num(h.attempts), 'failed_at', now(), 'priority', STREAMS[h.priority], 'correlation_id', h.cor or '',
    'metadata', filled(h.md) and h.md or '{}')
end

local delayed_any = false -- those who wait must hear of an earlier due time, once

-- Every end but a plain completion. Such ends are few, so the job is read anew.
local function end_otherwise(at, listed, keep_failed)
  local id, result, detail = ARGV[at + ID], ARGV[at + RESULT], cjson.decode(ARGV[at + DETAIL])
  local h, to = read(id), detail.to
  local changes, due = {}, nil
  local function set(name, value)
    h[name] = value
    changes[#changes + 1], changes[#changes + 2] = name, value
  end
  if result ~= '' then
    local old = result_fields(id)
    if #old > 0 then call('HDEL', job_key(id), unpack(old)) end
    h.r = result
    put_text(changes, 0, 'r', result)
  end
  if detail.free then h.attempts = math.max(h.attempts - 1, 0) end
  if finished(to) then set('f', MS_TEXT) end
  if to == 'f' then
    set('e', detail.reason)
    set('psid', poison(id, h, detail.reason, detail.handler))
  elseif to == 'd' then
    due = num(MS + detail.delay)
    set('due', due)
    set(detail.free and 'pm' or 'e', detail.reason)
    call('ZADD', P .. 'delayed', due, id)
    delayed_any = true
  elseif to == 'w' then
    set('sid', line_up(id, h))
  end
  become(id, h, to, changes)
  if to == 'c' then list_completed(id, h.c, h.k or '', h.u, listed) end
  if to == 'f' or to == 'x' then file(id, h, STATES[to], keep_failed) end
  emit_extra(at + SETTLEMENT + 2 * ARGV[at + CARRIED], tonumber(ARGV[at + EXTRA]), h.cor, due)
end

-- Answers, for each settlement, 1 when it stands, 0 when it was refused, 2 when
-- the job would run again but is wanted cancelled.
local function settle_all(first, control, cancelling, keep_completed_jobs, keep_failed)
  local all = positions(first)
  local answers, listed, completed = {}, {}, {}
  if #all == 0 then return answers end
  if cancelling then fence_wishes(all) end
  fence(all, control, tonumber(ARGV[first + 1]))
  for n, at in ipairs(all) do
    answers[n] = answers_by[at] or ENDED
    if not answers_by[at] then
      if ARGV[at + DETAIL] == '' then
        complete(at, listed)
        completed[#completed + 1] = ARGV[at + ID]
      else
        end_otherwise(at, listed, keep_failed)
      end
      if cancelling and finished(next_state(at)) then call('HDEL', P .. 'cancelling', ARGV[at + ID]) end
    end
  end
  if #completed > 0 then call('HDEL', P .. 'active', unpack(completed)) end
  if delayed_any then wake() end
  control.settled = #all
  clear_entries(control)
  keep_completed(listed, keep_completed_jobs)
  return answers
end
