DROP INDEX businesses_name;

--bun:split

ALTER TABLE businesses DROP COLUMN business_type_folded;

--bun:split

ALTER TABLE businesses DROP COLUMN city_folded;

--bun:split

ALTER TABLE businesses DROP COLUMN name_folded;

--bun:split

ALTER TABLE businesses DROP COLUMN search_text;

--bun:split

CREATE INDEX businesses_name ON businesses (name, id);
