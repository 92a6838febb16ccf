-- What Stripe has said last about how tax is reckoned on what a vendor sells. Stripe decides; the console shows this.
CREATE TABLE tax_setups (
    vendor_id       TEXT NOT NULL PRIMARY KEY REFERENCES vendors (id),
    is_active       BOOLEAN NOT NULL,
    missing         TEXT NOT NULL,                     -- JSON list: Stripe's names of what it still has to be told
    head_office     TEXT NOT NULL,                     -- JSON: an address, empty where there is none
    tax_code        TEXT NOT NULL,                     -- of products, which have none of their own; empty where none is set
    countries       TEXT NOT NULL,                     -- JSON list: where tax is collected
    state_no        BIGINT NOT NULL,                   -- rises with every change; forms say which one they were shown with
    looked_at       BIGINT NOT NULL                    -- when Stripe said so
);
