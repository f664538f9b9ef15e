-- Moves an entry that cannot be understood to the poison stream, with its
-- original fields and the reason: there is always exactly one of the two.
--
-- KEYS[1] inbox stream   KEYS[2] poison stream
-- ARGV[1] group   ARGV[2] entry id   ARGV[3] reason   ARGV[4] handler   ARGV[5] time
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if found then
  local fields = found[2]
  for _, v in ipairs({'reason_poisoned', ARGV[3], 'topic_poisoned', KEYS[1], 'handler_poisoned', ARGV[4], 'failed_at', ARGV[5]}) do
    fields[#fields + 1] = v
  end
  redis.call('XADD', KEYS[2], '*', unpack(fields))
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
