-- What sources beside Google Maps know a place by, and want to be named for.
ALTER TABLE businesses ADD COLUMN osm_id TEXT NOT NULL DEFAULT '';

--bun:split

ALTER TABLE businesses ADD COLUMN attribution TEXT NOT NULL DEFAULT '';
