//! Noting that money was paid out to a partner. The money itself is sent by the vendor's bank.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Payout, list_partners, payout_store, rules, tell};
use crate::accounts::{self, StaffAct, staff_may_act};
use crate::audit;
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::ledger::{self, Booking, LedgerAccount, Side, Source};
use crate::money::Currency;
use crate::partners;
use crate::pdf::fonts::unprintable;

/// What was paid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPayout {
    /// To whom: a partner, or one that was.
    pub partner_id: AccountId,
    /// Of the amount.
    pub currency: Currency,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The day on which it was sent; `None` for a day that cannot be read.
    pub paid_on: Option<Date>,
    /// What the transfer says.
    pub reference: String,
    /// How many payouts were recorded when the form was shown: sent twice, it counts once.
    pub recorded_before: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutRecord {
    /// It is noted, and the partner is told.
    Recorded,
    /// Not a positive amount.
    NoAmount,
    /// More than is owed.
    TooMuch {
        /// What is owed in this currency, in minor units.
        owed_minor: i64,
    },
    /// Not a day, one that lies ahead, or more than a year ago.
    WrongDay,
    /// No reference, a longer one than can be kept, or one that documents cannot print.
    WrongReference,
    /// Another one was recorded since the form was shown.
    Outdated,
    /// There is no such partner, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Notes a payout. Together they are never more than what the partner has earned at that moment; what is taken back later is
/// reckoned up with what is earned next.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn record_payout(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &RecordPayout,
) -> Result<PayoutRecord, CommerceError> {
    if !staff_may_act(tx, cx, StaffAct::MoveMoney).await? {
        return Ok(PayoutRecord::NotAllowed);
    }
    let partner_id = &request.partner_id;
    // Of two payouts at once, the second sees what the first has left.
    if partners::lock_partner(tx, &cx.vendor_id, partner_id).await?.is_none() {
        return Ok(PayoutRecord::NotAllowed);
    }
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, partner_id).await? else {
        return Ok(PayoutRecord::NotAllowed);
    };
    let recorded = payout_store::count_payouts(tx, &cx.vendor_id, partner_id).await?;
    let totals = list_partners::list_totals(tx, &cx.vendor_id, partner_id).await?;
    let owed_minor = totals.iter().find(|it| it.currency == request.currency).map_or(0, |it| it.owed().amount_minor);
    if let Some(refusal) = refuse(request, recorded, owed_minor, cx.now) {
        return Ok(refusal);
    }
    let payout = Payout {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        partner_id: partner_id.clone(),
        currency: request.currency,
        amount_minor: request.amount_minor,
        paid_at: request.paid_on.map_or(cx.now, UnixMs::start_of),
        reference: request.reference.trim().to_owned(),
        reverses: None,
        reason: String::new(),
        recorded_by: cx.actor.person().cloned(),
        created_at: cx.now,
    };
    payout_store::insert_payout(tx, &payout).await?;
    post(tx, cx, &payout).await?;
    let after = json!({
        "amount_minor": payout.amount_minor, "currency": payout.currency, "reference": payout.reference,
        "paid_on": payout.paid_at.date().to_string(),
    });
    let (account_id, act) = (Some(partner_id), "commission.pay_out");
    audit::record(tx, cx, account_id, act, payout.id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell::paid_out(tx, cx, master, &account, &payout).await?;
    Ok(PayoutRecord::Recorded)
}

fn refuse(request: &RecordPayout, recorded: i64, owed_minor: i64, now: UnixMs) -> Option<PayoutRecord> {
    if request.recorded_before != recorded {
        return Some(PayoutRecord::Outdated);
    }
    if request.amount_minor <= 0 {
        return Some(PayoutRecord::NoAmount);
    }
    if request.amount_minor > owed_minor {
        return Some(PayoutRecord::TooMuch { owed_minor: owed_minor.max(0) });
    }
    let is_day = |day: Date| day <= now.date() && UnixMs::start_of(day).plus(rules::PAID_AGO_MAX_MS) > now;
    if !request.paid_on.is_some_and(is_day) {
        return Some(PayoutRecord::WrongDay);
    }
    (!is_line(request.reference.trim())).then_some(PayoutRecord::WrongReference)
}

/// Whether a text can stand in a statement: some, not too much, and printable.
pub(super) fn is_line(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= rules::REFERENCE_MAX_CHARS
        && !text.chars().any(char::is_control)
        && unprintable(text).is_none()
}

/// In the ledger; one that takes another back goes the other way round.
pub(super) async fn post(tx: &mut Tx, cx: &Cx, payout: &Payout) -> Result<(), CommerceError> {
    let booking = Booking {
        source: Source::Payout,
        source_id: payout.id.as_str(),
        account_id: &payout.partner_id,
        invoice_id: None,
        currency: payout.currency,
        at: cx.now,
    };
    let sides: [Side; 2] =
        [(LedgerAccount::CommissionPayable, payout.amount_minor), (LedgerAccount::Cash, -payout.amount_minor)];
    ledger::post(tx, cx, booking, &ledger::summed(&sides)).await
}
