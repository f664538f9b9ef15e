-- Pauses a queue or lets it go on, in every process.
--
-- ARGV[4]  1 pauses, 0 resumes
-- ARGV[5..] extra events: type, data …
call('HSET', P .. 'control', 'paused', ARGV[4])
jobs().emit_extra(5, #ARGV)
jobs().wake()
return 1
