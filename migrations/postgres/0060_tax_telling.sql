-- Stripe is told something about tax, or was told something of which nobody has heard how it ended.
ALTER TABLE tax_setups ADD COLUMN telling_until BIGINT;   -- until then nobody else tells it anything; NULL: what is kept is what Stripe has said
