-- To whom mails went, about what, and when. Their text is kept nowhere: it carries links that grant access.

CREATE TABLE mails (
    id              TEXT NOT NULL PRIMARY KEY,         -- that of the job that sends it
    vendor_id       TEXT NOT NULL REFERENCES vendors (id),
    recipient       TEXT NOT NULL,                     -- address
    recipient_key   TEXT NOT NULL,                     -- the same in small letters
    subject         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT                             -- from the job, once that is forgotten
);
CREATE INDEX mails_by_time ON mails (vendor_id, created_at, id);
CREATE INDEX mails_by_recipient ON mails (vendor_id, recipient_key);
CREATE INDEX mails_by_age ON mails (created_at);
