-- What an order brought in, and whether it has its invoice, is asked by order. What an account paid is asked by account.
CREATE INDEX invoices_by_order ON invoices (vendor_id, order_id) WHERE order_id IS NOT NULL;
