-- The number as it is written within its country, beside E.164.
ALTER TABLE businesses ADD COLUMN phone_national TEXT NOT NULL DEFAULT '';
