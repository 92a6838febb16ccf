-- Orders, subscriptions and invoices, and the inbox of Stripe's events.

CREATE TABLE orders (
    id                 TEXT NOT NULL PRIMARY KEY,
    vendor_id          TEXT NOT NULL,
    account_id         TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    session_hash       BLOB,                           -- the browser session that bought; may see the key at once
    kind               TEXT NOT NULL,                  -- subscription, perpetual, maintenance, seats
    plan_id            TEXT NOT NULL,
    license_id         TEXT,                           -- what it created, or adds to
    billing_interval   TEXT NOT NULL,
    seats              BIGINT NOT NULL,                -- of the license, or more of them
    years              BIGINT NOT NULL DEFAULT 0,      -- maintenance: how many
    currency           TEXT NOT NULL,
    amount_minor       BIGINT NOT NULL,                -- before tax and discounts, as shown when ordering
    status             TEXT NOT NULL,                  -- open, paid, expired, cancelled
    payment            TEXT NOT NULL,                  -- card, transfer, none (nothing to pay)
    items              TEXT NOT NULL,                  -- JSON: Stripe's prices and quantities, as ordered
    trial_days         BIGINT NOT NULL DEFAULT 0,
    days_until_due     BIGINT,                         -- transfer: from the invoice on
    promotion_code     TEXT,                           -- as customers know it
    promotion_code_id  TEXT,                           -- Stripe's
    stripe_session_id  TEXT,                           -- card
    stripe_subscription_id TEXT,                       -- transfer and none
    stripe_invoice_id  TEXT,                           -- transfer
    checkout_url       TEXT,
    created_at         BIGINT NOT NULL,
    paid_at            BIGINT,
    lock_no            BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, stripe_session_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX orders_by_account ON orders (account_id, created_at, id);
CREATE INDEX orders_open ON orders (vendor_id, status, created_at);
CREATE INDEX orders_by_invoice ON orders (vendor_id, stripe_invoice_id);

CREATE TABLE subscriptions (
    id                     TEXT NOT NULL PRIMARY KEY,
    vendor_id              TEXT NOT NULL,
    account_id             TEXT NOT NULL,
    license_id             TEXT NOT NULL,
    stripe_subscription_id TEXT NOT NULL,
    stripe_status          TEXT NOT NULL,
    plan_id                TEXT NOT NULL,
    billing_interval       TEXT NOT NULL,
    seats                  BIGINT NOT NULL,
    currency               TEXT NOT NULL,
    addons                 TEXT NOT NULL,             -- JSON: codes of the add-ons that are paid
    packs                  TEXT NOT NULL,             -- JSON: how many packs of which limit
    recurring_minor        BIGINT NOT NULL,           -- per interval, before tax and discounts
    period_start           BIGINT NOT NULL,
    period_end             BIGINT NOT NULL,
    cancel_at_period_end   BOOLEAN NOT NULL,
    past_due_since         BIGINT,
    ended_at               BIGINT,
    scheduled              TEXT,                       -- JSON: the change planned for the period's end
    updated_at             BIGINT NOT NULL,
    lock_no                BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, stripe_subscription_id),
    UNIQUE (license_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id)
);

CREATE TABLE invoices (
    id                  TEXT NOT NULL PRIMARY KEY,
    vendor_id           TEXT NOT NULL,
    account_id          TEXT NOT NULL,
    license_id          TEXT,
    stripe_invoice_id   TEXT NOT NULL,
    number              TEXT NOT NULL,
    status              TEXT NOT NULL,                 -- open, paid, void, uncollectible
    currency            TEXT NOT NULL,
    subtotal_minor      BIGINT NOT NULL,
    discount_minor      BIGINT NOT NULL,
    tax_minor           BIGINT NOT NULL,
    total_minor         BIGINT NOT NULL,
    paid_minor          BIGINT NOT NULL,
    due_minor           BIGINT NOT NULL,
    taxes               TEXT NOT NULL,                 -- JSON: label, rate, base, amount per rate
    payment_url         TEXT,                          -- Stripe's page to pay it on
    billing_reason      TEXT NOT NULL,
    parties             TEXT NOT NULL,                 -- JSON: seller and buyer as they were when it was issued
    issued_at           BIGINT NOT NULL,
    due_at              BIGINT,
    paid_at             BIGINT,
    created_at          BIGINT NOT NULL,
    lock_no             BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, stripe_invoice_id),
    UNIQUE (vendor_id, number),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX invoices_by_account ON invoices (account_id, issued_at, id);

CREATE TABLE invoice_lines (
    vendor_id         TEXT NOT NULL,
    invoice_id        TEXT NOT NULL,
    position          BIGINT NOT NULL,
    description       TEXT NOT NULL,
    quantity          BIGINT NOT NULL,
    unit_amount_minor BIGINT,
    amount_minor      BIGINT NOT NULL,
    discount_minor    BIGINT NOT NULL,
    period_start      BIGINT,
    period_end        BIGINT,
    is_proration      BOOLEAN NOT NULL,
    taxes             TEXT NOT NULL,                   -- JSON: rate, base, amount, reason
    PRIMARY KEY (invoice_id, position),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id)
);

-- Rendered once, stored with its hash, never again. `subject_id` is the invoice, credit note or order that it shows.
CREATE TABLE documents (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    subject_id      TEXT NOT NULL,
    number          TEXT NOT NULL,
    kind            TEXT NOT NULL,                     -- invoice, receipt, credit_note, pro_forma, ubl, cii
    content         BLOB NOT NULL,
    sha256          BLOB NOT NULL,
    issued_at       BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (subject_id, kind),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);
CREATE INDEX documents_by_account ON documents (account_id, issued_at, id);

CREATE TABLE stripe_events (
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    id              TEXT NOT NULL,                     -- Stripe's
    event_type      TEXT NOT NULL,
    object_id       TEXT NOT NULL DEFAULT '',
    customer_id     TEXT NOT NULL DEFAULT '',
    raw             TEXT NOT NULL,
    status          TEXT NOT NULL,                     -- received, projected, ignored, failed
    error           TEXT,
    received_at     BIGINT NOT NULL,
    projected_at    BIGINT,
    PRIMARY KEY (vendor_id, id)
);
CREATE INDEX stripe_events_by_status ON stripe_events (vendor_id, status, received_at);
