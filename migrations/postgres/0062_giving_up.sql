-- What was paid of an order's subscription when a run of ours began to take it back, and when that was, as JSON: what is paid
-- after that has bought nothing and becomes credit, also where that run died. NULL: nobody has begun.
ALTER TABLE orders ADD COLUMN giving_up TEXT;
