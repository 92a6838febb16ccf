-- Up to when all of Stripe's events of this vendor have been listed; NULL: never yet. Only a listing that came to its end
-- moves it on: an event that arrives by itself says nothing about those before it.
ALTER TABLE vendors ADD COLUMN stripe_listed_until BIGINT;
-- Until now, what had arrived said from when on is asked; so the first round lists no month that was listed before.
UPDATE vendors SET stripe_listed_until = (SELECT MAX(e.received_at) FROM stripe_events e WHERE e.vendor_id = vendors.id);
