-- Accounts that close, and people who have deleted themselves. Their rows stay, emptied, because others point at them.

ALTER TABLE accounts ADD COLUMN closes_at BIGINT;      -- when its owner has asked to close it: from then on it is closed
ALTER TABLE accounts ADD COLUMN closed_at BIGINT;      -- when that was done, and what was kept about it erased
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

CREATE INDEX accounts_to_close ON accounts (vendor_id, closes_at) WHERE closes_at IS NOT NULL AND closed_at IS NULL;
CREATE INDEX accounts_closed ON accounts (vendor_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX stripe_events_by_customer ON stripe_events (vendor_id, customer_id);
