-- What renews: the card that is charged, why somebody cancels, and cards that are being changed.

ALTER TABLE subscriptions ADD COLUMN card TEXT;           -- JSON: brand, last digits and month of the card that is charged
ALTER TABLE subscriptions ADD COLUMN card_ends_at BIGINT; -- first moment after that month
ALTER TABLE subscriptions ADD COLUMN cancel_reason TEXT;  -- a code, while it is cancelled
ALTER TABLE subscriptions ADD COLUMN cancel_comment TEXT; -- the customer's own words
CREATE INDEX subscriptions_by_account ON subscriptions (vendor_id, account_id);
CREATE INDEX subscriptions_behind ON subscriptions (vendor_id, past_due_since, id) WHERE past_due_since IS NOT NULL;
CREATE INDEX subscriptions_by_card_end ON subscriptions (vendor_id, card_ends_at, id) WHERE card_ends_at IS NOT NULL;
CREATE INDEX licenses_by_updates_end ON licenses (vendor_id, updates_until, id) WHERE updates_until IS NOT NULL;

-- Written before Stripe's page opens, so that whoever comes back first, and whatever crashes, finishes it once.
CREATE TABLE card_updates (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL,
    account_id        TEXT NOT NULL,
    license_id        TEXT NOT NULL,
    user_id           TEXT NOT NULL,
    for_all           BOOLEAN NOT NULL,               -- every subscription of the account
    stripe_session_id TEXT,
    outcome           TEXT,                           -- saved, paid, declined, unconfirmed; NULL until it is finished
    payment_url       TEXT,                           -- where a payment can be confirmed that the new card did not make
    created_at        BIGINT NOT NULL,
    finished_at       BIGINT,
    lock_no           BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX card_updates_open ON card_updates (vendor_id, created_at) WHERE finished_at IS NULL;

-- Updates of a perpetual license that renew by themselves, by a yearly subscription that begins where updates end.
CREATE TABLE auto_renewals (
    id                     TEXT NOT NULL PRIMARY KEY,
    vendor_id              TEXT NOT NULL,
    account_id             TEXT NOT NULL,
    license_id             TEXT NOT NULL,
    user_id                TEXT NOT NULL,
    status                 TEXT NOT NULL,             -- asked, on, off
    stripe_session_id      TEXT,
    stripe_subscription_id TEXT,
    currency               TEXT NOT NULL,
    amount_minor           BIGINT NOT NULL,           -- a year, before tax and discounts
    next_at                BIGINT NOT NULL,           -- the next charge
    is_behind              BOOLEAN NOT NULL DEFAULT FALSE, -- the last charge has failed
    created_at             BIGINT NOT NULL,
    lock_no                BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, stripe_subscription_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX auto_renewals_on ON auto_renewals (license_id) WHERE status = 'on';

-- Years that it has brought: each paid invoice brings one, once.
CREATE TABLE auto_renewal_years (
    vendor_id         TEXT NOT NULL,
    stripe_invoice_id TEXT NOT NULL,
    auto_renewal_id   TEXT NOT NULL,
    brought_at        BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, stripe_invoice_id),
    FOREIGN KEY (vendor_id, auto_renewal_id) REFERENCES auto_renewals (vendor_id, id)
);

-- Licenses that turn from a subscription to perpetual: the price less the unused money, paid on Stripe's page.
CREATE TABLE conversions (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL,
    account_id        TEXT NOT NULL,
    license_id        TEXT NOT NULL,
    user_id           TEXT NOT NULL,
    plan_id           TEXT NOT NULL,                  -- the perpetual plan
    seats             BIGINT NOT NULL,
    addons            TEXT NOT NULL,                  -- JSON: codes of its add-ons
    status            TEXT NOT NULL,                  -- asked, paid, done, dropped
    stripe_session_id TEXT,
    currency          TEXT NOT NULL,
    price_minor       BIGINT NOT NULL,                -- of the perpetual license, before tax
    credit_minor      BIGINT NOT NULL,                -- unused money, before tax
    created_at        BIGINT NOT NULL,
    lock_no           BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id)
);
CREATE INDEX conversions_open ON conversions (vendor_id, created_at) WHERE status IN ('asked', 'paid');
