-- Products that wait for their license key: a person confirms the code that the product shows (RFC 8628).

CREATE TABLE claims (
    id               TEXT NOT NULL PRIMARY KEY,
    vendor_id        TEXT NOT NULL,
    product_id       TEXT NOT NULL,
    device_code_hash BLOB NOT NULL,                    -- of the secret that the product asks with
    user_code        TEXT NOT NULL,                    -- what the person types: eight letters, without the dash
    version          TEXT NOT NULL,
    identity         TEXT NOT NULL,                    -- JSON: who will take the seat
    address          TEXT NOT NULL,                    -- network address that asked
    status           TEXT NOT NULL,                    -- pending, approved, declined
    account_id       TEXT,                             -- for which it was decided
    license_id       TEXT,                             -- approved: whose key is given out
    decided_by       TEXT,
    decided_at       BIGINT,
    interval_s       BIGINT NOT NULL,                  -- seconds between polls; grows when asked faster
    polled_at        BIGINT,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    lock_no          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, device_code_hash),
    UNIQUE (vendor_id, user_code),
    FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, decided_by) REFERENCES users (vendor_id, id)
);
CREATE INDEX claims_by_end ON claims (expires_at);
