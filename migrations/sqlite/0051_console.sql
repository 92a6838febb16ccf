-- What staff look for in everything that happened.

-- What changed, without the hourly rows of instances that go on as before.
CREATE INDEX events_by_age ON events (vendor_id, occurred_at, id)
    WHERE event_type NOT IN ('lease.renewed', 'feature.used');
CREATE INDEX events_by_type ON events (vendor_id, event_type, occurred_at, id);

-- The keyed hash of the first group of a license key. Of keys from before it is noted by the first round that looks for licenses
-- that have run out; of keys that were replaced before, which are not kept, never.
ALTER TABLE licenses ADD COLUMN key_start BLOB;
ALTER TABLE license_keys ADD COLUMN key_start BLOB;
CREATE INDEX licenses_by_key_start ON licenses (vendor_id, key_start);
CREATE INDEX license_keys_by_start ON license_keys (vendor_id, key_start) WHERE key_start IS NOT NULL;

-- Invoices of all customers, newest first.
CREATE INDEX invoices_by_age ON invoices (vendor_id, issued_at, id);

-- People by the day on which they signed up.
CREATE INDEX users_by_age ON users (vendor_id, created_at, id);

-- When somebody has taken a dead job off the list.
ALTER TABLE jobs ADD COLUMN dismissed_at BIGINT;
CREATE INDEX jobs_dead_by_age ON jobs (vendor_id, finished_at, id) WHERE status = 'dead';
