-- Licenses that go over to another account, once both sides have agreed.

CREATE TABLE handovers (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL,
    license_id        TEXT NOT NULL,
    from_account_id   TEXT NOT NULL,
    to_email          TEXT NOT NULL,                   -- whoever signs in with it decides for an account of theirs
    to_email_key      TEXT NOT NULL,                   -- lower case, for comparison
    by_staff          BOOLEAN NOT NULL,                -- staff asked, and the giver has to agree as well
    status            TEXT NOT NULL,                   -- asked, done, declined, withdrawn, expired
    asked_by          TEXT,                            -- NULL: the operator
    given_by          TEXT,                            -- who agreed for the giver
    given_at          BIGINT,
    taken_by          TEXT,                            -- who agreed for the receiver
    taken_at          BIGINT,
    to_account_id     TEXT,                            -- set when the receiver agrees
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    ended_at          BIGINT,
    lock_no           BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, from_account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, to_account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, asked_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, given_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, taken_by) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX handovers_one_asked ON handovers (license_id) WHERE status = 'asked';
