//! What subscriptions bring in, in the database.

use super::rules::{Discount, month_start, monthly_minor};
use super::{Earning, EarningFilter, PlanEarnings, Sum};
use crate::catalog::BillingInterval;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{PlanId, VendorId};
use crate::listing::TimePlace;
use crate::money::Currency;

/// Subscriptions that are worth the same and stand alike.
#[derive(sqlx::FromRow)]
struct AlikeRow {
    plan_id: PlanId,
    product_name: String,
    plan_name: String,
    currency: Currency,
    billing_interval: BillingInterval,
    recurring_minor: i64,
    #[sqlx(flatten)]
    counts: Counts,
}

/// How many of them stand how.
#[derive(Clone, Copy, sqlx::FromRow)]
struct Counts {
    running: i64,
    /// Those of them that are new.
    began: i64,
    ended: i64,
}

impl Counts {
    /// Adds so many subscriptions, each worth `monthly_minor`, to a plan's sums; none where only their worth differs.
    fn add_to(self, plan: &mut PlanEarnings, monthly_minor: i64, counts: bool) {
        let sum = |number: i64| Sum {
            subscriptions: if counts { number } else { 0 },
            monthly_minor: monthly_minor.saturating_mul(number),
        };
        plan.running.add(sum(self.running));
        plan.new.add(sum(self.began));
        plan.ended.add(sum(self.ended));
    }
}

/// Those of them from which the same is taken off.
#[derive(sqlx::FromRow)]
struct DiscountedRow {
    plan_id: PlanId,
    currency: Currency,
    billing_interval: BillingInterval,
    recurring_minor: i64,
    #[sqlx(flatten)]
    discount: Discount,
    #[sqlx(flatten)]
    counts: Counts,
}

/// What the vendor's subscriptions bring in at `now`, by plan in the order of the price list and by currency, with what began
/// and what has ended in the month of `now`.
///
/// The database counts subscriptions that are worth the same; what that is, is for `rules.rs`. Which are counted is said as
/// in [`list_earnings`]. They are read within an index, and what is taken off by itself, because few have a discount.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn sum_earnings(tx: &mut Tx, vendor_id: &VendorId, now: UnixMs) -> Result<Vec<PlanEarnings>, DbError> {
    let month = month_start(now);
    let alike = fetch_all!(
        tx,
        AlikeRow,
        "SELECT a.*, r.name AS product_name, p.name AS plan_name
         FROM (SELECT plan_id, currency, billing_interval, recurring_minor,
                      COUNT(CASE WHEN ended_at IS NULL THEN 1 END) AS running,
                      COUNT(CASE WHEN ended_at IS NULL AND earning_since >= $2 THEN 1 END) AS began,
                      COUNT(CASE WHEN ended_at IS NOT NULL THEN 1 END) AS ended
               FROM subscriptions
               WHERE vendor_id = $1 AND earning_since IS NOT NULL AND recurring_minor > 0
                 AND (ended_at >= $2 OR (ended_at IS NULL AND stripe_status IN ('active', 'past_due')))
               GROUP BY plan_id, currency, billing_interval, recurring_minor) a
         JOIN plans p ON p.vendor_id = $1 AND p.id = a.plan_id
         JOIN products r ON r.vendor_id = $1 AND r.id = p.product_id
         ORDER BY r.position, r.code, p.position, p.code, p.id, a.currency",
        vendor_id,
        month
    )?;
    let mut plans: Vec<PlanEarnings> = Vec::new();
    for row in alike {
        if plans.last().is_none_or(|last| last.plan_id != row.plan_id || last.currency != row.currency) {
            plans.push(PlanEarnings {
                plan_id: row.plan_id,
                product_name: row.product_name,
                plan_name: row.plan_name,
                currency: row.currency,
                running: Sum::default(),
                new: Sum::default(),
                ended: Sum::default(),
            });
        }
        let monthly = monthly_minor(row.recurring_minor, row.billing_interval, Discount::default());
        if let Some(plan) = plans.last_mut() {
            row.counts.add_to(plan, monthly, true);
        }
    }
    for row in list_discounted(tx, vendor_id, month, now).await? {
        let full = monthly_minor(row.recurring_minor, row.billing_interval, Discount::default());
        let less = monthly_minor(row.recurring_minor, row.billing_interval, row.discount) - full;
        let plan = plans.iter_mut().find(|plan| plan.plan_id == row.plan_id && plan.currency == row.currency);
        if let Some(plan) = plan {
            row.counts.add_to(plan, less, false);
        }
    }
    Ok(plans)
}

/// The subscriptions with a discount, by a campaign or by the partner that ordered. A month of a discount is 365.25 / 12 days
/// long. SQLite takes cross joins in the order in which they are written, and redemptions and partners' orders are the fewest.
/// A discount is that of who ordered: whoever continues the license since pays its price.
async fn list_discounted(
    tx: &mut Tx,
    vendor_id: &VendorId,
    month: UnixMs,
    now: UnixMs,
) -> Result<Vec<DiscountedRow>, DbError> {
    fetch_all!(
        tx,
        DiscountedRow,
        "SELECT s.plan_id, s.currency, s.billing_interval, s.recurring_minor, c.percent_bp,
                c.amount_minor AS amount_off_minor, COUNT(CASE WHEN s.ended_at IS NULL THEN 1 END) AS running,
                COUNT(CASE WHEN s.ended_at IS NULL AND s.earning_since >= $2 THEN 1 END) AS began,
                COUNT(CASE WHEN s.ended_at IS NOT NULL THEN 1 END) AS ended
         FROM redemptions d CROSS JOIN campaigns c CROSS JOIN orders o CROSS JOIN subscriptions s
         WHERE d.vendor_id = $1 AND d.state = 'redeemed' AND c.vendor_id = d.vendor_id AND c.id = d.campaign_id
           AND o.vendor_id = d.vendor_id AND o.id = d.order_id AND o.kind = 'subscription'
           AND s.vendor_id = o.vendor_id AND s.license_id = o.license_id AND s.account_id = o.account_id
           AND (c.duration = 'forever'
                OR (c.duration = 'repeating' AND d.settled_at + c.duration_months * 2629800000 > $3))
           AND (c.currency IS NULL OR c.currency = s.currency)
           AND (c.plan_ids = '[]' OR c.plan_ids LIKE '%\"' || s.plan_id || '\"%')
           AND s.earning_since IS NOT NULL AND s.recurring_minor > 0
           AND (s.ended_at >= $2 OR (s.ended_at IS NULL AND s.stripe_status IN ('active', 'past_due')))
         GROUP BY s.plan_id, s.currency, s.billing_interval, s.recurring_minor, c.percent_bp, c.amount_minor
         UNION ALL
         SELECT s.plan_id, s.currency, s.billing_interval, s.recurring_minor, o.discount_bp,
                CAST(NULL AS BIGINT), COUNT(CASE WHEN s.ended_at IS NULL THEN 1 END),
                COUNT(CASE WHEN s.ended_at IS NULL AND s.earning_since >= $2 THEN 1 END),
                COUNT(CASE WHEN s.ended_at IS NOT NULL THEN 1 END)
         FROM orders o CROSS JOIN subscriptions s
         WHERE o.vendor_id = $1 AND o.discount_bp IS NOT NULL AND o.kind = 'subscription'
           AND s.vendor_id = o.vendor_id AND s.license_id = o.license_id AND s.account_id = o.account_id
           AND s.earning_since IS NOT NULL AND s.recurring_minor > 0
           AND (s.ended_at >= $2 OR (s.ended_at IS NULL AND s.stripe_status IN ('active', 'past_due')))
         GROUP BY s.plan_id, s.currency, s.billing_interval, s.recurring_minor, o.discount_bp",
        vendor_id,
        month,
        now
    )
}

/// The subscriptions that a filter means at `now`, those that were paid last first, at most `limit` of those after `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_earnings(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &EarningFilter,
    now: UnixMs,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Earning>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        Earning,
        "SELECT s.id, s.account_id, a.company, s.license_id, r.name AS product_name, p.name AS plan_name, s.seats,
                s.billing_interval, s.currency, s.recurring_minor,
                COALESCE(c.percent_bp, (SELECT o.discount_bp FROM orders o
                                        WHERE o.vendor_id = s.vendor_id AND o.license_id = s.license_id
                                          AND o.account_id = s.account_id
                                          AND o.kind = 'subscription' LIMIT 1)) AS percent_bp,
                c.amount_minor AS amount_off_minor, s.stripe_status, s.cancel_at_period_end, s.earning_since, s.ended_at
         FROM subscriptions s
         JOIN accounts a ON a.vendor_id = s.vendor_id AND a.id = s.account_id
         JOIN plans p ON p.vendor_id = s.vendor_id AND p.id = s.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         LEFT JOIN redemptions d ON d.vendor_id = s.vendor_id AND d.state = 'redeemed' AND d.order_id =
             (SELECT o.id FROM orders o WHERE o.vendor_id = s.vendor_id AND o.license_id = s.license_id
              AND o.account_id = s.account_id AND o.kind = 'subscription' LIMIT 1)
         LEFT JOIN campaigns c ON c.vendor_id = d.vendor_id AND c.id = d.campaign_id
             AND (c.duration = 'forever'
                  OR (c.duration = 'repeating' AND d.settled_at + c.duration_months * 2629800000 > $3))
             AND (c.currency IS NULL OR c.currency = s.currency)
             AND (c.plan_ids = '[]' OR c.plan_ids LIKE '%\"' || s.plan_id || '\"%')
         WHERE s.vendor_id = $1 AND s.earning_since IS NOT NULL AND s.recurring_minor > 0
           AND (($4 = 'ended' AND s.ended_at >= $2)
                OR ($4 <> 'ended' AND s.ended_at IS NULL AND s.stripe_status IN ('active', 'past_due')
                    AND ($4 = 'running' OR s.earning_since >= $2)))
           AND ($5 = '' OR s.plan_id = $5) AND ($6 = '' OR s.currency = $6)
           AND (s.earning_since < $7 OR (s.earning_since = $7 AND s.id < $8))
         ORDER BY s.earning_since DESC, s.id DESC LIMIT $9",
        vendor_id,
        month_start(now),
        now,
        filter.state.as_str(),
        &filter.plan,
        &filter.currency,
        at,
        id,
        limit
    )
}
