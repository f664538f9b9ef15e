-- What is searched and sorted without regard to case, folded by the program:
-- LOWER knows no letters beyond ASCII on SQLite, and on Postgres by its locale.
ALTER TABLE businesses ADD COLUMN search_text TEXT NOT NULL DEFAULT '';

--bun:split

ALTER TABLE businesses ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';

--bun:split

ALTER TABLE businesses ADD COLUMN city_folded TEXT NOT NULL DEFAULT '';

--bun:split

ALTER TABLE businesses ADD COLUMN business_type_folded TEXT NOT NULL DEFAULT '';

--bun:split

UPDATE businesses SET search_text = LOWER(name || CHAR(10) || address || CHAR(10) || category), name_folded = LOWER(name),
    city_folded = LOWER(city), business_type_folded = LOWER(business_type);

--bun:split

DROP INDEX businesses_name;

--bun:split

CREATE INDEX businesses_name ON businesses (name_folded, id);
