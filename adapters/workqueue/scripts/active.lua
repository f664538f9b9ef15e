-- Lists the running jobs.
--
-- Answers for each its id and the entry id that it was accepted with.
local found = {}
for _, id in ipairs(call('HKEYS', P .. 'active')) do
  local at = call('HGET', P .. 'places', id)
  if at then
    found[#found + 1] = id
    found[#found + 1] = call('HGET', job_key(id), 'c') or at:sub(2)
  end
end
return found
