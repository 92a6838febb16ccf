//! What `server stripe-check` says.

use crate::stripe::rehearsal::{Assumption, Progress, Verdict};

/// What is said while it runs.
#[must_use]
pub fn progress(progress: &Progress) -> String {
    match progress {
        Progress::Judged(what, Verdict::Holds) => format!("✓ {}", assumption(*what)),
        Progress::Judged(what, Verdict::Fails(seen)) => format!("✗ {}\n  Seen instead: {seen}", assumption(*what)),
        Progress::Judged(what, Verdict::NotReached) => {
            format!("· {}\n  Not tried, because something before it failed.", assumption(*what))
        }
        Progress::PayHere(url) => format!(
            "→ Open this page in a browser and pay with card 4242 4242 4242 4242, any later date, any number:\n  {url}"
        ),
        Progress::LeftBehind(id, why) => format!("! {id} could not be taken away again: {why}"),
    }
}

/// How it ended.
#[must_use]
pub fn outcome(tried: usize, bad: usize) -> String {
    match bad {
        0 => format!("Stripe behaves as Leasehold assumes: {tried} of {tried} assumptions hold."),
        bad => format!("{bad} of {tried} assumptions do not hold or could not be tried."),
    }
}

/// With a live key.
pub const LIVE_KEY: &str = "This buys and refunds, so it takes a test key only. Configure a key that begins with sk_test_ \
                            or rk_test_ and try again.";
/// Without a key.
pub const NO_KEY: &str = "No Stripe key is set. Configure stripe.secret_key_file with a test key.";

fn assumption(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::ProductUnderOurId => {
            "A product lives under an id of ours, and is there once however often it is pushed."
        }
        Assumption::PriceByLookupKey => "A price is found by its lookup key.",
        Assumption::PriceTakesKeyOver => "A new amount under the same key is a new price, which takes the key over.",
        Assumption::SameKeyActsOnce => "The same idempotency key acts once and answers the same.",
        Assumption::SameKeyOtherParameters => "The same idempotency key with other parameters is refused.",
        Assumption::EmptiedPartGoes => "An empty text takes a part of a customer's address away, and no other part.",
        Assumption::CheckoutOpens => "Checkout opens for a subscription, with tax, and keeps our order.",
        Assumption::CheckoutExpires => "An open Checkout can be ended.",
        Assumption::CheckoutTellsWhatItSold => "A paid Checkout names our order, its subscription and its invoice.",
        Assumption::FirstPaymentActivates => {
            "A subscription is active once its first invoice is paid, and that has a number."
        }
        Assumption::PeriodsOnItems => "Periods stand on the items of a subscription.",
        Assumption::InvoiceAddsUp => "An invoice's lines, discounts and taxes add up to its total.",
        Assumption::CardIsShown => "The card that a subscription charges can be shown.",
        Assumption::PreviewIsCharge => "What an upgrade's preview says is charged, line by line and to the cent.",
        Assumption::PaidUpgradeInEffect => "An upgrade that is paid is in effect.",
        Assumption::UnpaidUpgradeWaits => "An upgrade whose payment fails waits, and everything stays as it was.",
        Assumption::VoidGivesUpgradeUp => "With its invoice voided, an upgrade that waits is given up.",
        Assumption::ChangeIsPlanned => "A change can be planned for the end of the period, and read again.",
        Assumption::PlanKeepsDiscount => "A planned change keeps the discount that runs, now and then.",
        Assumption::PlanIsReleased => "A planned change can be let go, and everything stays as it was.",
        Assumption::CancelAndBack => "Cancelling at the end of the period can be taken back.",
        Assumption::FailedRenewalIsPastDue => "A renewal that cannot be charged makes the subscription past due.",
        Assumption::OpenInvoiceHasPage => {
            "The invoice of a failed renewal is open, and has a page on which it is paid."
        }
        Assumption::DeclineIsTold => "A declined card is told as declined.",
        Assumption::OtherCardRecovers => "Another card pays the invoice, and the subscription is active again.",
        Assumption::CreditNoteRefunds => "A credit note for a paid invoice gives its money back, tax included.",
        Assumption::RefundLeadsToInvoice => "A refund leads to its payment, and that to its invoice.",
        Assumption::EndsAtOnce => "A subscription can be ended at once, and says when it ended.",
        Assumption::SentIsActiveUnpaid => "A subscription that is paid by transfer is active before it is paid.",
        Assumption::SentInvoiceIsDue => "Its invoice can be made final at once, and says by when it is due.",
        Assumption::CustomerHasAccount => "A customer has an account number to transfer to.",
        Assumption::TransferPaysInvoice => "Money that arrives pays the open invoice by itself.",
        Assumption::TooMuchStays => "What arrives beyond that stays on the customer's cash balance.",
        Assumption::EventsNameTheirObject => "Events are listed, and name their object and their customer.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_says_what_was_assumed_and_what_was_seen() {
        let said = progress(&Progress::Judged(Assumption::PeriodsOnItems, Verdict::Fails("[]".to_owned())));
        assert_eq!(said, "✗ Periods stand on the items of a subscription.\n  Seen instead: []");
        assert_eq!(outcome(3, 1), "1 of 3 assumptions do not hold or could not be tried.");
    }
}
