-- Invitations to act for an account, or as the vendor's staff. Only a hash of the link's secret is stored.

CREATE TABLE invitations (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    account_id      TEXT,                              -- NULL: to the vendor's staff
    role            TEXT NOT NULL,                     -- of the account, or of the staff
    email           TEXT NOT NULL,                     -- as typed
    email_key       TEXT NOT NULL,                     -- lower case, for look-up
    token_hash      BYTEA NOT NULL UNIQUE,
    invited_by      TEXT,                              -- NULL: the operator
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT NOT NULL,                   -- when the mail with the secret in force was queued
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT,
    accepted_by     TEXT,
    withdrawn_at    BIGINT,
    lock_no         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, invited_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, accepted_by) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX invitations_one_open ON invitations (vendor_id, COALESCE(account_id, ''), email_key)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
