//! The form by which the vendor's staff gives money back. Who may is asked by the use case.

use backend::accounts::{StaffAct, staff_may_act};
use backend::ids::InvoiceId;
use backend::money::{Currency, Money};
use backend::refunds::{self, CreditOutcome, CreditRefusal};
use backend::stripe::CreditSettlement;
use backend::text::en::console_money as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that gives (part of) an invoice back.
pub const CREDIT: &str = "credit-invoice";

/// Issues a credit note for an invoice, and gives the money back the way that was chosen.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and when Stripe cannot be reached.
#[server(prefix = "/act", endpoint = "credit-invoice")]
pub async fn credit_invoice(
    /// The invoice.
    invoice_id: String,
    /// What was given back when the form was shown, in minor units.
    credited_before: i64,
    /// With tax, as typed.
    amount: String,
    /// Where the money goes.
    #[server(default)]
    settlement: String,
    /// Stripe's word for why, or empty.
    #[server(default)]
    reason: String,
    /// Words to the customer.
    #[server(default)]
    memo: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = format!("/staff/invoices/{invoice_id}#credit");
    let cx = visit.staff_cx();
    let may = visit.state.db.read(|tx| Box::pin(async move { staff_may_act(tx, &cx, StaffAct::MoveMoney).await }));
    if !may.await? {
        return Err(FormFailure::not_allowed());
    }
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let id = InvoiceId::from_untrusted(&invoice_id);
    let (vendor_id, wanted) = (visit.vendor.id.clone(), id.clone());
    let invoice = visit
        .state
        .db
        .read(|tx| Box::pin(async move { backend::invoices::find_invoice_for_staff(tx, &vendor_id, &wanted).await }))
        .await?;
    let Some(invoice) = invoice else { return Err(FormFailure::not_allowed()) };
    let refused = Refused::new(CREDIT)
        .value("amount", &amount)
        .value("settlement", &settlement)
        .value("reason", &reason)
        .value("memo", &memo);
    let request = refunds::CreditInvoice {
        invoice_id: id,
        amount_minor: read_amount(&amount, invoice.currency).unwrap_or(0),
        settlement: match settlement.as_str() {
            "balance" => CreditSettlement::Balance,
            "elsewhere" => CreditSettlement::Elsewhere,
            _ => CreditSettlement::Refund,
        },
        reason,
        memo,
        credited_before_minor: credited_before,
    };
    let outcome = refunds::credit_invoice(&visit.state.commerce(), &visit.staff_cx(), &request).await;
    match outcome.map_err(|error| FormFailure::failed(&error))? {
        CreditOutcome::Credited => {
            say_done("invoice_credited").await;
            redirect(&format!("/staff/invoices/{invoice_id}#given-back"));
        }
        CreditOutcome::Refused(CreditRefusal::NotAllowed | CreditRefusal::NotFound) => {
            return Err(FormFailure::not_allowed());
        }
        CreditOutcome::Refused(refusal) => {
            let field = match refusal {
                CreditRefusal::NoAmount | CreditRefusal::TooMuch { .. } => "amount",
                CreditRefusal::MemoTooLong | CreditRefusal::MemoUnprintable(_) => "memo",
                _ => "",
            };
            let code = serde_json::to_string(&Code::of(&refusal)).unwrap_or_default();
            refused.problem(field, &code).go_back(&page).await;
        }
    }
    Ok(())
}

/// A refusal as it waits in the session.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    NotCreditable,
    NoAmount,
    TooMuch(i64),
    MemoTooLong,
    MemoUnprintable(char),
    Outdated,
    ByStripe(String),
}

impl Code {
    fn of(refusal: &CreditRefusal) -> Self {
        match refusal {
            CreditRefusal::NoAmount => Self::NoAmount,
            CreditRefusal::TooMuch { left_minor } => Self::TooMuch(*left_minor),
            CreditRefusal::MemoTooLong => Self::MemoTooLong,
            CreditRefusal::MemoUnprintable(character) => Self::MemoUnprintable(*character),
            CreditRefusal::Outdated => Self::Outdated,
            CreditRefusal::ByStripe(sentence) => Self::ByStripe(sentence.clone()),
            CreditRefusal::NotCreditable | CreditRefusal::NotAllowed | CreditRefusal::NotFound => Self::NotCreditable,
        }
    }

    fn refusal(self) -> CreditRefusal {
        match self {
            Self::NotCreditable => CreditRefusal::NotCreditable,
            Self::NoAmount => CreditRefusal::NoAmount,
            Self::TooMuch(left_minor) => CreditRefusal::TooMuch { left_minor },
            Self::MemoTooLong => CreditRefusal::MemoTooLong,
            Self::MemoUnprintable(character) => CreditRefusal::MemoUnprintable(character),
            Self::Outdated => CreditRefusal::Outdated,
            Self::ByStripe(sentence) => CreditRefusal::ByStripe(sentence),
        }
    }
}

/// The sentences of a refused form.
#[must_use]
pub fn credit_errors(refused: &Refused, currency: Currency) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let code: Code = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::credit_refusal(&code.refusal(), currency)))
    };
    refused.problems.iter().filter_map(known).collect()
}

/// An amount as it is typed: digits, and at most as many decimals as the currency has.
pub(super) fn read_amount(typed: &str, currency: Currency) -> Option<i64> {
    let typed = typed.trim();
    let (whole, decimals) = typed.split_once('.').unwrap_or((typed, ""));
    let exponent = currency.exponent() as usize;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > exponent {
        return None;
    }
    format!("{whole}{decimals:0<exponent$}").parse().ok()
}

/// An amount as it is typed.
#[must_use]
pub fn written(amount: Money) -> String {
    let exponent = amount.currency.exponent() as usize;
    let digits = format!("{:0>width$}", amount.amount_minor.max(0), width = exponent + 1);
    let (whole, decimals) = digits.split_at(digits.len() - exponent);
    if exponent == 0 { whole.to_owned() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_is_written() {
        let (eur, jpy) = (Currency::parse("eur").unwrap(), Currency::parse("jpy").unwrap());
        for (typed, currency, minor) in [
            ("12.5", eur, Some(1_250)),
            (" 12 ", eur, Some(1_200)),
            ("0.05", eur, Some(5)),
            ("12.505", eur, None),
            ("-1", eur, None),
            ("1e3", eur, None),
            ("", eur, None),
            (".5", eur, None),
            ("1200", jpy, Some(1_200)),
            ("1.5", jpy, None),
            ("99999999999999999999", eur, None),
        ] {
            assert_eq!(read_amount(typed, currency), minor, "{typed:?}");
        }
        assert_eq!(written(Money::new(1_205, eur)), "12.05");
        assert_eq!(written(Money::new(1_205, jpy)), "1205");
    }
}
