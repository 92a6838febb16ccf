-- Vouchers: licenses that a partner has paid for in advance, and whoever has the code redeems.

CREATE TABLE vouchers (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    order_id        TEXT NOT NULL,                     -- with which they were bought: the batch
    partner_id      TEXT NOT NULL,                     -- who bought them
    place           BIGINT NOT NULL,                   -- in the batch, from 1
    plan_id         TEXT NOT NULL,
    plan_version    BIGINT NOT NULL,                   -- as it was sold then
    term            TEXT NOT NULL,                     -- month, year; once: for ever
    code_hash       BLOB NOT NULL,                     -- keyed; how a code is found
    code_sealed     BLOB NOT NULL,
    code_hint       TEXT NOT NULL,                     -- the code with all but its end hidden
    status          TEXT NOT NULL,                     -- open, redeemed, void
    note            TEXT NOT NULL DEFAULT '',          -- the partner's own, such as for whom it is
    created_at      BIGINT NOT NULL,
    redeemed_at     BIGINT,
    redeemed_by     TEXT,
    account_id      TEXT,                              -- which account redeemed it
    session_hash    BLOB,                              -- the browser session that did; may see the key at once
    license_id      TEXT,                              -- what came of it
    voided_at       BIGINT,
    void_reason     TEXT,                              -- reversed: the money of the order went back; returned: given back by staff
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, code_hash),
    UNIQUE (order_id, place),
    FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    FOREIGN KEY (vendor_id, partner_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id),
    FOREIGN KEY (vendor_id, redeemed_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE UNIQUE INDEX vouchers_by_license ON vouchers (vendor_id, license_id) WHERE license_id IS NOT NULL;
