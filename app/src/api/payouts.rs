//! The forms by which the vendor's staff note that commissions were paid out, and take back what was noted wrongly. Who may is
//! asked by the use cases.

use backend::accounts::StaffAct;
use backend::commissions::{self, Month, PayoutRecord, PayoutReversal};
use backend::ids::{AccountId, PayoutId};
use backend::money::Currency;
use backend::text::en::console_payouts as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::partners::partner_page;
use super::staff_money::read_amount;
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// What a partner has earned.
pub const COMMISSIONS: &str = "/partner/commissions";
/// The form that records one.
pub const PAYOUT: &str = "record-payout";
/// The form that takes one back.
pub const REVERSAL: &str = "reverse-payout";

/// The page of a month.
#[must_use]
pub fn month_page(month: Month) -> String {
    format!("{COMMISSIONS}/{month}")
}

/// Notes a payout to a partner, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for accounts that never were partners.
#[server(prefix = "/act", endpoint = "record-payout")]
pub async fn record_payout(
    /// The partner's account.
    account_id: String,
    /// How many payouts were recorded when the form was shown.
    #[server(default)]
    recorded_before: i64,
    /// Code of the currency.
    #[server(default)]
    currency: String,
    /// As typed.
    #[server(default)]
    amount: String,
    /// The day, as `YYYY-MM-DD`.
    #[server(default)]
    paid_on: String,
    /// What the transfer says.
    #[server(default)]
    reference: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::MoveMoney).await?;
    let id = AccountId::from_untrusted(&account_id);
    let page = partner_page(&id);
    let refused = Refused::new(PAYOUT)
        .value("currency", &currency)
        .value("amount", &amount)
        .value("paid_on", &paid_on)
        .value("reference", &reference);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let Some(currency) = Currency::parse(&currency) else { return Err(FormFailure::malformed()) };
    let request = commissions::RecordPayout {
        partner_id: id,
        currency,
        amount_minor: read_amount(&amount, currency).unwrap_or(0),
        paid_on: paid_on.trim().parse().ok(),
        reference,
        recorded_before,
    };
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let recorded = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { commissions::record_payout(tx, &cx, &master, &request).await }));
    let (field, refusal) = match recorded.await.map_err(|error| FormFailure::failed(&error))? {
        PayoutRecord::Recorded => {
            say_done("payout_recorded").await;
            redirect(&page);
            return Ok(());
        }
        PayoutRecord::NotAllowed => return Err(FormFailure::not_allowed()),
        refusal @ (PayoutRecord::NoAmount | PayoutRecord::TooMuch { .. }) => ("amount", refusal),
        refusal @ PayoutRecord::WrongDay => ("paid_on", refusal),
        refusal @ PayoutRecord::WrongReference => ("reference", refusal),
        refusal @ PayoutRecord::Outdated => ("", refusal),
    };
    let code = serde_json::to_string(&refusal).unwrap_or_default();
    refused.problem(field, &code).go_back(&format!("{page}#payout")).await;
    Ok(())
}

/// Takes a payout back that was noted wrongly, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for payouts that the partner does not have.
#[server(prefix = "/act", endpoint = "reverse-payout")]
pub async fn reverse_payout(
    /// The partner's account.
    account_id: String,
    /// The payout.
    #[server(default)]
    payout_id: String,
    /// Why; the partner reads it.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::MoveMoney).await?;
    let id = AccountId::from_untrusted(&account_id);
    let page = partner_page(&id);
    let refused = Refused::new(REVERSAL).value("payout_id", &payout_id).value("reason", &reason);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let request =
        commissions::ReversePayout { partner_id: id, payout_id: PayoutId::from_untrusted(&payout_id), reason };
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let reversed = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { commissions::reverse_payout(tx, &cx, &master, &request).await }));
    let (field, refusal) = match reversed.await.map_err(|error| FormFailure::failed(&error))? {
        PayoutReversal::Reversed => {
            say_done("payout_reversed").await;
            redirect(&page);
            return Ok(());
        }
        PayoutReversal::NotAllowed => return Err(FormFailure::not_allowed()),
        refusal @ PayoutReversal::AlreadyReversed => ("", refusal),
        refusal @ PayoutReversal::WrongReason => ("reason", refusal),
    };
    let code = serde_json::to_string(&refusal).unwrap_or_default();
    refused.problem(field, &code).go_back(&format!("{page}#reversal")).await;
    Ok(())
}

/// The sentences of the refused form that takes a payout back.
#[must_use]
pub fn reversal_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let refusal: PayoutReversal = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::reversal_refusal(refusal)))
    };
    refused.problems.iter().filter_map(known).collect()
}

/// The sentences of the refused form that records one.
#[must_use]
pub fn payout_errors(refused: &Refused) -> Vec<FieldError> {
    let currency = Currency::parse(&refused.typed("currency")).unwrap_or(Currency::NONE);
    let known = |(field, code): &(String, String)| {
        let refusal: PayoutRecord = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::refusal(refusal, currency)))
    };
    refused.problems.iter().filter_map(known).collect()
}
