-- Campaigns, which say what is taken off for whom, and the codes by which customers ask for it.

CREATE TABLE campaigns (
    id                  TEXT NOT NULL PRIMARY KEY,
    vendor_id           TEXT NOT NULL,
    owner_account_id    TEXT,                          -- the partner whose campaign it is; the vendor's own without
    name                TEXT NOT NULL,                 -- customers see it on invoices
    percent_bp          BIGINT,                        -- hundredths of a percent: 2000 is 20 %
    amount_minor        BIGINT,                        -- or a sum of money
    currency            TEXT,                          -- of amount_minor
    duration            TEXT NOT NULL,                 -- once, repeating, forever
    duration_months     BIGINT,                        -- repeating: how many
    plan_ids            TEXT NOT NULL,                 -- JSON: the plans that it is for; empty: all
    product_ids         TEXT NOT NULL,                 -- JSON: Stripe's products of these plans, as the coupon has them
    minimum_minor       BIGINT,                        -- the least that an order comes to, before tax
    minimum_currency    TEXT,
    first_purchase_only BOOLEAN NOT NULL,
    max_redemptions     BIGINT,
    max_per_account     BIGINT,
    starts_at           BIGINT NOT NULL,
    ends_at             BIGINT,                        -- the first moment at which it is over
    paused_at           BIGINT,
    stripe_coupon_id    TEXT,                          -- once it was made
    created_by          TEXT,                          -- the operator without
    created_at          BIGINT NOT NULL,
    lock_no             BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    CHECK ((percent_bp IS NULL) <> (amount_minor IS NULL)),
    CHECK ((amount_minor IS NULL) = (currency IS NULL)),
    CHECK ((minimum_minor IS NULL) = (minimum_currency IS NULL)),
    FOREIGN KEY (vendor_id, owner_account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, created_by) REFERENCES users (vendor_id, id)
);
CREATE INDEX campaigns_by_age ON campaigns (vendor_id, created_at, id);

CREATE TABLE promotion_codes (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    campaign_id     TEXT NOT NULL,
    code            TEXT NOT NULL,                     -- as its maker wrote it
    code_key        TEXT NOT NULL,                     -- in capitals: case does not matter
    max_redemptions BIGINT,
    paused_at       BIGINT,
    created_at      BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, code_key),
    FOREIGN KEY (vendor_id, campaign_id) REFERENCES campaigns (vendor_id, id)
);
CREATE INDEX promotion_codes_by_campaign ON promotion_codes (campaign_id, created_at, id);
