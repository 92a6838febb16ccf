-- What partners earn. Who earns by an order is noted with it, and so is the share, because new terms hold for new orders alone.
-- Nobody earns by orders that were placed before: nothing was agreed for them.

ALTER TABLE orders ADD COLUMN partner_id TEXT REFERENCES partners (account_id);  -- who earns by it; NULL: nobody
ALTER TABLE orders ADD COLUMN commission_bp BIGINT;                -- of what is paid, in hundredths of a percent
CREATE INDEX orders_of_partners ON orders (vendor_id, license_id) WHERE partner_id IS NOT NULL;

-- One row for each invoice by which a partner earns: what it has come to by now, and what that was reckoned from.
CREATE TABLE commissions (
    id                  TEXT NOT NULL PRIMARY KEY,
    vendor_id           TEXT NOT NULL,
    partner_id          TEXT NOT NULL,
    invoice_id          TEXT NOT NULL,
    order_id            TEXT NOT NULL,                 -- by which it is the partner's
    client_id           TEXT NOT NULL,                 -- for whom that was
    license_id          TEXT,                          -- what the invoice is for
    client              TEXT NOT NULL,                 -- as the partner knows it; empty for whoever used a code
    code                TEXT NOT NULL,                 -- the code; empty where the partner ordered
    currency            TEXT NOT NULL,
    rate_bp             BIGINT NOT NULL,
    paid_minor          BIGINT NOT NULL,               -- of the invoice, with tax
    credited_minor      BIGINT NOT NULL,               -- taken back by credit notes, with tax, but for what is kept as credit
    credited_net_minor  BIGINT NOT NULL,               -- the same without tax
    settled_minor       BIGINT NOT NULL,               -- of that: given back outside of Stripe
    refunded_minor      BIGINT NOT NULL,
    disputed_minor      BIGINT NOT NULL,               -- held or lost
    net_minor           BIGINT NOT NULL,               -- what is left, without tax
    amount_minor        BIGINT NOT NULL,               -- the partner's share of it
    entry_count         BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, invoice_id),
    FOREIGN KEY (vendor_id, partner_id) REFERENCES partners (vendor_id, account_id),
    FOREIGN KEY (vendor_id, invoice_id) REFERENCES invoices (vendor_id, id),
    FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    FOREIGN KEY (vendor_id, client_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX commissions_by_partner ON commissions (vendor_id, partner_id, currency);

-- How each of them came to what it is, step by step: the lines of the monthly statements. A month that is over never changes.
CREATE TABLE commission_entries (
    id             TEXT NOT NULL PRIMARY KEY,          -- of the commission, and the place among its entries
    vendor_id      TEXT NOT NULL,
    commission_id  TEXT NOT NULL,
    partner_id     TEXT NOT NULL,
    why            TEXT NOT NULL,                      -- paid, credited, credit_void, refunded, refund_failed, disputed, dispute_won
    currency       TEXT NOT NULL,
    net_minor      BIGINT NOT NULL,                    -- more or less than before
    amount_minor   BIGINT NOT NULL,
    entered_at     BIGINT NOT NULL,
    FOREIGN KEY (vendor_id, commission_id) REFERENCES commissions (vendor_id, id)
);
CREATE INDEX commission_entries_by_time ON commission_entries (vendor_id, partner_id, entered_at, id);

-- What was paid out. In the ledger its source is `payout`. What was noted wrongly is taken back by another row.
CREATE TABLE commission_payouts (
    id            TEXT NOT NULL PRIMARY KEY,
    vendor_id     TEXT NOT NULL,
    partner_id    TEXT NOT NULL,
    currency      TEXT NOT NULL,
    amount_minor  BIGINT NOT NULL,
    paid_at       BIGINT NOT NULL,                     -- the day on which the money was sent
    reference     TEXT NOT NULL,
    reverses      TEXT,                                -- the payout that this one takes back
    reason        TEXT NOT NULL DEFAULT '',            -- why; empty where it takes back nothing
    recorded_by   TEXT,                                -- NULL: the operator, or a program
    created_at    BIGINT NOT NULL,                     -- its place in the statements
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, reverses),
    CHECK (amount_minor <> 0 AND (amount_minor > 0) = (reverses IS NULL)),
    FOREIGN KEY (vendor_id, reverses) REFERENCES commission_payouts (vendor_id, id),
    FOREIGN KEY (vendor_id, partner_id) REFERENCES partners (vendor_id, account_id),
    FOREIGN KEY (vendor_id, recorded_by) REFERENCES users (vendor_id, id)
);
CREATE INDEX commission_payouts_by_time ON commission_payouts (vendor_id, partner_id, created_at, id);
CREATE INDEX partners_by_age ON partners (vendor_id, since, account_id);

CREATE FUNCTION refuse_commission_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'entries of commissions and payouts are never changed or deleted'; END $$;
CREATE TRIGGER commission_entries_stay BEFORE UPDATE OR DELETE ON commission_entries
FOR EACH ROW EXECUTE FUNCTION refuse_commission_change();
CREATE TRIGGER commission_payouts_stay BEFORE UPDATE OR DELETE ON commission_payouts
FOR EACH ROW EXECUTE FUNCTION refuse_commission_change();
