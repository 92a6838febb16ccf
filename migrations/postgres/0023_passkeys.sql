-- Passkeys (WebAuthn): public keys of credentials that somebody's devices keep, and the challenges that are out.

CREATE TABLE passkeys (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    credential_id   BYTEA NOT NULL,                    -- as the authenticator named it
    public_key      BYTEA NOT NULL,                    -- COSE
    sign_count      BIGINT NOT NULL,                   -- what the authenticator counted last; many always say 0
    backed_up       BOOLEAN NOT NULL,                  -- whether it was synchronised when it was last used
    name            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    UNIQUE (vendor_id, credential_id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX passkeys_by_user ON passkeys (vendor_id, user_id, created_at);

CREATE TABLE passkey_challenges (
    challenge_hash  BYTEA NOT NULL PRIMARY KEY,        -- of the challenge, what it is for, and who it is for
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    expires_at      BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_by_end ON passkey_challenges (expires_at);
