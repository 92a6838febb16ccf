-- Stripe's events as staff look through them.

-- How often it was handled, also in vain.
ALTER TABLE stripe_events ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
CREATE INDEX stripe_events_by_arrival ON stripe_events (vendor_id, received_at, id);

-- What was given up for an event is looked for whenever one is handled.
CREATE INDEX jobs_dead ON jobs (vendor_id, dedup_key) WHERE status = 'dead';
