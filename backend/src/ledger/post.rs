//! Posting what a thing means for the accounts.

use super::{LedgerAccount, Side, Source, is_balanced, rules, store};
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{AccountId, InvoiceId, PostingId};
use crate::money::Currency;

/// What a posting is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booking<'a> {
    pub(crate) source: Source,
    pub(crate) source_id: &'a str,
    pub(crate) account_id: &'a AccountId,
    pub(crate) invoice_id: Option<&'a InvoiceId>,
    pub(crate) currency: Currency,
    /// When it happened; a later difference is booked when it is found.
    pub(crate) at: UnixMs,
}

/// Brings the ledger to what a thing means for it now. The caller holds the lock of the thing's row.
///
/// # Errors
/// [`CommerceError::Contradiction`] for sides that do not sum to zero: nothing is written then, the thing neither.
pub(crate) async fn post(tx: &mut Tx, cx: &Cx, booking: Booking<'_>, meant: &[Side]) -> Result<(), CommerceError> {
    let posted = store::sum_source(tx, &cx.vendor_id, booking.source, booking.source_id).await?;
    let sides: Vec<(LedgerAccount, i64)> = rules::difference(&posted, meant);
    if sides.is_empty() {
        return Ok(());
    }
    if !is_balanced(&sides) {
        let text = format!("the ledger refuses {} {}: {sides:?}", booking.source.as_str(), booking.source_id);
        return Err(CommerceError::Contradiction(text));
    }
    let booked_at = if posted.is_empty() { booking.at } else { cx.now };
    let id: PostingId = cx.id();
    for side in sides {
        store::insert_entry(tx, cx, &id, &booking, side, booked_at).await?;
    }
    Ok(())
}
