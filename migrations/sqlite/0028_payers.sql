-- Who pays apart from who gets the license. `orders.account_id` and `subscriptions.account_id` are who pays.

ALTER TABLE orders ADD COLUMN licensee_id TEXT REFERENCES accounts (id);  -- NULL: who pays
ALTER TABLE orders ADD COLUMN relation_id TEXT;                           -- a partner ordered, for its client
