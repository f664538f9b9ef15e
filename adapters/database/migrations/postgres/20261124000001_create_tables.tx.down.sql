DROP TABLE job_history;

--bun:split

DROP TABLE contacts;

--bun:split

DROP TABLE business_identities;

--bun:split

DROP TABLE businesses;
