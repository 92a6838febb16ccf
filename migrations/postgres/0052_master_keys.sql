-- Which master keys seal something, and the keys of lookup hashes, which stay when the master key is rotated.

CREATE TABLE master_keys (
    id              TEXT NOT NULL PRIMARY KEY,         -- follows from the key, and stands in what it seals
    first_used_at   BIGINT NOT NULL,
    retired_at      BIGINT                             -- when nothing was sealed with it any more
);

CREATE TABLE lookup_keys (
    label           TEXT NOT NULL PRIMARY KEY,         -- which hashes it is for
    key_sealed      BYTEA NOT NULL,
    created_at      BIGINT NOT NULL
);
