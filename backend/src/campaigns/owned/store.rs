//! What partners' campaigns sold, in the database.

use crate::clock::UnixMs;
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::{AccountId, CampaignId, RedemptionId, VendorId};
use crate::listing::TimePlace;
use crate::money::Currency;

/// An order that was paid with a code, as the partner sees it whose code it was.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sale {
    id: RedemptionId,
    /// When it was paid first.
    pub sold_at: UnixMs,
    /// The code.
    pub code: String,
    /// The product.
    pub product_name: String,
    /// The plan.
    pub plan_name: String,
    /// Who has bought, where that is a client of the partner's now.
    pub company: Option<String>,
    /// What was paid on the invoices on which the code took something off, renewals included, less what was credited of
    /// them: before tax, in minor units of `currency`.
    pub net_minor: i64,
    /// Of `net_minor`.
    pub currency: Currency,
}

impl Sale {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.sold_at, self.id.as_str())
    }
}

/// What was bought with a campaign's codes, newest first, at most `limit` of those after `after`. Each is counted as in
/// [`Takings`](super::super::Takings), so that the list adds up to them.
pub(super) async fn list_sales(
    tx: &mut Tx,
    vendor_id: &VendorId,
    campaign_id: &CampaignId,
    partner_id: &AccountId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Vec<Sale>, DbError> {
    let (at, id) = TimePlace::bound(after);
    fetch_all!(
        tx,
        Sale,
        "SELECT d.id, d.settled_at AS sold_at, c.code, r.name AS product_name, p.name AS plan_name, o.currency,
                (SELECT a.company FROM client_relations l
                 JOIN accounts a ON a.vendor_id = l.vendor_id AND a.id = l.client_id
                 WHERE l.vendor_id = d.vendor_id AND l.partner_id = $3 AND l.client_id = d.account_id
                   AND l.status = 'active') AS company,
                CAST(COALESCE((SELECT SUM(i.subtotal_minor - i.discount_minor
                                          - COALESCE((SELECT SUM(n.total_minor - n.tax_minor) FROM credit_notes n
                                                      WHERE n.vendor_id = i.vendor_id AND n.invoice_id = i.id
                                                        AND n.status = 'issued'), 0))
                               FROM invoices i
                               WHERE i.vendor_id = d.vendor_id AND i.order_id = d.order_id AND i.status = 'paid'
                                 AND i.discount_minor > 0 AND i.currency = o.currency), 0) AS BIGINT) AS net_minor
         FROM redemptions d
         JOIN promotion_codes c ON c.vendor_id = d.vendor_id AND c.id = d.code_id
         JOIN orders o ON o.vendor_id = d.vendor_id AND o.id = d.order_id
         JOIN plans p ON p.vendor_id = o.vendor_id AND p.id = o.plan_id
         JOIN products r ON r.vendor_id = p.vendor_id AND r.id = p.product_id
         WHERE d.vendor_id = $1 AND d.campaign_id = $2 AND d.state = 'redeemed'
           AND (d.settled_at < $4 OR (d.settled_at = $4 AND d.id < $5))
         ORDER BY d.settled_at DESC, d.id DESC LIMIT $6",
        vendor_id,
        campaign_id,
        partner_id,
        at,
        id,
        limit
    )
}
