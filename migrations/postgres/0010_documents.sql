-- What is given back (credit notes, refunds, disputes), documents of whatever they show, and the money ledger.

-- The order that an invoice charges, which says what is bought with it.
ALTER TABLE invoices ADD COLUMN order_id TEXT;

-- The buyer's own order number or cost centre, printed on the documents from now on; and what Stripe has found out about
-- the VAT id.
ALTER TABLE accounts ADD COLUMN purchase_order TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN vat_id_state TEXT NOT NULL DEFAULT 'unchecked';

-- Since when a payment for the license is disputed: it goes on, but nothing new is activated.
ALTER TABLE licenses ADD COLUMN disputed_at BIGINT;

CREATE TABLE credit_notes (
    id                    TEXT NOT NULL PRIMARY KEY,
    vendor_id             TEXT NOT NULL,
    account_id            TEXT NOT NULL,
    invoice_id            TEXT NOT NULL,
    stripe_credit_note_id TEXT NOT NULL,
    number                TEXT NOT NULL,
    status                TEXT NOT NULL,               -- issued, void
    currency              TEXT NOT NULL,
    subtotal_minor        BIGINT NOT NULL,
    discount_minor        BIGINT NOT NULL,
    tax_minor             BIGINT NOT NULL,
    total_minor           BIGINT NOT NULL,
    -- where the total went: `total = reduced + refunded + credited + elsewhere`
    reduced_minor         BIGINT NOT NULL,             -- taken off an invoice that was open
    refunded_minor        BIGINT NOT NULL,             -- paid back
    credited_minor        BIGINT NOT NULL,             -- kept for the next invoice
    elsewhere_minor       BIGINT NOT NULL,             -- settled outside of Stripe
    taxes                 TEXT NOT NULL,               -- JSON: label, rate, base, amount per rate
    reason                TEXT NOT NULL,
    memo                  TEXT NOT NULL,
    parties               TEXT NOT NULL,               -- JSON: as on the invoice
    refund_ids            TEXT NOT NULL,               -- JSON: Stripe's ids of the refunds that it explains
    issued_at             BIGINT NOT NULL,
    voided_at             BIGINT,
    created_at            BIGINT NOT NULL,
    lock_no               BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, stripe_credit_note_id),
    UNIQUE (vendor_id, number),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id)
);
CREATE INDEX credit_notes_by_account ON credit_notes (account_id, issued_at, id);
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice_id, issued_at, id);

CREATE TABLE credit_note_lines (
    vendor_id         TEXT NOT NULL,
    credit_note_id    TEXT NOT NULL,
    position          BIGINT NOT NULL,
    description       TEXT NOT NULL,
    quantity          BIGINT NOT NULL,
    unit_amount_minor BIGINT,
    amount_minor      BIGINT NOT NULL,
    discount_minor    BIGINT NOT NULL,
    taxes             TEXT NOT NULL,
    PRIMARY KEY (credit_note_id, position),
    FOREIGN KEY (vendor_id, credit_note_id) REFERENCES credit_notes (vendor_id, id)
);

CREATE TABLE refunds (
    id               TEXT NOT NULL PRIMARY KEY,
    vendor_id        TEXT NOT NULL,
    account_id       TEXT NOT NULL,
    invoice_id       TEXT NOT NULL,
    stripe_refund_id TEXT NOT NULL,
    status           TEXT NOT NULL,                    -- pending, succeeded, failed, canceled
    currency         TEXT NOT NULL,
    amount_minor     BIGINT NOT NULL,
    reason           TEXT NOT NULL,
    refunded_at      BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    lock_no          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, stripe_refund_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id)
);
CREATE INDEX refunds_by_invoice ON refunds (invoice_id, refunded_at, id);

CREATE TABLE disputes (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL,
    account_id        TEXT NOT NULL,
    invoice_id        TEXT NOT NULL,
    stripe_dispute_id TEXT NOT NULL,
    status            TEXT NOT NULL,                   -- inquiry, open, won, lost
    currency          TEXT NOT NULL,
    amount_minor      BIGINT NOT NULL,
    reason            TEXT NOT NULL,
    opened_at         BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    lock_no           BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, stripe_dispute_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id)
);
CREATE INDEX disputes_by_invoice ON disputes (invoice_id, opened_at, id);

-- One row is one account's side of a posting; the rows of a posting sum to zero. Rows are never changed: what turns out
-- otherwise is a further posting with the difference.
CREATE TABLE ledger_entries (
    vendor_id      TEXT NOT NULL REFERENCES vendors (id),
    posting_id     TEXT NOT NULL,
    ledger_account TEXT NOT NULL,
    source         TEXT NOT NULL,                      -- invoice, payment, write_off, credit_note, refund, dispute, commission
    source_id      TEXT NOT NULL,
    account_id     TEXT,
    invoice_id     TEXT,
    currency       TEXT NOT NULL,
    amount_minor   BIGINT NOT NULL,                    -- debit positive, credit negative
    booked_at      BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, posting_id, ledger_account),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id)
);
CREATE INDEX ledger_by_source ON ledger_entries (vendor_id, source, source_id);
CREATE INDEX ledger_by_invoice ON ledger_entries (vendor_id, invoice_id);
CREATE INDEX ledger_by_account ON ledger_entries (vendor_id, account_id, ledger_account);
CREATE INDEX ledger_by_time ON ledger_entries (vendor_id, booked_at);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ledger entries are never changed or deleted'; END $$;
CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE ON ledger_entries
FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
