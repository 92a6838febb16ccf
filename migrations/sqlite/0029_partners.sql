-- Partners, and their clients.

-- One row for each account that is a partner, or was one.
CREATE TABLE partners (
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL PRIMARY KEY,
    commission_bp   BIGINT NOT NULL,                   -- of what clients pay, in hundredths of a percent
    discount_bp     BIGINT NOT NULL,                   -- off what is ordered for clients
    days_until_due  BIGINT,                            -- of what it pays by transfer; NULL: as for everybody
    since           BIGINT NOT NULL,
    ended_at        BIGINT,                            -- NULL: it is one
    lock_no         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, account_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id)
);

CREATE TABLE client_relations (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    partner_id      TEXT NOT NULL,
    client_id       TEXT,                              -- set when it is accepted
    company         TEXT NOT NULL,                     -- what the partner calls the client
    email           TEXT NOT NULL,                     -- whoever signs in with it decides for an account of theirs
    email_key       TEXT NOT NULL,                     -- lower case, for comparison
    status          TEXT NOT NULL,                     -- invited, active, declined, withdrawn, ended
    invited_by      TEXT,                              -- NULL: the operator
    accepted_by     TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,                   -- of the invitation
    accepted_at     BIGINT,
    ended_at        BIGINT,                            -- when it was declined, withdrawn or ended
    lock_no         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, partner_id) REFERENCES partners (vendor_id, account_id),
    FOREIGN KEY (vendor_id, client_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, invited_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, accepted_by) REFERENCES users (vendor_id, id)
);
CREATE UNIQUE INDEX client_relations_one_invited ON client_relations (partner_id, email_key) WHERE status = 'invited';
CREATE UNIQUE INDEX client_relations_one_active ON client_relations (partner_id, client_id) WHERE status = 'active';
CREATE INDEX client_relations_by_partner ON client_relations (partner_id, created_at, id);
CREATE INDEX client_relations_by_client ON client_relations (client_id, status);
