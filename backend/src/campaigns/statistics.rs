//! What campaigns have brought in, from the invoices of the orders that were placed with their codes. An order's invoices are
//! its own and, where it began a subscription, those of the renewals and changes: Stripe shows its metadata on all of them.

use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{AccountId, CampaignId, VendorId};
use crate::money::Currency;

/// What a campaign brought in, in one currency: paid invoices on which it took something off, renewals included, less what
/// was credited of them. Before tax.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Takings {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The currency.
    pub currency: Currency,
    /// Invoices.
    pub invoices: i64,
    /// What was paid, in minor units.
    pub net_minor: i64,
    /// What was taken off, in minor units.
    pub discount_minor: i64,
}

/// The takings of the campaigns that were made from `first` to `last`, by currency.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_takings(
    tx: &mut Tx,
    vendor_id: &VendorId,
    first: UnixMs,
    last: UnixMs,
) -> Result<Vec<Takings>, DbError> {
    sum(tx, vendor_id, "", first, last).await
}

/// The same of the campaigns of one partner.
pub(super) async fn list_takings_of(
    tx: &mut Tx,
    vendor_id: &VendorId,
    owner_id: &AccountId,
    first: UnixMs,
    last: UnixMs,
) -> Result<Vec<Takings>, DbError> {
    sum(tx, vendor_id, owner_id.as_str(), first, last).await
}

/// Of the campaigns of one partner, or of all where none is named.
async fn sum(
    tx: &mut Tx,
    vendor_id: &VendorId,
    owner_id: &str,
    first: UnixMs,
    last: UnixMs,
) -> Result<Vec<Takings>, DbError> {
    fetch_all!(
        tx,
        Takings,
        "SELECT r.campaign_id, i.currency, COUNT(*) AS invoices,
                CAST(SUM(i.subtotal_minor - i.discount_minor - COALESCE(n.net_minor, 0)) AS BIGINT) AS net_minor,
                CAST(SUM(i.discount_minor) AS BIGINT) AS discount_minor
         FROM campaigns c
         JOIN redemptions r ON r.vendor_id = c.vendor_id AND r.campaign_id = c.id AND r.state = 'redeemed'
         JOIN invoices i ON i.vendor_id = r.vendor_id AND i.order_id = r.order_id
         LEFT JOIN (SELECT invoice_id, SUM(total_minor - tax_minor) AS net_minor FROM credit_notes
                    WHERE vendor_id = $1 AND status = 'issued' GROUP BY invoice_id) n ON n.invoice_id = i.id
         WHERE c.vendor_id = $1 AND c.created_at >= $2 AND c.created_at <= $3 AND i.status = 'paid' AND i.discount_minor > 0
           AND ($4 = '' OR c.owner_account_id = $4)
         GROUP BY r.campaign_id, i.currency ORDER BY r.campaign_id, i.currency",
        vendor_id,
        first,
        last,
        owner_id
    )
}
