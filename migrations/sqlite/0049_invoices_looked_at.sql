-- When the reconciler last asked Stripe about an open invoice, and about what was given back of one: those that wait longest
-- are asked about first.
ALTER TABLE invoices ADD COLUMN looked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN reversals_looked_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX invoices_to_look_at ON invoices (vendor_id, looked_at, issued_at, id) WHERE status = 'open';
