-- Puts a poison entry back on the inbox it came from, without what poisoning added.
--
-- KEYS[1] inbox stream   KEYS[2] poison stream
-- ARGV[1] poison entry id
-- Answers 1, or 0 when the entry is not there.
local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not found then return 0 end
local added = {reason_poisoned = true, topic_poisoned = true, handler_poisoned = true, failed_at = true}
local fields = {}
for i = 1, #found[2], 2 do
  if not added[found[2][i]] then
    fields[#fields + 1] = found[2][i]
    fields[#fields + 1] = found[2][i + 1]
  end
end
redis.call('XADD', KEYS[1], '*', unpack(fields))
redis.call('XDEL', KEYS[2], ARGV[1])
return 1
