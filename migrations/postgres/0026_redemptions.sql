-- One row for each order with a code of a campaign: taken with the order, under the lock of the campaign's row, so that
-- what is reserved and what is redeemed are never more than the limits together.

CREATE TABLE redemptions (
    id              TEXT NOT NULL PRIMARY KEY,
    vendor_id       TEXT NOT NULL,
    campaign_id     TEXT NOT NULL,
    code_id         TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    state           TEXT NOT NULL,                     -- reserved, redeemed, released
    takes_off_minor BIGINT NOT NULL,                   -- of the first payment, before tax, as shown
    currency        TEXT NOT NULL,
    reserved_at     BIGINT NOT NULL,
    settled_at      BIGINT,                            -- when it was redeemed or released
    UNIQUE (vendor_id, order_id),
    FOREIGN KEY (vendor_id, campaign_id) REFERENCES campaigns (vendor_id, id),
    FOREIGN KEY (vendor_id, code_id) REFERENCES promotion_codes (vendor_id, id),
    FOREIGN KEY (vendor_id, account_id) REFERENCES accounts (vendor_id, id),
    FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id)
);
CREATE INDEX redemptions_by_campaign ON redemptions (campaign_id, state, account_id);
CREATE INDEX redemptions_by_code ON redemptions (code_id, state);

ALTER TABLE orders ADD COLUMN stripe_coupon_id TEXT;
