-- What was to be paid of an invoice when it became final: the total less the credit that was used up. Its documents say that,
-- whenever they are made.
ALTER TABLE invoices ADD COLUMN issued_due_minor BIGINT NOT NULL DEFAULT 0;
UPDATE invoices SET issued_due_minor = paid_minor + due_minor + COALESCE(
    (SELECT CAST(SUM(c.reduced_minor) AS BIGINT) FROM credit_notes c
     WHERE c.vendor_id = invoices.vendor_id AND c.invoice_id = invoices.id AND c.status = 'issued'), 0);
