-- While a card is charged for a change of what pays for a license, nobody takes that over. Whoever looks at Stripe from this
-- moment on, and finds nothing that waits for its payment, clears it. NULL: no change is being made.
ALTER TABLE subscriptions ADD COLUMN changing_until BIGINT;
