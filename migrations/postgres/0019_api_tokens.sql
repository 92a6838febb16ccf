-- API tokens: what programs show in place of a person. Of the token itself only a hash is stored.

CREATE TABLE api_tokens (
    id                TEXT NOT NULL PRIMARY KEY,
    vendor_id         TEXT NOT NULL REFERENCES vendors (id),
    account_id        TEXT,                              -- NULL: the vendor's own
    name              TEXT NOT NULL,
    token_hash        BYTEA NOT NULL UNIQUE,             -- SHA-256
    hint              TEXT NOT NULL,                     -- its first characters, by which people tell tokens apart
    scopes            TEXT NOT NULL,                     -- JSON: a list of words
    created_by        TEXT,                              -- NULL: the operator
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    warned_at         BIGINT,                            -- when mails announced its end
    last_used_at      BIGINT,                            -- rounded down to the minute
    last_used_address TEXT,
    revoked_at        BIGINT,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, created_by) REFERENCES users (vendor_id, id)
);
CREATE INDEX api_tokens_by_holder ON api_tokens (vendor_id, account_id, created_at, id);
CREATE INDEX api_tokens_by_end ON api_tokens (vendor_id, expires_at) WHERE revoked_at IS NULL;
