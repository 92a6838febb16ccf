-- The vendor's list of its customers, newest first.

CREATE INDEX accounts_by_vendor ON accounts (vendor_id, created_at, id);
