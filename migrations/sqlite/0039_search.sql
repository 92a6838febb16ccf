-- What staff look for, in the form in which an index finds it by its beginning: ASCII letters small, compared byte by byte.

ALTER TABLE accounts ADD COLUMN company_key TEXT GENERATED ALWAYS AS (lower(company)) VIRTUAL;
ALTER TABLE accounts ADD COLUMN billing_key TEXT GENERATED ALWAYS AS (lower(billing_email)) VIRTUAL;
ALTER TABLE users ADD COLUMN mail_key TEXT GENERATED ALWAYS AS (lower(email_key)) VIRTUAL;
ALTER TABLE invoices ADD COLUMN number_key TEXT GENERATED ALWAYS AS (lower(number)) VIRTUAL;
ALTER TABLE instances ADD COLUMN name_key TEXT GENERATED ALWAYS AS (lower(name)) VIRTUAL;
ALTER TABLE instances ADD COLUMN identity_key TEXT GENERATED ALWAYS AS (lower(identity)) VIRTUAL;

CREATE INDEX accounts_by_company ON accounts (vendor_id, company_key);
CREATE INDEX accounts_by_billing ON accounts (vendor_id, billing_key);
CREATE INDEX users_by_mail ON users (vendor_id, mail_key);
CREATE INDEX invoices_by_number ON invoices (vendor_id, number_key);
CREATE INDEX instances_by_name ON instances (vendor_id, name_key);
CREATE INDEX instances_by_identity ON instances (vendor_id, identity_key);
CREATE INDEX licenses_by_hint ON licenses (vendor_id, key_hint);
