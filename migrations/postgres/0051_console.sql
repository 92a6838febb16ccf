-- What staff look for in everything that happened.

-- What changed, without the hourly rows of instances that go on as before.
CREATE INDEX events_by_age ON events (vendor_id, occurred_at, id)
    WHERE event_type NOT IN ('lease.renewed', 'feature.used');
CREATE INDEX events_by_type ON events (vendor_id, event_type, occurred_at, id);
