-- Whether tax is reckoned on what an order is for, as the vendor had it set when it was placed: a call to Stripe that is
-- made again has to say the same.
ALTER TABLE orders ADD COLUMN is_taxed BOOLEAN NOT NULL DEFAULT TRUE;
