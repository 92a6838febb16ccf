-- The audit log says where an act came from, and its rows are sealed: numbered without gaps and chained by their hashes.
ALTER TABLE audit ADD COLUMN address TEXT;             -- network address of who acted
ALTER TABLE audit ADD COLUMN seq BIGINT;               -- place in the vendor's chain, from 1 on; set with chain

DROP INDEX audit_unsealed;
CREATE INDEX audit_unsealed ON audit (vendor_id, occurred_at, id) WHERE seq IS NULL;
CREATE UNIQUE INDEX audit_sealed ON audit (vendor_id, seq);
CREATE INDEX audit_by_time ON audit (vendor_id, occurred_at, id);
CREATE INDEX audit_by_object ON audit (vendor_id, object_id, occurred_at);

-- The end of each vendor's chain. Whoever seals locks it first.
CREATE TABLE audit_chains (
    vendor_id       TEXT NOT NULL PRIMARY KEY REFERENCES vendors (id),
    sealed_seq      BIGINT NOT NULL,                   -- rows in the chain
    head            BLOB NOT NULL,                     -- chain of the last of them
    lock_no         BIGINT NOT NULL DEFAULT 0
);

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
WHEN OLD.seq IS NOT NULL OR OLD.chain IS NOT NULL OR NEW.seq IS NULL OR NEW.chain IS NULL
  OR NEW.id IS NOT OLD.id OR NEW.vendor_id IS NOT OLD.vendor_id OR NEW.account_id IS NOT OLD.account_id
  OR NEW.actor_kind IS NOT OLD.actor_kind OR NEW.actor_id IS NOT OLD.actor_id OR NEW.act IS NOT OLD.act
  OR NEW.object_id IS NOT OLD.object_id OR NEW.before IS NOT OLD.before OR NEW.after IS NOT OLD.after
  OR NEW.request_id IS NOT OLD.request_id OR NEW.address IS NOT OLD.address OR NEW.occurred_at IS NOT OLD.occurred_at
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
