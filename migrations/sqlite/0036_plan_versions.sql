-- What a plan gave at each of its versions. A license keeps the version that it was sold under until it is moved.

CREATE TABLE plan_versions (
    vendor_id       TEXT NOT NULL,
    plan_id         TEXT NOT NULL,
    version         BIGINT NOT NULL,                   -- from 1
    included_seats  BIGINT NOT NULL,
    max_seats       BIGINT NOT NULL,
    terms           TEXT NOT NULL,
    addons          TEXT NOT NULL,
    packs           TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (plan_id, version),
    FOREIGN KEY (vendor_id, plan_id) REFERENCES plans (vendor_id, id)
);

ALTER TABLE plans ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE licenses ADD COLUMN plan_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE orders ADD COLUMN plan_version BIGINT NOT NULL DEFAULT 1;

INSERT INTO plan_versions (vendor_id, plan_id, version, included_seats, max_seats, terms, addons, packs, created_at)
SELECT vendor_id, id, 1, included_seats, max_seats, terms, addons, packs, created_at FROM plans;
