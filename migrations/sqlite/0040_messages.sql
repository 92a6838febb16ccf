-- What customers write to the vendor and the vendor answers, and what they say when they are asked.

CREATE TABLE conversations (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    opened_by       TEXT NOT NULL,                     -- the member who began it
    subject         TEXT NOT NULL,                     -- one line
    about_kind      TEXT NOT NULL,                     -- nothing, license, instance, invoice, order
    about_id        TEXT NOT NULL,                     -- empty for nothing
    status          TEXT NOT NULL,                     -- open, answered, closed
    assigned_to     TEXT,                              -- a member of the staff
    message_count   BIGINT NOT NULL,                   -- also the place of the newest message
    answered_place  BIGINT NOT NULL DEFAULT 0,         -- the place of the staff's newest message
    created_at      BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,                   -- of the newest message
    lock_no         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, opened_by) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, assigned_to) REFERENCES users (vendor_id, id)
);
CREATE INDEX conversations_by_account ON conversations (account_id, last_at, id);
-- The staff's list: those that wait for an answer first.
CREATE INDEX conversations_by_turn ON conversations
    (vendor_id, (CASE status WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END), last_at DESC, id DESC);

CREATE TABLE messages (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    place           BIGINT NOT NULL,                   -- 1, 2, 3 … within the conversation
    author_id       TEXT NOT NULL,
    is_staff        BOOLEAN NOT NULL,                  -- written for the vendor
    text            TEXT NOT NULL,                     -- plain, with \n at the end of lines
    mailed_to       TEXT,                              -- the person it was mailed to, or 'vendor'
    created_at      BIGINT NOT NULL,
    UNIQUE (conversation_id, place),
    FOREIGN KEY (vendor_id, conversation_id) REFERENCES conversations (vendor_id, id),
    FOREIGN KEY (vendor_id, author_id) REFERENCES users (vendor_id, id)
);

-- Up to which message a member has read.
CREATE TABLE conversation_readers (
    vendor_id       TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    seen_place      BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    FOREIGN KEY (vendor_id, conversation_id) REFERENCES conversations (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);

-- Who may be asked by mail how it is going. Without a row nobody is.
CREATE TABLE feedback_consents (
    vendor_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    consented_at    BIGINT NOT NULL,
    lock_no         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor_id, user_id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);

-- One mail for each account, ever.
CREATE TABLE feedback_asks (
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    asked_at        BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, account_id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id)
);

CREATE TABLE feedback (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    occasion        TEXT NOT NULL,                     -- month, cancel
    license_id      TEXT,                              -- cancel: what was cancelled
    score           BIGINT,                            -- month: 0 to 10
    reason          TEXT NOT NULL DEFAULT '',          -- cancel: a code, or empty
    comment         TEXT NOT NULL,
    may_contact     BOOLEAN NOT NULL,
    may_quote       BOOLEAN NOT NULL,
    conversation_id TEXT,                              -- what was begun because it may be answered
    given_at        BIGINT NOT NULL,
    lock_no         BIGINT NOT NULL DEFAULT 0,
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, user_id) REFERENCES users (vendor_id, id),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id),
    FOREIGN KEY (vendor_id, conversation_id) REFERENCES conversations (vendor_id, id)
);
-- One answer of each person in each account; it can be changed.
CREATE UNIQUE INDEX feedback_one_month ON feedback (account_id, user_id) WHERE occasion = 'month';
CREATE INDEX feedback_by_vendor ON feedback (vendor_id, given_at, id);
