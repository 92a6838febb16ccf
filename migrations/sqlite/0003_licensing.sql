-- Licenses, the instances that run under them, and the intervals in which they hold seats.

CREATE TABLE licenses (
    id               TEXT NOT NULL PRIMARY KEY,
    vendor_id        TEXT NOT NULL,
    account_id       TEXT NOT NULL,
    product_id       TEXT NOT NULL,
    plan_id          TEXT NOT NULL,
    name             TEXT NOT NULL DEFAULT '',
    key_hash         BLOB NOT NULL,                    -- keyed hash of the license key
    key_sealed       BLOB NOT NULL,
    key_hint         TEXT NOT NULL,                    -- last group
    status           TEXT NOT NULL,                    -- pending, active, suspended, revoked, ended
    status_reason    TEXT NOT NULL DEFAULT '',
    kind             TEXT NOT NULL,                    -- subscription, perpetual
    license_type     TEXT NOT NULL,
    starts_at        BIGINT NOT NULL,
    ends_at          BIGINT,                           -- NULL: no end (perpetual)
    updates_until    BIGINT,                           -- perpetual only
    seats            BIGINT NOT NULL,
    terms            TEXT NOT NULL,                    -- JSON: limits, features, policies of the plan when it was applied
    overrides        TEXT NOT NULL DEFAULT '{}',       -- JSON: limits and features that differ from the plan's
    trial_until      BIGINT,                           -- end of the free trial, while it is or was one
    -- what the vendor decided, apart from what billing says in `status`
    vendor_standing    TEXT NOT NULL DEFAULT 'none',   -- none, suspended, revoked
    vendor_reason      TEXT NOT NULL DEFAULT '',
    vendor_standing_at BIGINT,
    surge_opened_at  BIGINT,                           -- when seats beyond `seats` were last opened for a while
    expired_at       BIGINT,                           -- when its end was recorded; NULL again once it is extended
    created_at       BIGINT NOT NULL,
    lock_no          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    UNIQUE (vendor_id, key_hash),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id)
);
CREATE INDEX licenses_by_account ON licenses (account_id, created_at, id);
CREATE INDEX licenses_by_vendor ON licenses (vendor_id, created_at, id);
CREATE INDEX licenses_to_expire ON licenses (vendor_id, ends_at) WHERE expired_at IS NULL AND ends_at IS NOT NULL;

CREATE TABLE instances (
    id                  TEXT NOT NULL PRIMARY KEY,
    vendor_id           TEXT NOT NULL,
    license_id          TEXT NOT NULL,
    kind                TEXT NOT NULL,                 -- instance, machine, user
    identity            TEXT NOT NULL,
    device              TEXT NOT NULL,                 -- '' where the kind has none
    name                TEXT NOT NULL DEFAULT '',
    tombstone           TEXT NOT NULL DEFAULT '',      -- its own id once deleted, so that its identity is free
    status              TEXT NOT NULL,                 -- active, released, deactivated, blocked, deleted
    version             TEXT NOT NULL,
    released_on         TEXT,
    -- the rolling secret: highest (epoch, n) shown, with which nonce, and since when
    instance_key_sealed BLOB NOT NULL,
    epoch               BIGINT NOT NULL,
    shown_n             BIGINT NOT NULL,
    shown_nonce         TEXT NOT NULL,
    shown_at            BIGINT NOT NULL,
    activation_nonce    TEXT NOT NULL,
    -- signs that two copies run under the identity, and the conflict that three of them in a day open
    contests            TEXT NOT NULL DEFAULT '[]',    -- JSON: when, and which epoch was superseded
    conflict            TEXT,                          -- JSON: since when, what was decided
    -- the seat: held while held_until lies ahead; lease_exp is the latest exp ever handed out
    held_since          BIGINT NOT NULL,
    held_until          BIGINT NOT NULL,
    lease_exp           BIGINT NOT NULL,
    lease_life_ms       BIGINT NOT NULL,
    lease_id            TEXT NOT NULL,
    surge               BOOLEAN NOT NULL DEFAULT FALSE, -- the seat is one of an open surge
    interval_open       BOOLEAN NOT NULL DEFAULT FALSE, -- its last row in leases is not closed yet
    deactivated_at      BIGINT,
    levels              TEXT NOT NULL DEFAULT '{}',    -- JSON: limit name to present value
    counters            TEXT NOT NULL DEFAULT '{}',    -- JSON: feature name to use since the epoch began
    first_contact_at    BIGINT NOT NULL,
    last_contact_at     BIGINT NOT NULL,
    UNIQUE (vendor_id, id),
    UNIQUE (license_id, kind, identity, device, tombstone),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
CREATE INDEX instances_by_seat ON instances (license_id, held_until);
CREATE INDEX instances_in_conflict ON instances (license_id) WHERE conflict IS NOT NULL;
-- What the sweep closes: seats that ran out.
CREATE INDEX instances_to_close ON instances (vendor_id, held_until) WHERE interval_open;

-- One row for each interval in which an instance held its seat; renewals extend it.
CREATE TABLE leases (
    id               TEXT NOT NULL PRIMARY KEY,
    vendor_id        TEXT NOT NULL,
    license_id       TEXT NOT NULL,
    instance_id      TEXT NOT NULL,
    opened_at        BIGINT NOT NULL,
    last_issued_at   BIGINT NOT NULL,
    exp              BIGINT NOT NULL,
    issued           BIGINT NOT NULL,                  -- tokens signed in this interval
    closed_at        BIGINT,
    close_reason     TEXT,
    returned_early   BOOLEAN NOT NULL DEFAULT FALSE,
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, instance_id) REFERENCES instances (vendor_id, id)
);
CREATE INDEX leases_by_instance ON leases (instance_id, opened_at);
CREATE INDEX leases_early_returns ON leases (license_id, closed_at) WHERE returned_early;
