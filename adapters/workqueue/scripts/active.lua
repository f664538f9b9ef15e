-- Lists the running jobs.
--
-- Answers for each its id and the entry id that it was accepted with.
local found = {}
for _, id in ipairs(call('HKEYS', P .. 'active')) do
  local v = call('HMGET', job_key(id), 'c', 'at')
  if v[2] then
    found[#found + 1] = id
    found[#found + 1] = v[1] or v[2]:sub(2)
  end
end
return found
