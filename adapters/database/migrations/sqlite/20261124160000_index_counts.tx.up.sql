-- What GET /api/stats counts, each from an index alone.
CREATE INDEX contacts_created ON contacts (created_at, business_id);

--bun:split

CREATE INDEX job_history_finished ON job_history (finished_at, state);
