-- Reads jobs as they stand at one moment.
--
-- ARGV[4..] job ids
-- Answers for each its fields as a flat array, long texts in one, s being that
-- of the run while it runs; an empty one when it is not there.
local j, answers = jobs(), {}
for i = 4, #ARGV do
  local h = j.read(ARGV[i])
  local flat = {}
  if h then
    if j.wanted_cancelled(ARGV[i]) then h.x = '1' end
    for name, value in pairs(h) do
      if type(value) == 'string' then
        flat[#flat + 1] = name
        flat[#flat + 1] = value
      end
    end
  end
  answers[#answers + 1] = flat
end
return answers
