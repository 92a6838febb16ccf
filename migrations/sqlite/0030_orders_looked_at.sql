-- What a partner's discount takes off each payment, in hundredths of a percent; NULL: nothing by a partner.
ALTER TABLE orders ADD COLUMN discount_bp BIGINT;
CREATE INDEX orders_discounted ON orders (vendor_id, kind, license_id, discount_bp) WHERE discount_bp IS NOT NULL;

-- When the reconciler last asked Stripe about an open order: those that wait longest are asked about first.
ALTER TABLE orders ADD COLUMN looked_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX orders_to_look_at ON orders (vendor_id, looked_at, created_at, id) WHERE status = 'open';
