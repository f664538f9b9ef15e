-- Part of work.lua: ends deliveries. A job's next state, its entry's leave of
-- the stream, its poison entry and its events are one step. An end is refused
-- when its delivery is not the newest one any more: a worker that lost its
-- lease writes nothing.

-- So many finished entries may stand in a work stream before an unfinished
-- one. Up to there the stream is only trimmed to its oldest unfinished entry,
-- which costs next to nothing; beyond, finished entries are deleted one by one.
local MAX_FINISHED_ENTRIES = 10000

local REFUSED, ENDED, WANTED_CANCELLED = 0, 1, 2

-- Settlements begin at ARGV[first]: how many; how many take-overs the queue had
-- seen when the oldest of them began; then for each: job id, priority, entry
-- id, s as the delivery's start wrote it, next state, result (JSON, '' leaves
-- it), progress message, detail (JSON, '' for a plain completion), created,
-- payload, number of other fields that its entry carries, number of extra
-- events; and those: name, value …, type, data …
-- detail: {reason, delay (ms), free (the attempt does not count), handler}.
local SETTLEMENT = 12

local function read_settlements(first)
  local all, i = {}, first + 2
  for n = 1, tonumber(ARGV[first]) do
    local carried, extra = tonumber(ARGV[i + 10]), tonumber(ARGV[i + 11])
    all[n] = {
      at = i, id = ARGV[i], priority = ARGV[i + 1], sid = ARGV[i + 2], s = ARGV[i + 3], to = ARGV[i + 4],
      carried = carried, extra = extra, extra_at = i + SETTLEMENT + 2 * carried,
    }
    i = i + SETTLEMENT + 2 * (carried + extra)
  end
  return all, i
end

local function acknowledge(all)
  local by, acked, wanted = {}, 0, 0
  for _, x in ipairs(all) do
    if not x.refused then
      wanted = wanted + 1
      by[x.priority] = by[x.priority] or {}
      table.insert(by[x.priority], x.sid)
    end
  end
  for priority, sids in pairs(by) do
    local n = redis.pcall('XACK', P .. STREAMS[priority], GROUP, unpack(sids))
    if type(n) == 'number' then acked = acked + n end
  end
  return acked, wanted, by
end

-- A delivery is the newest one of its job as long as nobody took a job over
-- since it began and its entry is still pending; only otherwise must the job
-- itself be asked. An end that is written already is not refused: its answer
-- was lost on the way.
local function fence(all, takeovers)
  local seen = call('HGET', P .. 'control', 'takeovers') or '0'
  local by, acked, wanted
  if seen == takeovers then
    acked, wanted, by = acknowledge(all)
    if acked == wanted then return by end
  end
  for _, x in ipairs(all) do
    if not x.refused and call('HGET', P .. 'active', x.id) ~= x.s then
      local s = call('HGET', job_key(x.id), 's')
      x.refused = true
      x.answer = (s and s:sub(1, 1) == x.to and s:match('^%a%a %d+ (%d+)') == x.s:match('^%a%a %d+ (%d+)')) and ENDED or REFUSED
    end
  end
  acked, wanted, by = acknowledge(all)
  return by
end

local function clear_entries(by)
  for priority, sids in pairs(by) do
    local stream = P .. STREAMS[priority]
    local pending = redis.pcall('XPENDING', stream, GROUP)
    if pending.err then pending = {0} end
    local waiting = tonumber(call('HGET', P .. 'control', 'waiting') or 0) + waiting_change
    if call('XLEN', stream) - waiting - pending[1] > MAX_FINISHED_ENTRIES then
      call('XDEL', stream, unpack(sids))
    else
      call('XTRIM', stream, 'MINID', '~', pending[2] or sids[#sids])
    end
  end
end

local function list_completed(id, c, k, unique, listed)
  release_unique(id, unique)
  listed[#listed + 1] = MS_TEXT .. ' ' .. c .. ' ' .. k .. ' ' .. id
end

-- A plain completion: what its worker knows of the job is what there is to
-- know, so nothing is read.
local function complete(x, listed)
  local at, id = x.at, x.id
  local h = {s = x.s, r = ARGV[at + 5], pm = ARGV[at + 6], c = ARGV[at + 8], d = ARGV[at + 9], f = MS_TEXT}
  unpack_state(h)
  h.state = 'c'
  local changes, n = {'s', 'c' .. x.s:sub(2), 'f', MS_TEXT}, 4
  for i = at + SETTLEMENT, x.extra_at - 2, 2 do
    h[ARGV[i]] = ARGV[i + 1]
    changes[n + 1], changes[n + 2] = ARGV[i], ARGV[i + 1]
    n = n + 2
  end
  put_text(changes, 'd', h.d)
  if h.r ~= '' then put_text(changes, 'r', h.r) end
  call('HSET', job_key(id), unpack(changes))
  count(h, 'a', 'c')
  emit_job(id, h)
  list_completed(id, h.c, h.k or '', h.u, listed)
  emit_extra(x.extra_at, x.extra, h.cor)
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

local function poison(x, h, reason, handler)
  return call('XADD', P .. 'poison', '*', 'job_id', x.id, 'name', h.n, 'payload', h.d,
    'reason_poisoned', reason, 'topic_poisoned', QUEUE, 'handler_poisoned', handler, 'attempts', h.attempts,
    'failed_at', iso(MS), 'priority', STREAMS[h.priority], 'correlation_id', h.cor or '', 'metadata', filled(h.md) and h.md or '{}')
end

-- Every end but a plain completion. Such ends are few, so the job is read anew.
local function end_otherwise(x, listed, keep_failed)
  local detail, result, to = cjson.decode(ARGV[x.at + 7]), ARGV[x.at + 5], x.to
  local h = read(x.id)
  local changes, due = {}, nil
  local function set(name, value)
    h[name] = value
    changes[#changes + 1], changes[#changes + 2] = name, value
  end
  if result ~= '' then
    local old = result_fields(x.id)
    if #old > 0 then call('HDEL', job_key(x.id), unpack(old)) end
    h.r = result
    put_text(changes, 'r', result)
  end
  if detail.free then h.attempts = math.max(h.attempts - 1, 0) end
  if FINISHED[to] then set('f', MS_TEXT) end
  if to == 'f' then
    set('e', detail.reason)
    set('psid', poison(x, h, detail.reason, detail.handler))
  elseif to == 'd' then
    due = num(MS + detail.delay)
    set('due', due)
    set(detail.free and 'pm' or 'e', detail.reason)
    call('ZADD', P .. 'delayed', due, x.id)
    wake()
  elseif to == 'w' then
    set('sid', line_up(x.id, h))
  end
  become(x.id, h, to, changes)
  if to == 'c' then list_completed(x.id, h.c, h.k or '', h.u, listed) end
  if to == 'f' or to == 'x' then file(x.id, h, STATES[to], keep_failed) end
  emit_extra(x.extra_at, x.extra, h.cor, due)
end

-- Answers, for each settlement, 1 when it stands, 0 when it was refused, 2 when
-- the job would run again but is wanted cancelled; and where ARGV goes on.
local function settle_all(first, keep_completed_jobs, keep_failed)
  local all, after = read_settlements(first)
  local answers, listed, ids, finished = {}, {}, {}, {}
  if #all == 0 then return answers, after end
  local cancelling = call('EXISTS', P .. 'cancelling') == 1
  if cancelling then
    for _, x in ipairs(all) do
      if not FINISHED[x.to] and wanted_cancelled(x.id) then x.refused, x.answer = true, WANTED_CANCELLED end
    end
  end
  local by = fence(all, ARGV[first + 1])
  for n, x in ipairs(all) do
    if x.refused then
      answers[n] = x.answer
    else
      answers[n] = ENDED
      if ARGV[x.at + 7] == '' then
        complete(x, listed)
        ids[#ids + 1] = x.id
      else
        end_otherwise(x, listed, keep_failed)
      end
      if FINISHED[x.to] then finished[#finished + 1] = x.id end
    end
  end
  if #ids > 0 then call('HDEL', P .. 'active', unpack(ids)) end
  if #finished > 0 and cancelling then call('HDEL', P .. 'cancelling', unpack(finished)) end
  clear_entries(by)
  keep_completed(listed, keep_completed_jobs)
  return answers, after
end
