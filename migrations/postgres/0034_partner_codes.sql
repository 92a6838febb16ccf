-- Campaigns of partners, who look after the codes themselves.

-- Whether the campaign's partner let it rest: what the vendor's staff let rest, they alone let work again.
ALTER TABLE promotion_codes ADD COLUMN paused_by_owner BOOLEAN NOT NULL DEFAULT FALSE;

-- What a campaign sold, newest first.
CREATE INDEX redemptions_by_sale ON redemptions (campaign_id, settled_at, id) WHERE state = 'redeemed';
-- What partners order for their clients.
CREATE INDEX orders_for_clients ON orders (vendor_id, created_at, id) WHERE relation_id IS NOT NULL;
