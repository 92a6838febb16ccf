//! Commissions in the database.

use super::rules::{Facts, Note, Step};
use super::{Commission, Month, Movement, StatementLine};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, InvoiceId, LicenseId, OrderId, VendorId};
use crate::invoices::{Invoice, InvoiceStatus};
use crate::listing::TimePlace;
use crate::money::Currency;

/// Who earns by an order, and what of it the statements say.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Attribution {
    pub(super) order_id: OrderId,
    pub(super) partner_id: AccountId,
    pub(super) rate_bp: i64,
    pub(super) ordered_at: UnixMs,
    pub(super) client_id: AccountId,
    pub(super) client: String,
    pub(super) code: String,
}

/// Who earns by this order.
pub(super) async fn find_attribution(
    tx: &mut Tx,
    vendor_id: &VendorId,
    order_id: &OrderId,
) -> Result<Option<Attribution>, DbError> {
    fetch_optional!(
        tx,
        Attribution,
        "SELECT o.id AS order_id, o.partner_id, COALESCE(o.commission_bp, 0) AS rate_bp, o.created_at AS ordered_at,
                COALESCE(o.licensee_id, o.account_id) AS client_id,
                CASE WHEN r.status = 'active' THEN COALESCE(a.company, '') ELSE COALESCE(r.company, '') END AS client,
                CASE WHEN o.relation_id IS NULL THEN COALESCE(o.promotion_code, '') ELSE '' END AS code
         FROM orders o
         LEFT JOIN client_relations r ON r.vendor_id = o.vendor_id AND r.id = o.relation_id
         LEFT JOIN accounts a ON a.vendor_id = r.vendor_id AND a.id = r.client_id
         WHERE o.vendor_id = $1 AND o.id = $2 AND o.partner_id IS NOT NULL",
        vendor_id,
        order_id
    )
}

/// The order that made a license, where somebody earns by it, for an invoice of this order. What its owner continues at its own
/// expense, nobody earns by any more.
pub(super) async fn find_attributed_order(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    invoiced: Option<&OrderId>,
) -> Result<Option<OrderId>, DbError> {
    let row = fetch_optional!(
        tx,
        (OrderId,),
        "SELECT id FROM orders
         WHERE vendor_id = $1 AND license_id = $2 AND partner_id IS NOT NULL AND kind IN ('subscription', 'perpetual')
           AND NOT EXISTS (SELECT 1 FROM orders c WHERE c.vendor_id = $1 AND c.license_id = $2 AND c.kind = 'continuation'
                           AND (c.status = 'paid' OR c.id = $3))
         ORDER BY created_at, id LIMIT 1",
        vendor_id,
        license_id,
        invoiced.map_or("", OrderId::as_str)
    )?;
    Ok(row.map(|(id,)| id))
}

/// The money of an invoice that went back, summed.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
struct GivenBackRow {
    refunded_minor: i64,
    disputed_minor: i64,
}

/// What has become of an invoice. What was paid counts once the whole is.
pub(super) async fn find_facts(tx: &mut Tx, invoice: &Invoice) -> Result<Facts, DbError> {
    let row = fetch_one!(
        tx,
        GivenBackRow,
        "SELECT CAST(COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.vendor_id = $1
                     AND r.invoice_id = $2 AND r.status IN ('pending', 'succeeded')), 0) AS BIGINT) AS refunded_minor,
                CAST(COALESCE((SELECT SUM(d.amount_minor) FROM disputes d WHERE d.vendor_id = $1
                     AND d.invoice_id = $2 AND d.status IN ('open', 'lost')), 0) AS BIGINT) AS disputed_minor",
        &invoice.vendor_id,
        &invoice.id
    )?;
    let notes = fetch_all!(
        tx,
        Note,
        "SELECT total_minor, tax_minor, credited_minor, elsewhere_minor FROM credit_notes
         WHERE vendor_id = $1 AND invoice_id = $2 AND status = 'issued' ORDER BY id",
        &invoice.vendor_id,
        &invoice.id
    )?;
    let facts = Facts {
        paid_minor: if invoice.status == InvoiceStatus::Paid { invoice.paid_minor } else { 0 },
        refunded_minor: row.refunded_minor,
        disputed_minor: row.disputed_minor,
        ..Facts::default()
    };
    Ok(facts.with_notes(&notes))
}

/// What is earned by an invoice, as far as it was noted. The caller holds the invoice's lock.
pub(super) async fn find_commission(
    tx: &mut Tx,
    vendor_id: &VendorId,
    invoice_id: &InvoiceId,
) -> Result<Option<Commission>, DbError> {
    fetch_optional!(
        tx,
        Commission,
        "SELECT * FROM commissions WHERE vendor_id = $1 AND invoice_id = $2",
        vendor_id,
        invoice_id
    )
}

pub(super) async fn insert_commission(tx: &mut Tx, it: &Commission) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO commissions (id, vendor_id, partner_id, invoice_id, order_id, client_id, license_id, client, code,
                                  currency, rate_bp, paid_minor, credited_minor, credited_net_minor, settled_minor,
                                  refunded_minor, disputed_minor, net_minor, amount_minor, entry_count, created_at,
                                  updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        &it.id,
        &it.vendor_id,
        &it.partner_id,
        &it.invoice_id,
        &it.order_id,
        &it.client_id,
        it.license_id.as_ref(),
        &it.client,
        &it.code,
        it.currency,
        it.rate_bp,
        it.paid_minor,
        it.credited_minor,
        it.credited_net_minor,
        it.settled_minor,
        it.refunded_minor,
        it.disputed_minor,
        it.net_minor,
        it.amount_minor,
        it.entry_count,
        it.created_at,
        it.updated_at
    )?;
    Ok(())
}

/// Writes back what a commission has come to. The caller holds the invoice's lock.
pub(super) async fn update_commission(tx: &mut Tx, it: &Commission) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE commissions SET paid_minor = $3, credited_minor = $4, credited_net_minor = $5, settled_minor = $6,
                refunded_minor = $7, disputed_minor = $8, net_minor = $9, amount_minor = $10, entry_count = $11,
                updated_at = $12
         WHERE vendor_id = $1 AND id = $2",
        &it.vendor_id,
        &it.id,
        it.paid_minor,
        it.credited_minor,
        it.credited_net_minor,
        it.settled_minor,
        it.refunded_minor,
        it.disputed_minor,
        it.net_minor,
        it.amount_minor,
        it.entry_count,
        it.updated_at
    )?;
    Ok(())
}

/// Adds an entry; its id puts it behind those of the same commission that came before.
pub(super) async fn insert_entry(
    tx: &mut Tx,
    cx: &Cx,
    commission: &Commission,
    place: i64,
    step: Step,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO commission_entries (id, vendor_id, commission_id, partner_id, why, currency, net_minor,
                                         amount_minor, entered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        format!("{}.{place:06}", commission.id),
        &commission.vendor_id,
        &commission.id,
        &commission.partner_id,
        step.why,
        commission.currency,
        step.net_minor,
        step.amount_minor,
        cx.now
    )?;
    Ok(())
}

/// What came together in one stretch of time.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct StretchRow {
    /// Which, counted from the Unix epoch.
    pub(super) stretch: i64,
    #[sqlx(flatten)]
    pub(super) movement: Movement,
}

/// What came together for a partner from a moment until before another, by stretches of `stretch_ms`, the newest first, and
/// by currency.
async fn list_stretches(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
    stretch_ms: i64,
) -> Result<Vec<StretchRow>, DbError> {
    fetch_all!(
        tx,
        StretchRow,
        "SELECT m.stretch, m.currency, CAST(SUM(m.earned) AS BIGINT) AS earned_minor,
                CAST(SUM(m.taken_back) AS BIGINT) AS taken_back_minor, CAST(SUM(m.paid_out) AS BIGINT) AS paid_out_minor
         FROM (SELECT entered_at / $5 AS stretch, currency,
                      CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END AS earned,
                      CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END AS taken_back, 0 AS paid_out
               FROM commission_entries
               WHERE vendor_id = $1 AND partner_id = $2 AND entered_at >= $3 AND entered_at < $4
               UNION ALL
               SELECT created_at / $5, currency, 0, 0, amount_minor FROM commission_payouts
               WHERE vendor_id = $1 AND partner_id = $2 AND created_at >= $3 AND created_at < $4) m
         GROUP BY m.stretch, m.currency ORDER BY m.stretch DESC, m.currency",
        vendor_id,
        partner_id,
        from,
        until,
        stretch_ms
    )
}

/// What came together for a partner from a moment until before another, by currency.
pub(super) async fn sum_movements(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    time: (UnixMs, UnixMs),
) -> Result<Vec<Movement>, DbError> {
    // All moments lie in the first of the longest stretches.
    let rows = list_stretches(tx, vendor_id, partner_id, time, i64::MAX).await?;
    Ok(rows.into_iter().map(|row| row.movement).collect())
}

/// The same by day: months are no business of the database, which would count them by its own calendar.
pub(super) async fn list_days(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    time: (UnixMs, UnixMs),
) -> Result<Vec<StretchRow>, DbError> {
    list_stretches(tx, vendor_id, partner_id, time, DAY_MS).await
}

/// The month of the first thing in a partner's statements.
pub(super) async fn find_first_month(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
) -> Result<Option<Month>, DbError> {
    let (first,) = fetch_one!(
        tx,
        (Option<UnixMs>,),
        "SELECT MIN(m.at_ms) FROM (
           SELECT MIN(entered_at) AS at_ms FROM commission_entries WHERE vendor_id = $1 AND partner_id = $2
           UNION ALL
           SELECT MIN(created_at) FROM commission_payouts WHERE vendor_id = $1 AND partner_id = $2) m",
        vendor_id,
        partner_id
    )?;
    Ok(first.map(Month::of))
}

/// The lines of a time, oldest first, at most `limit` of those after `after`.
pub(super) async fn list_lines(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<StatementLine>, DbError> {
    let (at, id) = if after.is_some() { TimePlace::bound(after) } else { (UnixMs(i64::MIN), "") };
    fetch_all!(
        tx,
        StatementLine,
        "SELECT e.id, e.entered_at, e.why, c.client, c.code, i.number AS invoice_number, e.currency, c.rate_bp,
                e.net_minor, e.amount_minor
         FROM commission_entries e
         JOIN commissions c ON c.vendor_id = e.vendor_id AND c.id = e.commission_id
         JOIN invoices i ON i.vendor_id = c.vendor_id AND i.id = c.invoice_id
         WHERE e.vendor_id = $1 AND e.partner_id = $2 AND e.entered_at >= $3 AND e.entered_at < $4
           AND (e.entered_at > $5 OR (e.entered_at = $5 AND e.id > $6))
         ORDER BY e.entered_at, e.id LIMIT $7",
        vendor_id,
        partner_id,
        from,
        until,
        at,
        id,
        limit
    )
}

/// What a partner has sold, earned and been paid in one currency: sales, commission, payouts.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct TotalRow {
    pub(super) currency: Currency,
    pub(super) sales_minor: i64,
    pub(super) earned_minor: i64,
    pub(super) paid_out_minor: i64,
}

/// The totals of a partner, by currency.
pub(super) async fn list_totals(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
) -> Result<Vec<TotalRow>, DbError> {
    fetch_all!(
        tx,
        TotalRow,
        "SELECT m.currency, CAST(SUM(m.sales) AS BIGINT) AS sales_minor, CAST(SUM(m.earned) AS BIGINT) AS earned_minor,
                CAST(SUM(m.paid_out) AS BIGINT) AS paid_out_minor
         FROM (SELECT currency, net_minor AS sales, amount_minor AS earned, 0 AS paid_out FROM commissions
               WHERE vendor_id = $1 AND partner_id = $2
               UNION ALL
               SELECT currency, 0, 0, amount_minor FROM commission_payouts
               WHERE vendor_id = $1 AND partner_id = $2) m
         GROUP BY m.currency ORDER BY m.currency",
        vendor_id,
        partner_id
    )
}

/// A partner in the console's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct PartnerRow {
    pub(super) account_id: AccountId,
    pub(super) company: String,
    pub(super) commission_bp: i64,
    pub(super) discount_bp: i64,
    pub(super) days_until_due: Option<i64>,
    pub(super) since: UnixMs,
    pub(super) ended_at: Option<UnixMs>,
}

/// All that are partners or were, the newest first, at most `limit` of what comes after `after` in that order.
pub(super) async fn list_partners(
    tx: &mut Tx,
    vendor_id: &VendorId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<PartnerRow>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        PartnerRow,
        "SELECT p.account_id, a.company, p.commission_bp, p.discount_bp, p.days_until_due, p.since, p.ended_at
         FROM partners p JOIN accounts a ON a.vendor_id = p.vendor_id AND a.id = p.account_id
         WHERE p.vendor_id = $1 AND (p.since < $2 OR (p.since = $2 AND p.account_id < $3))
         ORDER BY p.since DESC, p.account_id DESC LIMIT $4",
        vendor_id,
        at,
        id,
        limit
    )
}
