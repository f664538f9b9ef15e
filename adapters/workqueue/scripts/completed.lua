-- Pages through completed jobs, the newest first.
--
-- ARGV[4]  only those finished at this millisecond or before   ARGV[5]  how many
-- Answers for each its id and the millisecond it finished in.
local up_to, limit, found = tonumber(ARGV[4]), 2 * ARGV[5], {}
for last = call('LLEN', P .. 'completed') - 1, 0, -500 do
  local chunk = call('LRANGE', P .. 'completed', math.max(last - 499, 0), last)
  for i = #chunk, 1, -1 do
    local f, id = chunk[i]:match('^(%d+) %S* %d* (.*)$')
    if tonumber(f) <= up_to and #found < limit then
      found[#found + 1] = id
      found[#found + 1] = f
    end
  end
  if #found >= limit then break end
end
return found
