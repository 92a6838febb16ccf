//! The codes of a batch as a table to hand out; that they were taken is recorded.

use serde_json::json;

use super::look_at_batches::find_batch;
use super::reveal_code::open_code;
use super::{VoucherStatus, store};
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::OrderId;
use crate::keys::MasterKey;
use crate::{audit, csv};

const HEAD: [&str; 5] = ["place", "code", "status", "redeemed_on", "note"];

/// What became of it.
#[derive(Clone, PartialEq, Eq)]
pub enum CodesExport {
    /// The table, with every code that is still open; of the others only how they stand.
    Table(String),
    /// There is no such batch of an account for which whoever acts may buy.
    NotAllowed,
}

impl std::fmt::Debug for CodesExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Table(_) => "Table(…)",
            Self::NotAllowed => "NotAllowed",
        })
    }
}

/// The vouchers of a batch as CSV, for whoever may buy for the partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_codes(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order_id: &OrderId,
) -> Result<CodesExport, DbError> {
    let Some(batch) = find_batch(tx, cx, order_id).await? else { return Ok(CodesExport::NotAllowed) };
    if !may_act(tx, cx, &batch.partner_id, Act::Buy).await? {
        return Ok(CodesExport::NotAllowed);
    }
    let mut table = csv::row(HEAD);
    for listed in store::list_of_batch(tx, &cx.vendor_id, order_id, 0, batch.count()).await? {
        let voucher = listed.voucher;
        let code = match voucher.status {
            VoucherStatus::Open => open_code(tx, &cx.vendor_id, master, &voucher.id).await?,
            VoucherStatus::Redeemed | VoucherStatus::Void => None,
        };
        table.push_str(&csv::row([
            voucher.place.to_string(),
            code.map_or(voucher.code_hint, |code| code.expose().to_owned()),
            voucher.status.as_str().to_owned(),
            voucher.redeemed_at.map_or_else(String::new, |at| at.date().to_string()),
            voucher.note,
        ]));
    }
    let after = json!({ "open": batch.open });
    let (account_id, id) = (Some(&batch.partner_id), order_id.as_str());
    audit::record(tx, cx, account_id, "voucher.export", id, audit::NOTHING, Some(&after)).await?;
    Ok(CodesExport::Table(table))
}
