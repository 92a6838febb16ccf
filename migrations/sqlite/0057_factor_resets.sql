-- Resets of a lost second factor that an administrator has asked for: they happen a day later, unless somebody keeps them
-- from it. Only the hash of the secret in the mail is stored by which the person refuses one.

CREATE TABLE factor_resets (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,                     -- whose second factor
    asked_by        TEXT NOT NULL,                     -- the administrator
    reason          TEXT NOT NULL,                     -- as the person is told
    passkeys_too    BOOLEAN NOT NULL,                  -- the device with the passkeys is lost as well
    status          TEXT NOT NULL,                     -- waiting, done, refused, withdrawn, shown, lapsed
    refuse_hash     BLOB NOT NULL UNIQUE,
    created_at      BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    settled_at      BIGINT,                            -- when it was not waiting any more
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, asked_by) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX factor_resets_one_waiting ON factor_resets (vendor_id, user_id) WHERE status = 'waiting';
CREATE INDEX factor_resets_by_user ON factor_resets (vendor_id, user_id, created_at);
CREATE INDEX factor_resets_by_age ON factor_resets (created_at);
