-- What staff change of a vendor in the console. From the first change on it is the console's: a catalog that is applied
-- again leaves it as it is.

ALTER TABLE vendors ADD COLUMN settings_no BIGINT NOT NULL DEFAULT 0; -- rises with every change in the console
