-- Lists the running jobs.
--
-- Answers for each its id and created entry id.
local found = {}
for _, id in ipairs(call('HKEYS', P .. 'active')) do
  local c = call('HGET', job_key(id), 'c')
  if c then
    found[#found + 1] = id
    found[#found + 1] = c
  end
end
return found
