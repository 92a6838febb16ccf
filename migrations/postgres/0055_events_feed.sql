-- All of a vendor's events in the order in which they happened, as programs read them.
CREATE INDEX events_by_vendor ON events (vendor_id, occurred_at, id);
