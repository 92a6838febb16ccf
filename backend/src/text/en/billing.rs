//! Changing and ending subscriptions.

use crate::billing::ChangeRefusal;
use crate::clock::UnixMs;
use crate::stripe::SubscriptionState;
use crate::text::en::licenses::humanised;
use crate::text::en::{deletion, documents, orders};

fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

/// Why a change cannot be made, and what to do.
#[must_use]
pub fn change_refusal(refusal: &ChangeRefusal) -> String {
    match refusal {
        ChangeRefusal::NotAllowed => {
            "You may not change this license. Ask an owner of your account, or somebody who looks after billing."
                .to_owned()
        }
        ChangeRefusal::NotASubscription => {
            "This license was bought for ever, so there is no plan to change.".to_owned()
        }
        ChangeRefusal::Over => "This subscription is over. Choose a plan from the price list to buy anew.".to_owned(),
        ChangeRefusal::Revoked => {
            "What was paid for this license has been given back, so it cannot be changed. Choose a plan from the price \
             list to buy anew."
                .to_owned()
        }
        ChangeRefusal::PaymentDue => {
            "A payment for this license is open. Pay it first; the change can be made right after.".to_owned()
        }
        ChangeRefusal::ChangeAwaited => {
            "Another change of this license waits for its transfer. Pay it, or drop it on the license's page; then this \
             one can be made."
                .to_owned()
        }
        ChangeRefusal::NotBegun { begins_at } => format!(
            "What somebody else has paid for this license runs until {}. From then on you can change it.",
            day(*begins_at)
        ),
        ChangeRefusal::Cancelled { ends_at } => format!(
            "This subscription is cancelled and ends on {}, so nothing would come after it. Take the cancellation back \
             first; the change can be planned right after.",
            day(*ends_at)
        ),
        ChangeRefusal::AccountCloses { at } => deletion::keep_first(*at),
        ChangeRefusal::OtherLicenseType => {
            "That plan counts seats in another way than this license does, so this license cannot change to it. Choose it \
             from the price list to buy it as a license of its own."
                .to_owned()
        }
        ChangeRefusal::Choice(problem) => orders::choice_problem(problem),
        ChangeRefusal::SeatsInUse { seats, held, .. } => format!(
            "{held} seats are in use, and {seats} would remain. Free {} of them first; who holds them is listed below.",
            held.saturating_sub(*seats),
        ),
        ChangeRefusal::LimitsInUse(limits) => {
            let each: Vec<String> = limits
                .iter()
                .map(|it| {
                    format!(
                        "{} {} are in use, and {} would be allowed",
                        it.used,
                        humanised(&it.name).to_lowercase(),
                        it.limit
                    )
                })
                .collect();
            format!("{}. Use less first; the change can be made right after.", each.join("; "))
        }
    }
}

/// A subscription's standing in a word.
#[must_use]
pub fn state(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Incomplete => "Waiting for the first payment",
        SubscriptionState::IncompleteExpired => "Never paid",
        SubscriptionState::Trialing => "Trial",
        SubscriptionState::Active => "Active",
        SubscriptionState::PastDue => "Payment overdue",
        SubscriptionState::Unpaid => "Unpaid",
        SubscriptionState::Paused => "Paused",
        SubscriptionState::Canceled => "Ended",
    }
}

/// When a cancelled subscription ends.
#[must_use]
pub fn ends_on(at: UnixMs) -> String {
    format!("Ends on {}. Everything works until then.", day(at))
}

/// In a preview that drops a planned change.
pub const DROPS_PLANNED: &str = "The change that was planned for the end of the period falls away.";
/// When a preview was agreed to that no longer holds.
pub const OUTDATED: &str = "The amount has changed since the preview. Please look at it again and confirm.";
/// When a card was declined for a change.
pub const DECLINED: &str = "Your card was declined, so nothing has changed. Try another card, or ask your bank.";
/// When a change waits for its payment.
pub const AWAITING_PAYMENT: &str =
    "Your bank wants you to confirm this payment. The change takes effect as soon as you have.";
