ALTER TABLE businesses DROP COLUMN attribution;

--bun:split

ALTER TABLE businesses DROP COLUMN osm_id;
