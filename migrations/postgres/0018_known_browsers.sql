-- Browsers in which somebody has logged in: a stranger's guessing does not lock them out, and a log-in from another one
-- is told by mail. A browser that several people use has a row for each.

CREATE TABLE known_browsers (
    token_hash      BYTEA NOT NULL,                     -- of the cookie's value
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,                   -- last log-in
    PRIMARY KEY (user_id, token_hash),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);
CREATE INDEX known_browsers_by_token ON known_browsers (vendor_id, token_hash);
CREATE INDEX known_browsers_by_age ON known_browsers (last_seen_at);

ALTER TABLE sessions ADD COLUMN network_address TEXT NOT NULL DEFAULT '';
