-- Up to when all of Stripe's events of this vendor have been listed; NULL: never yet. Only a listing that came to its end
-- moves it on: an event that arrives by itself says nothing about those before it.
ALTER TABLE vendors ADD COLUMN stripe_listed_until BIGINT;
