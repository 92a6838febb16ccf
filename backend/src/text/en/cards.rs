//! Cards: what they are called, and the page on which another one is given.

use super::moments;
use crate::billing::cards::{Card, CardOutcome};
use crate::clock::UnixMs;

/// Title of the page.
pub const TITLE: &str = "Card";
/// Heading of the card that is charged.
pub const PRESENT_TITLE: &str = "Charged now";
/// Labels of the card.
pub const LABELS: [&str; 3] = ["Card", "Ends", "Next charge"];
/// Where no card is known.
pub const NONE: &str = "No card is on file. The next charge will fail unless you give one.";
/// Heading of the change.
pub const CHANGE_TITLE: &str = "Give another card";
/// What changing does.
pub const CHANGE_LEAD: &str = "The card is typed in on Stripe's page, never here. Nothing is charged for it, unless an invoice is open: that is \
     paid with the new card at once.";
/// Label of the choice to charge it for everything.
pub const FOR_ALL: &str = "Use it for all licenses of this account";
/// What happens without it.
pub const FOR_ALL_HINT: &str = "Otherwise only this license is paid with it.";
/// Opens Stripe's page.
pub const CHANGE: &str = "Give another card";
/// Goes back to the license.
pub const BACK: &str = "Back to the license";
/// When Stripe cannot be asked.
pub const NOT_NOW: &str =
    "The payment page cannot be opened at the moment. Nothing was changed; try again in a minute.";
/// While the card that was given is looked up.
pub const WAITING: &str = "Your card is being saved. This takes a few seconds.";
/// Looks again.
pub const LOOK_AGAIN: &str = "Look again";
/// When the page was left.
pub const DROPPED: &str = "No card was given, so nothing has changed.";
/// Leads to this page from a license.
pub const CARD_LINK: &str = "Change the card";
/// Label of the card among the facts of a license.
pub const FACT: &str = "Paid with";
/// Pays what the new card did not.
pub const PAY: &str = "Pay the invoice";

/// The title of what giving a card came to, and what follows from it.
#[must_use]
pub fn outcome(outcome: CardOutcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        CardOutcome::Saved => ("The new card is charged from now on.", None),
        CardOutcome::Paid => ("The new card is charged from now on, and has paid the open invoice.", None),
        CardOutcome::Declined => (
            "The new card is saved, but the bank refused to pay the open invoice with it.",
            Some("Give another card, or pay the invoice on its page."),
        ),
        CardOutcome::Unconfirmed => (
            "The new card is saved. The bank wants you to confirm the payment of the open invoice.",
            Some("Everything goes on as soon as you have."),
        ),
    }
}

/// Brand and last digits: `Visa ending in 4242`.
#[must_use]
pub fn name(card: &Card) -> String {
    format!("{} ending in {}", brand(&card.brand), card.last4)
}

/// A card's last month: `March 2027`.
#[must_use]
pub fn month(card: &Card) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let at = usize::try_from(card.exp_month - 1).unwrap_or(usize::MAX);
    MONTHS.get(at).map_or_else(|| card.exp_year.to_string(), |month| format!("{month} {}", card.exp_year))
}

/// The card among the facts of a license: `Visa ending in 4242, until March 2027`.
#[must_use]
pub fn fact(card: &Card) -> String {
    format!("{}, until {}", name(card), month(card))
}

/// The lead of the page.
#[must_use]
pub fn lead(license: &str, card: Option<&Card>, charged_at: Option<UnixMs>) -> String {
    match (card, charged_at) {
        (Some(card), Some(at)) => {
            format!("{license} is paid with {}. The next charge is on {}.", name(card), moments::day(at))
        }
        (Some(card), None) => format!("{license} is paid with {}. No charge is to come.", name(card)),
        (None, _) => format!("{license} has no card on file."),
    }
}

/// Stripe's word for a brand, as the brand writes itself.
fn brand(word: &str) -> String {
    match word {
        "visa" => "Visa".to_owned(),
        "mastercard" => "Mastercard".to_owned(),
        "amex" | "american_express" => "American Express".to_owned(),
        "discover" => "Discover".to_owned(),
        "diners" | "diners_club" => "Diners Club".to_owned(),
        "jcb" => "JCB".to_owned(),
        "unionpay" => "UnionPay".to_owned(),
        "cartes_bancaires" => "Cartes Bancaires".to_owned(),
        _ => "Card".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_called_by_what_stands_on_it() {
        let card = |brand: &str, exp_month| Card {
            payment_method_id: "pm_1".to_owned(),
            brand: brand.to_owned(),
            last4: "4242".to_owned(),
            exp_month,
            exp_year: 2027,
        };
        assert_eq!(fact(&card("visa", 3)), "Visa ending in 4242, until March 2027");
        assert_eq!(fact(&card("a new brand", 12)), "Card ending in 4242, until December 2027");
        assert_eq!(month(&card("visa", 13)), "2027");
        assert_eq!(month(&card("visa", 0)), "2027");
    }
}
