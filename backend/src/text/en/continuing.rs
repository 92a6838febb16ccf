//! Going on with a license at one's own expense, after a partner has paid for it.

use super::{licenses, moments, orders};
use crate::catalog::BillingInterval;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::orders::continuing::rules::Obstacle;

/// Title, and label of the link to it.
pub const TITLE: &str = "Continue this license";
/// Heading of what is ordered.
pub const ORDER: &str = "What you continue";
/// What stays.
pub const POINTS: [&str; 3] = [
    "The license keeps its key, its seats and everything that runs under it.",
    "It renews by itself from then on, and you can cancel it at any time for the end of what is paid.",
    "Whoever has paid until now is told that you go on, and pays nothing more.",
];
/// Heading over the button.
pub const PAY_TITLE: &str = "How it is paid";
/// Label of the license.
pub const LICENSE: &str = "License";
/// Label of the first charge.
pub const FIRST_CHARGE: &str = "First charge";
/// Under the button, where a card is given before anything is charged.
#[must_use]
pub fn card_note(is_taxed: bool) -> &'static str {
    if is_taxed {
        "You give a card on the next page. Before tax; the tax of your country is added with each charge."
    } else {
        "You give a card on the next page. No tax is added."
    }
}
/// Leads to the order that waits.
pub const TO_ORDER: &str = "Open the order";
/// For roles that may not.
pub const MAY_NOT_BUY: &str =
    "Only owners of your account and those who look after billing can continue a license. Please ask one of them.";
/// Where there is no license to go on with.
pub const NOT_OFFERED: &str = "This license cannot be continued here. Please write to us.";

/// What is over when, and what happens then.
#[must_use]
pub fn lead(over_at: UnixMs, now: UnixMs) -> String {
    let day = moments::day(over_at);
    if over_at > now {
        format!("Somebody else has paid for this license until {day}, and does not go on. You can: with the same key.")
    } else {
        format!("Somebody else paid for this license until {day}. You can go on with it: with the same key.")
    }
}

/// When is charged first.
#[must_use]
pub fn first_charge(begins_at: Option<UnixMs>, is_free: bool) -> String {
    match begins_at {
        _ if is_free => "never: it costs nothing".to_owned(),
        Some(at) => format!("{}, when what is paid is over", moments::day(at)),
        None => "today; the license goes on at once".to_owned(),
    }
}

/// The button: what is charged, and from when on.
#[must_use]
pub fn submit(price: Money, interval: BillingInterval, begins_at: Option<UnixMs>) -> String {
    match begins_at {
        _ if price.amount_minor == 0 => "Continue for nothing".to_owned(),
        Some(at) => {
            format!("Continue for {} {} from {} on", licenses::amount(price), orders::per(interval), moments::day(at))
        }
        None => super::buying::pay_by_card(price),
    }
}

/// On the license's page: when it ends.
#[must_use]
pub fn ends(over_at: UnixMs, now: UnixMs) -> String {
    let day = moments::day(over_at);
    if over_at > now {
        format!("What somebody else pays for this license ends on {day}.")
    } else {
        format!("What somebody else paid for this license ended on {day}.")
    }
}

/// What follows.
pub const ENDS_NEXT: &str = "You can continue it at your own expense: same key, same seats, nothing paid twice.";

/// Why it cannot be gone on with, and what to do.
#[must_use]
pub fn obstacle(why: &Obstacle) -> String {
    let sentence = match why {
        Obstacle::NotYet { from } => {
            return format!(
                "What somebody else has paid runs until {}. So that nothing is paid twice, you can continue the license here from \
                 then on, for 30 days.",
                moments::day(*from)
            );
        }
        Obstacle::NotPaidByAnother => {
            "Nobody else has paid for this license, so there is nothing to take over. Its page says how it goes on."
        }
        Obstacle::StillPaid => {
            "Your partner pays for this license and goes on paying, so there is nothing to do. If you want to pay yourself, \
             agree with your partner that it stops."
        }
        Obstacle::PaymentDue => {
            "Something for this license is not paid yet. As soon as that is settled, or over, you can continue it here."
        }
        Obstacle::Stopped => {
            "This license is suspended or revoked, or a payment for it is disputed. Please write to us before you pay."
        }
        Obstacle::TooLate => {
            "This license ended too long ago to be continued. Choose a plan from the price list to buy anew."
        }
        Obstacle::HandoverWaits => {
            "This license is offered to another account. Withdraw the offer first; then you can continue it here."
        }
        Obstacle::OpenOrder { .. } => {
            "An order to continue this license waits for its payment already. Pay it, or give it up, on its page."
        }
    };
    sentence.to_owned()
}

/// Title after the order is done.
pub const DONE_TITLE: &str = "Your license goes on";

/// What there is now.
#[must_use]
pub fn done_lead(product: &str) -> String {
    format!("{product} goes on with the key that you have. Nothing that runs needs to be changed.")
}

/// Tells whoever ordered that the license goes on, and when is charged first.
#[must_use]
pub fn continued(
    sender: &Sender,
    product: &str,
    plan: &str,
    price: Money,
    begins_at: Option<UnixMs>,
    page: &str,
) -> Letter {
    let charge = begins_at.map_or_else(
        || "You have paid the first period.".to_owned(),
        |at| {
            format!(
                "What has been paid for it runs until {}. Your card is charged from then on, and not before.",
                moments::day(at)
            )
        },
    );
    Letter {
        subject: format!("Your license for {product} goes on"),
        heading: DONE_TITLE.to_owned(),
        paragraphs: vec![done_lead(product), charge],
        facts: vec![
            ("Product".to_owned(), product.to_owned()),
            ("Plan".to_owned(), plan.to_owned()),
            ("Price".to_owned(), format!("{}, before tax", licenses::amount(price))),
        ],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: format!("You get this mail because you continued a license of {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells the owners of the account that has paid that the client goes on.
#[must_use]
pub fn continued_by_client(sender: &Sender, client: &str, product: &str, plan: &str) -> Letter {
    Letter {
        subject: format!("{client} continues its license for {product}"),
        heading: "A client continues at its own expense".to_owned(),
        paragraphs: vec![format!(
            "{client} continues the license for {product}, {plan}, that you have paid for. What you have paid runs until its \
             end, and nothing more is charged to you."
        )],
        reason: format!("You get this mail because you own an account with {}.", sender.name),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::clock::DAY_MS;
    use crate::money::Currency;

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z

    #[test]
    fn the_button_says_what_is_charged_and_when() {
        let price = |minor| Money::new(minor, Currency::parse("usd").unwrap());
        let (month, later) = (BillingInterval::Month, Some(NOW.plus(20 * DAY_MS)));
        assert_eq!(submit(price(29_900), month, later), "Continue for $299.00 a month from 11 December 2026 on");
        assert_eq!(submit(price(29_900), month, None), "Pay $299.00 by card");
        assert_eq!(submit(price(0), month, None), "Continue for nothing");
        let soon = obstacle(&Obstacle::NotYet { from: NOW.plus(DAY_MS) });
        assert!(soon.contains("22 November 2026") && soon.contains("30 days"), "{soon}");
        assert!(first_charge(later, false).contains("11 December 2026") && first_charge(None, true).contains("never"));
    }
}
