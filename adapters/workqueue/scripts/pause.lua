-- Pauses a queue or lets it go on, in every process.
--
-- ARGV[4]  1 pauses, 0 resumes
-- ARGV[5..] extra events: type, data …
call('HSET', P .. 'control', 'paused', ARGV[4])
emit_extra(5, (#ARGV - 4) / 2)
cap_events()
wake()
return 1
