-- Changes of subscriptions that are paid by bank transfer: Stripe has made them already, the license follows when the
-- money is there. One row while a change waits; none before and after.
CREATE TABLE unpaid_changes (
    vendor_id              TEXT NOT NULL,
    subscription_id        TEXT NOT NULL,
    license_id             TEXT NOT NULL,
    account_id             TEXT NOT NULL,
    stripe_subscription_id TEXT NOT NULL,
    stripe_invoice_id      TEXT,                       -- of the difference, once Stripe has made it
    items_before           TEXT NOT NULL,              -- JSON: what was paid before, to which it is taken back
    wanted                 TEXT NOT NULL,              -- JSON: the composition that waits
    give_up_at             BIGINT NOT NULL,            -- when it is taken back unless the money has arrived
    created_at             BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, subscription_id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);
CREATE INDEX unpaid_changes_by_license ON unpaid_changes (vendor_id, license_id);
CREATE INDEX unpaid_changes_by_subscription ON unpaid_changes (vendor_id, stripe_subscription_id);
