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
    head            BYTEA NOT NULL,                    -- chain of the last of them
    lock_no         BIGINT NOT NULL DEFAULT 0
);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'audit rows are never deleted'; END IF;
    IF OLD.seq IS NOT NULL OR OLD.chain IS NOT NULL OR NEW.seq IS NULL OR NEW.chain IS NULL
        OR (NEW.id, NEW.vendor_id, NEW.account_id, NEW.actor_kind, NEW.actor_id, NEW.act, NEW.object_id, NEW.before,
            NEW.after, NEW.request_id, NEW.address, NEW.occurred_at)
           IS DISTINCT FROM
           (OLD.id, OLD.vendor_id, OLD.account_id, OLD.actor_kind, OLD.actor_id, OLD.act, OLD.object_id, OLD.before,
            OLD.after, OLD.request_id, OLD.address, OLD.occurred_at)
    THEN RAISE EXCEPTION 'audit rows are never changed'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
