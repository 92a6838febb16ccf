-- A client continues at its own expense what its partner has paid for.

-- The first charge of a subscription that continues another's: what that one has paid runs until then. NULL: of its own.
ALTER TABLE subscriptions ADD COLUMN begins_at BIGINT;

-- What paid for a license before: it runs out at Stripe, and steers nothing here any more.
CREATE TABLE former_subscriptions (
    vendor_id              TEXT NOT NULL,
    stripe_subscription_id TEXT NOT NULL,
    account_id             TEXT NOT NULL,              -- who has paid
    license_id             TEXT NOT NULL,
    period_end             BIGINT NOT NULL,            -- the end of what was paid
    replaced_at            BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, stripe_subscription_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX former_subscriptions_by_payer ON former_subscriptions (vendor_id, account_id, license_id);
