-- Who caused a mail: whoever goes takes out of the log what names it in the subjects of its own mails, and of nobody else's.
ALTER TABLE mails ADD COLUMN caused_by TEXT;           -- a person; NULL: the program, Stripe, or somebody who was not signed in
CREATE INDEX mails_by_cause ON mails (vendor_id, caused_by);
