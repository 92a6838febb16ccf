-- Licenses that staff issued without an order.

ALTER TABLE licenses ADD COLUMN issued_reason TEXT;      -- why, for colleagues; NULL where an order made it
