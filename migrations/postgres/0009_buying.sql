-- Bank transfers: what is waited for, and what is left over.

-- One row for each invoice that is paid by transfer.
CREATE TABLE transfers (
    vendor_id          TEXT NOT NULL,
    stripe_invoice_id  TEXT NOT NULL,
    account_id         TEXT NOT NULL,
    stripe_customer_id TEXT NOT NULL,
    pays_to            TEXT NOT NULL,                  -- JSON: the account that the money goes to
    currency           TEXT NOT NULL,
    total_minor        BIGINT NOT NULL,
    arrived_minor      BIGINT NOT NULL,
    due_at             BIGINT NOT NULL,
    pays_for           TEXT NOT NULL,                  -- order, change, renewal
    void_at            BIGINT,                         -- when an order or change is given up; NULL for renewals
    status             TEXT NOT NULL,                  -- awaited, paid, void
    reminded           BIGINT NOT NULL DEFAULT 0,      -- how many of the reminders were sent or passed over
    created_at         BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, stripe_invoice_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);
CREATE INDEX transfers_awaited ON transfers (vendor_id, due_at) WHERE status = 'awaited';
CREATE INDEX transfers_by_account ON transfers (account_id);

-- Money of a customer that no invoice has used up.
CREATE TABLE cash_balances (
    vendor_id        TEXT NOT NULL,
    account_id       TEXT NOT NULL,
    currency         TEXT NOT NULL,
    available_minor  BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, account_id, currency),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);
