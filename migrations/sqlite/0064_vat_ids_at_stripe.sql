-- The VAT id that an account's customer at Stripe has from us: where the account has another one or none, that one goes there,
-- while an id that the buyer has typed at Stripe itself stays. NULL: it has none from us.
ALTER TABLE accounts ADD COLUMN stripe_vat_id TEXT;
UPDATE accounts SET stripe_vat_id = vat_id WHERE stripe_customer_id IS NOT NULL;
