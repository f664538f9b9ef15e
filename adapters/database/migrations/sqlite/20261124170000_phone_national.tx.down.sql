ALTER TABLE businesses DROP COLUMN phone_national;
