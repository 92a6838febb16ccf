-- Orders that programs of partners place for clients: the same request, sent again, is the same order.
ALTER TABLE orders ADD COLUMN request_key BLOB;   -- SHA-256 of whose program asked and by which key; NULL: a person ordered
ALTER TABLE orders ADD COLUMN request_hash BLOB;  -- SHA-256 of what it asked for
CREATE UNIQUE INDEX orders_by_request ON orders (vendor_id, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX orders_by_relation ON orders (vendor_id, relation_id) WHERE relation_id IS NOT NULL;
