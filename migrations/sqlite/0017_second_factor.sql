-- The second factor of a person: the secret of an authenticator app, and codes for when the app is lost.

CREATE TABLE second_factors (
    user_id         TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    secret_sealed   BLOB NOT NULL,
    last_step       BIGINT NOT NULL,                   -- of 30 s since 1970: codes of it and of earlier ones are used up
    created_at      BIGINT NOT NULL,
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);

CREATE TABLE recovery_codes (
    code_hash       BLOB NOT NULL,                     -- keyed
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    used_at         BIGINT,
    PRIMARY KEY (user_id, code_hash),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
