-- What is sold: products, their releases, plans and prices.

CREATE TABLE products (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL REFERENCES vendors (id),
    code              TEXT NOT NULL,                   -- the token's `aud`
    name              TEXT NOT NULL,
    description       TEXT NOT NULL DEFAULT '',
    position          BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, code)
);

CREATE TABLE releases (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    version         TEXT NOT NULL,
    released_on     TEXT NOT NULL,                     -- YYYY-MM-DD, UTC
    channel         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (product_id, version),
    FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id)
);
CREATE INDEX releases_by_date ON releases (product_id, released_on);

CREATE TABLE plans (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    code            TEXT NOT NULL,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,                     -- subscription, perpetual
    license_type    TEXT NOT NULL,                     -- floating, machine, user
    included_seats  BIGINT NOT NULL,
    max_seats       BIGINT NOT NULL,
    terms           TEXT NOT NULL,                     -- JSON: limits, features, lease policy, enforcement, maintenance
    addons          TEXT NOT NULL,                     -- JSON: what buyers may have on top, those no longer offered included
    packs           TEXT NOT NULL,                     -- JSON: limits of which buyers may have more, likewise
    presentation    TEXT NOT NULL,                     -- JSON: tagline, highlights, recommended
    position        BIGINT NOT NULL,
    published       BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    UNIQUE (product_id, code),
    FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id)
);

-- Prices never change: a new amount is a new row, and the old one stays for those who bought at it.
CREATE TABLE prices (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL,
    plan_id           TEXT NOT NULL,
    role              TEXT NOT NULL,                   -- base, extra_seat, unit, maintenance, addon, pack
    option_code       TEXT NOT NULL,                   -- which add-on or limit; '' for the plan itself
    billing_interval  TEXT NOT NULL,                   -- month, year, once
    currency          TEXT NOT NULL,                   -- ISO 4217, lower case as Stripe writes it
    unit_amount_minor BIGINT NOT NULL,                 -- per unit; in the first tier where there are tiers
    tiers             TEXT,                            -- JSON: what units cost by their number
    lookup_key        TEXT NOT NULL,
    stripe_price_id   TEXT,
    current           BOOLEAN NOT NULL,
    created_at        BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id)
);
CREATE UNIQUE INDEX prices_one_current ON prices (plan_id, role, option_code, billing_interval, currency) WHERE current;
CREATE UNIQUE INDEX prices_by_stripe ON prices (vendor_id, stripe_price_id);
