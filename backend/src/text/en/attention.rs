//! What stands on top of every page of an account: payments that failed, cards and updates that end.

use super::{cards, licenses, moments};
use crate::billing::attention::Attention;
use crate::clock::UnixMs;

/// Pays an open invoice.
pub const PAY: &str = "Pay it now";
/// Confirms or pays where the address of the invoice is not known yet.
pub const SEE: &str = "See what is open";

/// What is the case.
#[must_use]
pub fn title(attention: &Attention, now: UnixMs) -> String {
    match attention {
        Attention::PaymentFailed { license_name, is_suspended: true, .. } => {
            format!("{license_name} is suspended, because its renewal is not paid.")
        }
        Attention::PaymentFailed { license_name, owed: Some(owed), .. } => {
            format!("The renewal of {license_name} over {} did not go through.", licenses::amount(owed.due()))
        }
        Attention::PaymentFailed { license_name, .. } => format!("The renewal of {license_name} did not go through."),
        Attention::CardEnds { card, ends_at, .. } if *ends_at <= now => format!("{} has ended.", cards::name(card)),
        Attention::CardEnds { card, .. } => {
            format!("{} ends with {}.", cards::name(card), cards::month(card))
        }
        Attention::UpdatesEnd { license_name, until, .. } => {
            format!("Updates of {license_name} end on {}.", moments::day(*until))
        }
    }
}

/// What follows from it.
#[must_use]
pub fn next(attention: &Attention, now: UnixMs) -> String {
    match attention {
        Attention::PaymentFailed { is_suspended: true, .. } => {
            "Everything works again as soon as it is paid, with the same key.".to_owned()
        }
        Attention::PaymentFailed { works_until: Some(until), .. } => {
            format!("Everything works until {}.", moments::moment(*until, now))
        }
        Attention::PaymentFailed { works_until: None, .. } => "Everything works for now.".to_owned(),
        Attention::CardEnds { charged_at, .. } => {
            format!("The next charge is on {}; it needs a card that can be charged then.", moments::day(*charged_at))
        }
        Attention::UpdatesEnd { .. } => "What is published until then may run for ever.".to_owned(),
    }
}

/// The one thing to do: label and address; `None` for whoever may not.
#[must_use]
pub fn act(attention: &Attention, may_buy: bool) -> Option<(&'static str, String)> {
    if !may_buy {
        return None;
    }
    Some(match attention {
        Attention::PaymentFailed { license_id, owed, is_own, .. } => {
            match owed.as_ref().and_then(|owed| owed.payment_url.clone()) {
                Some(url) => (PAY, url),
                None if !is_own => (SEE, "/invoices".to_owned()),
                None => (SEE, format!("/licenses/{license_id}")),
            }
        }
        Attention::CardEnds { license_id, .. } => (cards::CARD_LINK, format!("/licenses/{license_id}/card")),
        Attention::UpdatesEnd { license_id, .. } => {
            (super::license_page::RENEW_UPDATES, format!("/licenses/{license_id}/updates"))
        }
    })
}
