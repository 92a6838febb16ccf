-- What the console's first page adds up, and the lists behind its numbers.

-- Since when a subscription is paid: the first moment that is neither a trial nor waits for its first payment.
ALTER TABLE subscriptions ADD COLUMN earning_since BIGINT;
UPDATE subscriptions SET earning_since =
    (SELECT CASE WHEN l.trial_until > l.created_at THEN l.trial_until ELSE l.created_at END FROM licenses l
     WHERE l.vendor_id = subscriptions.vendor_id AND l.id = subscriptions.license_id AND l.status <> 'pending'
       AND (subscriptions.ended_at IS NULL OR l.trial_until IS NULL OR l.trial_until < subscriptions.ended_at)
       AND EXISTS (SELECT 1 FROM invoices i WHERE i.vendor_id = l.vendor_id AND i.license_id = l.id
                   AND i.status = 'paid' AND i.total_minor > 0))
WHERE stripe_status NOT IN ('incomplete', 'incomplete_expired', 'trialing');
CREATE INDEX subscriptions_by_earning ON subscriptions (vendor_id, earning_since, id) WHERE earning_since IS NOT NULL;
-- In the order in which they are counted, with all that is asked of them, so that the rows themselves are not read.
CREATE INDEX subscriptions_earning ON subscriptions
    (vendor_id, plan_id, currency, billing_interval, recurring_minor, ended_at, stripe_status, earning_since)
    WHERE earning_since IS NOT NULL;

-- Whether a subscription renews it: there is one that has neither ended nor ends with its period.
ALTER TABLE licenses ADD COLUMN renews BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE licenses SET renews = TRUE WHERE id IN
    (SELECT s.license_id FROM subscriptions s WHERE s.vendor_id = licenses.vendor_id AND s.ended_at IS NULL
     AND NOT s.cancel_at_period_end);
CREATE INDEX licenses_by_standing ON licenses (vendor_id, status, vendor_standing, starts_at, ends_at);
CREATE INDEX licenses_ending ON licenses (vendor_id, ends_at, status, vendor_standing, starts_at)
    WHERE NOT renews AND ends_at IS NOT NULL;

-- Why an instance was refused: the code of the licensing API.
ALTER TABLE events ADD COLUMN refusal TEXT
    GENERATED ALWAYS AS (CASE WHEN event_type = 'instance.refused' THEN data ->> 'code' END) VIRTUAL;
CREATE INDEX events_of_refusal ON events (vendor_id, last_at, id, refusal, occurrences)
    WHERE event_type = 'instance.refused';

CREATE INDEX orders_by_age ON orders (vendor_id, created_at, id);
CREATE INDEX orders_by_license ON orders (vendor_id, license_id, kind);
CREATE INDEX refunds_by_age ON refunds (vendor_id, refunded_at, id);
CREATE INDEX disputes_by_age ON disputes (vendor_id, opened_at, id);
CREATE INDEX credit_notes_by_age ON credit_notes (vendor_id, issued_at, id);
