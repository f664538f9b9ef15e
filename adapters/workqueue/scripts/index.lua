-- Lists all kept jobs by when they were accepted, the latest first: those that
-- are in the entries they were accepted with, and those that have moved since.
--
-- ARGV[4]  only those accepted with this entry id or an earlier one, '+' is all
-- ARGV[5]  how many
-- Answers for each its id and the entry id that it was accepted with.
local up_to, limit = ARGV[4], tonumber(ARGV[5])
local CHUNK = 64

local function parts(c)
  local ms, sequence = c:match('^(%d+)%-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end
local to_ms, to_sequence = math.huge, math.huge
if up_to ~= '+' then to_ms, to_sequence = parts(up_to) end

-- A source answers its next job each time: {ms, sequence, id, c}, nil at its end.
local function stream_source(priority)
  local stream, from, chunk, places, n = P .. STREAMS[priority], up_to, nil, nil, 0
  return function()
    while true do
      n = n + 1
      if not chunk or n > #chunk then
        if chunk and #chunk < CHUNK then return nil end
        chunk, n = call('XREVRANGE', stream, from, '-', 'COUNT', CHUNK), 1
        if #chunk == 0 then return nil end
        from = '(' .. chunk[#chunk][1]
        local ids = {}
        for i, entry in ipairs(chunk) do ids[i] = entry[2][2] end
        places = call('HMGET', P .. 'places', unpack(ids))
      end
      local sid, fields = chunk[n][1], chunk[n][2]
      local accepted_here = fields[5] ~= 's'
      if accepted_here and places[n] and places[n]:match('^%S+') == priority .. sid then
        local ms, sequence = parts(sid)
        return {ms, sequence, fields[2], sid}
      end
    end
  end
end

local function moved_source()
  local offset, chunk, n = 0, nil, 0
  return function()
    while true do
      n = n + 2
      if not chunk or n > #chunk then
        if chunk and #chunk < 2 * CHUNK then return nil end
        chunk = call('ZREVRANGEBYSCORE', P .. 'moved', to_ms == math.huge and '+inf' or to_ms, '-inf', 'WITHSCORES', 'LIMIT', offset, CHUNK)
        offset, n = offset + CHUNK, 2
        if #chunk == 0 then return nil end
      end
      local sequence, id = chunk[n - 1]:match('^(%d+) (.*)$')
      local ms = tonumber(chunk[n])
      sequence = tonumber(sequence)
      if ms < to_ms or sequence <= to_sequence then return {ms, sequence, id, num(ms) .. '-' .. num(sequence)} end
    end
  end
end

-- The order is total, so that a page can go on where another ended.
local function later(a, b)
  if a[1] ~= b[1] then return a[1] > b[1] end
  if a[2] ~= b[2] then return a[2] > b[2] end
  return a[3] > b[3]
end

local heads, found = {}, {}
for _, priority in ipairs(BY_PRIORITY) do heads[#heads + 1] = {source = stream_source(priority)} end
heads[#heads + 1] = {source = moved_source()}
for _, head in ipairs(heads) do head.job = head.source() end
while #found < 2 * limit do
  local latest
  for _, head in ipairs(heads) do
    if head.job and (not latest or later(head.job, latest.job)) then latest = head end
  end
  if not latest then break end
  found[#found + 1], found[#found + 2] = latest.job[3], latest.job[4]
  latest.job = latest.source()
end
return found
