DROP INDEX contacts_created;

--bun:split

DROP INDEX job_history_finished;
