//! Showing a voucher's code to whoever may hand it out; that it was shown is recorded.

use super::{VoucherCode, look_at_batches::find_batch_voucher, store};
use crate::accounts::{Act, may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{VendorId, VoucherId};
use crate::keys::{MasterKey, Purpose};

/// What became of showing a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeReveal {
    /// The code.
    Shown(VoucherCode),
    /// The master key does not open it.
    Lost,
    /// There is no such voucher of an account for which whoever acts may buy.
    NotAllowed,
}

/// Opens a voucher's code for whoever may buy for the partner, and records that it was shown.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn reveal_code(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &VoucherId) -> Result<CodeReveal, DbError> {
    let Some((batch, listed)) = find_batch_voucher(tx, cx, id).await? else { return Ok(CodeReveal::NotAllowed) };
    if !may_act(tx, cx, &batch.partner_id, Act::Buy).await? {
        return Ok(CodeReveal::NotAllowed);
    }
    let id = &listed.voucher.id;
    let Some(code) = open_code(tx, &cx.vendor_id, master, id).await? else { return Ok(CodeReveal::Lost) };
    let (account_id, act) = (Some(&batch.partner_id), "voucher.reveal");
    audit::record(tx, cx, account_id, act, id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(CodeReveal::Shown(code))
}

/// Opens a code; `None` where the master key does not.
pub(super) async fn open_code(
    tx: &mut Tx,
    vendor_id: &VendorId,
    master: &MasterKey,
    id: &VoucherId,
) -> Result<Option<VoucherCode>, DbError> {
    let Some(sealed) = store::find_sealed_code(tx, vendor_id, id).await? else { return Ok(None) };
    let opened = master.unseal(Purpose::VoucherCode, id.as_str(), &sealed).ok();
    Ok(opened.and_then(|plain| VoucherCode::parse(std::str::from_utf8(&plain).ok()?)))
}
