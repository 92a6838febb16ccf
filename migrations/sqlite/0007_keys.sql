-- Keys that change: replaced license keys, the chain of signed key sets, and what was revoked before its end.

-- License keys that were replaced. They work until `works_until`, and are recognised for ever after.
CREATE TABLE license_keys (
    vendor_id       TEXT NOT NULL,
    key_hash        BLOB NOT NULL,
    license_id      TEXT NOT NULL,
    key_hint        TEXT NOT NULL,
    replaced_at     BIGINT NOT NULL,
    works_until     BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, key_hash),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX license_keys_by_license ON license_keys (license_id, works_until);

-- Every set of signing keys that a vendor has published, each signed by a key of the one before.
CREATE TABLE key_sets (
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    seq             BIGINT NOT NULL,
    token           TEXT NOT NULL,                     -- JWS of type keys+jwt
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, seq)
);

-- What verifiers reject although its signature and dates are good.
CREATE TABLE revocations (
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    kind            TEXT NOT NULL,                     -- license, instance, delegation, key
    object_id       TEXT NOT NULL,
    before_at       BIGINT NOT NULL,                   -- rejected when issued at this moment or before
    last_exp        BIGINT NOT NULL,                   -- nothing that it covers is valid after this
    PRIMARY KEY (vendor_id, kind, object_id)
);
CREATE INDEX revocations_by_end ON revocations (last_exp);
