-- Vendors, the people of their portals, and accounts. Every row of a vendor carries vendor_id, and
-- references between such rows are composite, so that the database itself refuses to cross vendors.

CREATE TABLE vendors (
    id              TEXT PRIMARY KEY,
    code            TEXT NOT NULL UNIQUE,
    host            TEXT UNIQUE,                       -- NULL: answers any host (a deployment with one vendor)
    origin          TEXT NOT NULL UNIQUE,              -- the issuer `iss`; set once
    name            TEXT NOT NULL,
    profile         TEXT NOT NULL,                     -- JSON: legal name, address, VAT id, bank, support, headline
    accent_hue      BIGINT NOT NULL DEFAULT 178,
    logo_svg        TEXT,
    created_at      BIGINT NOT NULL,
    revocation_seq  BIGINT NOT NULL DEFAULT 0,         -- rises with every change of the revocation list
    lock_no         BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE signing_keys (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    kid             TEXT NOT NULL,                     -- RFC 7638 thumbprint
    status          TEXT NOT NULL,                     -- next, active, retired, revoked
    public_key      BYTEA NOT NULL,
    private_sealed  BYTEA NOT NULL,                     -- empty once it signs no more
    created_at      BIGINT NOT NULL,
    activated_at    BIGINT,
    retired_at      BIGINT,
    revoked_at      BIGINT,
    verifies_until  BIGINT,                            -- retired: nothing that it signed is valid after this
    withdrawn_at    BIGINT,                            -- retired: no longer published
    UNIQUE (vendor_id, kid)
);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (vendor_id) WHERE status = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (vendor_id) WHERE status = 'next';

CREATE TABLE users (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL REFERENCES vendors (id),
    email             TEXT NOT NULL,                   -- as typed
    email_key         TEXT NOT NULL,                   -- lower case, for look-up
    name              TEXT NOT NULL DEFAULT '',
    password_hash     TEXT NOT NULL,
    staff_role        TEXT,                            -- NULL: not vendor staff
    email_verified_at BIGINT,
    password_set_at   BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    lock_no           BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, email_key)
);

-- Single-use links: mail verification and password reset. Only a hash of the secret is stored.
CREATE TABLE user_tokens (
    token_hash      BYTEA NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    email_key       TEXT NOT NULL,                     -- the address it was sent to
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX user_tokens_by_user ON user_tokens (user_id, purpose);

CREATE TABLE sessions (
    id_hash         BYTEA NOT NULL PRIMARY KEY,         -- of the cookie's value
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    user_id         TEXT,                              -- NULL before sign-in
    record          TEXT NOT NULL,                     -- JSON
    user_agent      TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed and costly attempts, counted per named limit and subject within a window.
CREATE TABLE rate_limits (
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    limit_name      TEXT NOT NULL,
    subject_hash    BYTEA NOT NULL,
    window_start    BIGINT NOT NULL,
    hits            BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, limit_name, subject_hash)
);

CREATE TABLE accounts (
    id                 TEXT NOT NULL PRIMARY KEY,
    vendor_id          TEXT NOT NULL REFERENCES vendors (id),
    kind               TEXT NOT NULL,                  -- customer, partner
    company            TEXT NOT NULL,
    country            TEXT NOT NULL,                  -- ISO 3166-1 alpha-2
    address            TEXT NOT NULL,                  -- JSON: lines, city, postal code, state
    vat_id             TEXT,
    billing_email      TEXT NOT NULL,
    stripe_customer_id TEXT UNIQUE,
    created_at         BIGINT NOT NULL,
    lock_no            BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id)
);

CREATE TABLE memberships (
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    role            TEXT NOT NULL,                     -- owner, billing, technical, viewer
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);
