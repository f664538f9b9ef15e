-- Notes that Hunter was asked too fast, once for all requests that were under way together.
--
-- KEYS[1] the hold's hash: slow_since, slow_for, slow_until
-- ARGV[1] now   ARGV[2] the wait that Hunter names, 0 when it names none
-- ARGV[3] the first wait   ARGV[4] the longest; all in ms
-- Answers until when to wait, and since when it says so.
local function field(name) return tonumber(redis.call('HGET', KEYS[1], name) or 0) end
local now, named, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local until_ms, since = field('slow_until'), field('slow_since')
if now >= until_ms then
  local wait = math.min(math.max(2 * field('slow_for'), first), longest)
  if since == 0 then since = now end
  redis.call('HSET', KEYS[1], 'slow_for', wait, 'slow_since', string.format('%.0f', since))
  if named > 0 then wait = math.min(named, longest) end
  until_ms = now + wait
  redis.call('HSET', KEYS[1], 'slow_until', string.format('%.0f', until_ms))
end
return {string.format('%.0f', until_ms), string.format('%.0f', since)}
