-- Changes of the address that somebody signs in with: asked for, confirmed by mail to the new address, and for a while
-- undone by mail to the old one. Only hashes of the links' secrets are stored.

CREATE TABLE email_changes (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    old_email       TEXT NOT NULL,                     -- as typed
    old_email_key   TEXT NOT NULL,                     -- lower case, for look-up
    new_email       TEXT NOT NULL,                     -- as typed
    confirm_hash    BYTEA NOT NULL UNIQUE,
    not_me_hash     BYTEA UNIQUE,                       -- NULL: the old address was never proved, and undoes nothing
    undo_hash       BYTEA UNIQUE,                       -- the same, in the mail after the change
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,                   -- not confirmed by then: over
    confirmed_at    BIGINT,
    undo_until      BIGINT,                            -- until then the old address is kept for its user
    ended_at        BIGINT,                            -- replaced, withdrawn or undone
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX email_changes_one_open ON email_changes (vendor_id, user_id)
    WHERE confirmed_at IS NULL AND ended_at IS NULL;
CREATE INDEX email_changes_by_old ON email_changes (vendor_id, old_email_key);
CREATE INDEX email_changes_by_age ON email_changes (created_at);
