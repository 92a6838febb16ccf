-- Staff who act for a customer: for how long, and why. What they did is in the audit log, under this id.

CREATE TABLE actings (
    id          TEXT NOT NULL PRIMARY KEY,
    vendor_id   TEXT NOT NULL REFERENCES vendors (id),
    staff_id    TEXT NOT NULL,
    account_id  TEXT NOT NULL,
    reason      TEXT NOT NULL,                           -- the customer's owners are told
    started_at  BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,                         -- at the latest
    ended_at    BIGINT,                                  -- when somebody ended it before
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, staff_id) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);
CREATE INDEX actings_of_staff ON actings (vendor_id, staff_id, ends_at) WHERE ended_at IS NULL;
CREATE INDEX actings_for_account ON actings (vendor_id, account_id, ends_at) WHERE ended_at IS NULL;
