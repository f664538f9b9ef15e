CREATE TABLE businesses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    country TEXT NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    category TEXT NOT NULL,
    categories TEXT NOT NULL,
    rating REAL,
    reviews_count INTEGER,
    price TEXT NOT NULL,
    opening_hours TEXT NOT NULL,
    latitude REAL,
    longitude REAL,
    data_id TEXT NOT NULL,
    cid TEXT NOT NULL,
    place_id TEXT NOT NULL,
    kgmid TEXT NOT NULL,
    map_url TEXT NOT NULL,
    status TEXT NOT NULL,
    business_type TEXT NOT NULL,
    enrichment_status TEXT NOT NULL,
    first_seen_job TEXT NOT NULL,
    notes TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

--bun:split

CREATE INDEX businesses_pending ON businesses (enrichment_status, id);

--bun:split

CREATE INDEX businesses_created ON businesses (created_at, id);

--bun:split

CREATE INDEX businesses_name ON businesses (name, id);

--bun:split

CREATE INDEX businesses_job ON businesses (first_seen_job);

--bun:split

-- Each key by which a business is known leads to one row.
CREATE TABLE business_identities (
    key TEXT PRIMARY KEY,
    business_id INTEGER NOT NULL REFERENCES businesses (id) ON DELETE CASCADE
);

--bun:split

CREATE INDEX business_identities_business ON business_identities (business_id);

--bun:split

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    business_id INTEGER NOT NULL REFERENCES businesses (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    name TEXT NOT NULL,
    position TEXT NOT NULL,
    personal BOOLEAN NOT NULL,
    confidence INTEGER NOT NULL,
    provider TEXT NOT NULL,
    source_url TEXT NOT NULL,
    verification TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (business_id, key)
);

--bun:split

CREATE TABLE job_history (
    job_id TEXT NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    data TEXT NOT NULL,
    result TEXT NOT NULL,
    failed_reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (job_id, finished_at)
);
