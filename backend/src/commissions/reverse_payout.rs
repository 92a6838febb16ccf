//! Putting right what was noted wrongly: a payout that was not sent, or not so, is taken back by another entry.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::record_payout::{is_line, post};
use super::{Payout, payout_store, tell};
use crate::accounts::{self, StaffAct, staff_may_act};
use crate::audit;
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{AccountId, PayoutId};
use crate::keys::MasterKey;
use crate::partners;

/// What is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversePayout {
    /// Whose it was.
    pub partner_id: AccountId,
    /// The payout.
    pub payout_id: PayoutId,
    /// Why; the partner reads it.
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutReversal {
    /// It is taken back, and the partner is told.
    Reversed,
    /// It was taken back before.
    AlreadyReversed,
    /// No reason, a longer one than can be kept, or one that documents cannot print.
    WrongReason,
    /// The partner has no such payout, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Takes a payout back: what it paid out is owed again. It stays as it was noted; the entry that takes it back stands in the
/// statement of this month, and in the ledger the other way round.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn reverse_payout(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &ReversePayout,
) -> Result<PayoutReversal, CommerceError> {
    if !staff_may_act(tx, cx, StaffAct::MoveMoney).await? {
        return Ok(PayoutReversal::NotAllowed);
    }
    let (vendor_id, partner_id) = (&cx.vendor_id, &request.partner_id);
    // Of two at once, the second finds the first.
    if partners::lock_partner(tx, vendor_id, partner_id).await?.is_none() {
        return Ok(PayoutReversal::NotAllowed);
    }
    let found = payout_store::find_payout(tx, vendor_id, &request.payout_id).await?;
    let Some(payout) = found.filter(|it| it.partner_id == *partner_id && it.reverses.is_none()) else {
        return Ok(PayoutReversal::NotAllowed);
    };
    let Some(account) = accounts::find_account(tx, vendor_id, partner_id).await? else {
        return Ok(PayoutReversal::NotAllowed);
    };
    if payout_store::is_reversed(tx, vendor_id, &payout.id).await? {
        return Ok(PayoutReversal::AlreadyReversed);
    }
    let reason = request.reason.trim();
    if !is_line(reason) {
        return Ok(PayoutReversal::WrongReason);
    }
    let reversal = Payout {
        id: cx.id(),
        amount_minor: -payout.amount_minor,
        paid_at: UnixMs::start_of(cx.now.date()),
        reverses: Some(payout.id.clone()),
        reason: reason.to_owned(),
        recorded_by: cx.actor.person().cloned(),
        created_at: cx.now,
        ..payout.clone()
    };
    payout_store::insert_payout(tx, &reversal).await?;
    post(tx, cx, &reversal).await?;
    let before = json!({
        "amount_minor": payout.amount_minor, "currency": payout.currency, "reference": payout.reference,
        "paid_on": payout.paid_at.date().to_string(),
    });
    let after = json!({ "reversed_by": reversal.id, "reason": reversal.reason });
    let (account_id, act) = (Some(partner_id), "commission.reverse_payout");
    audit::record(tx, cx, account_id, act, payout.id.as_str(), Some(&before), Some(&after)).await?;
    tell::payout_reversed(tx, cx, master, &account, &reversal).await?;
    Ok(PayoutReversal::Reversed)
}
