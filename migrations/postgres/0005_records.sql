-- What happened and what is to be done: events, audit, jobs.

CREATE TABLE events (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    event_type      TEXT NOT NULL,                     -- CloudEvents `type`
    subject         TEXT NOT NULL,                     -- id of what it is about
    account_id      TEXT,
    license_id      TEXT,
    instance_id     TEXT,
    data            TEXT NOT NULL,                     -- JSON
    bucket          TEXT,                              -- one row per bucket: coalesced events
    occurrences     BIGINT NOT NULL DEFAULT 1,
    occurred_at     BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    UNIQUE (vendor_id, bucket)
);
CREATE INDEX events_by_license ON events (license_id, occurred_at, id);
CREATE INDEX events_by_account ON events (account_id, occurred_at, id);
CREATE INDEX events_by_instance ON events (instance_id, occurred_at, id) WHERE instance_id IS NOT NULL;
-- What changed, without the hourly rows of instances that go on as before.
CREATE INDEX events_changes ON events (license_id, occurred_at, id)
    WHERE event_type NOT IN ('lease.renewed', 'feature.used');

CREATE TABLE audit (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    account_id      TEXT,
    actor_kind      TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    act             TEXT NOT NULL,                     -- area.verb
    object_id       TEXT NOT NULL,
    before          TEXT,                              -- JSON, without secrets
    after           TEXT,
    request_id      TEXT,
    occurred_at     BIGINT NOT NULL,
    chain           BYTEA                               -- set by the sealing job
);
CREATE INDEX audit_by_account ON audit (account_id, occurred_at, id);
CREATE INDEX audit_unsealed ON audit (vendor_id, occurred_at) WHERE chain IS NULL;

-- Work to be done outside a transaction. A job is claimed by a conditional UPDATE; at most one job of a
-- queue_key runs at a time; the final write is fenced by claimed_by.
CREATE TABLE jobs (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    kind            TEXT NOT NULL,
    queue_key       TEXT NOT NULL,
    dedup_key       TEXT,                              -- at most one waiting job per key
    payload         BYTEA NOT NULL,                     -- sealed JSON: mails carry links that grant access
    status          TEXT NOT NULL,                     -- waiting, running, done, dead
    run_at          BIGINT NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    claimed_by      TEXT,
    claimed_until   BIGINT,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT
);
CREATE UNIQUE INDEX jobs_one_running ON jobs (queue_key) WHERE status = 'running';
CREATE UNIQUE INDEX jobs_one_waiting ON jobs (dedup_key) WHERE status = 'waiting';
CREATE INDEX jobs_due ON jobs (status, run_at);

-- SQLite's writer counts its transactions here; on this engine nothing does.
CREATE TABLE writer (
    transactions    BIGINT NOT NULL
);
INSERT INTO writer (transactions) VALUES (0);
