//! Closing an account, and deleting oneself.

use super::{licenses, moments};
use crate::clock::UnixMs;
use crate::money::Money;

/// What an account is called once it is closed.
pub const CLOSED_ACCOUNT: &str = "Closed account";
/// What a person is called once it is deleted.
pub const DELETED_PERSON: &str = "Deleted person";
/// In place of what was written.
pub const ERASED: &str = "Erased";

/// Heading of the card on the account's page.
pub const CARD: &str = "Close or delete";
/// What it says.
pub const CARD_LEAD: &str =
    "Both take your data out of this portal. You will be asked to confirm before anything is deleted.";

/// Title of the page of an account, and the link to it.
pub const CLOSE: &str = "Close the account";
/// The act.
pub const CLOSE_ACT: &str = "Close the account in 30 days";
/// The question.
pub const COMPANY: &str = "Name of the company";
/// Where another name was typed.
pub const OTHER_NAME: &str = "Type the name of the company as it stands above.";
/// Heading.
pub const WHAT_ENDS: &str = "What ends";
/// What ends, a line each.
pub const ENDS: [&str; 5] = [
    "From now on nothing renews, and nothing new can be bought. Everything else works for 30 days.",
    "After 30 days all licenses are revoked. Instances that run hear of it at their next check.",
    "Subscriptions end at that moment, before the end of what is paid, and nothing is paid back.",
    "Orders that nobody has paid, handovers that wait, invitations, API tokens and relations with partners and clients end.",
    "Nobody acts for the account any more. Everybody keeps their own sign-in.",
];
/// Heading.
pub const WHAT_STAYS: &str = "What is erased, and what stays";
/// What stays, a line each.
pub const STAYS: [&str; 3] = [
    "Names, addresses, messages, feedback, instances and what happened with them are erased.",
    "Invoices, credit notes, partners' statements and the books behind them stay as they are, because the law says so.",
    "The record of who did what stays as well, with what was noted at the time, for as long as the vendor has to account for \
     it. Nobody can change it.",
];
/// Heading.
pub const FIRST: &str = "Take your data along first";
/// What it says.
pub const FIRST_LEAD: &str = "Once the account is closed, there is nothing left to download.";
/// Title above what is owed.
pub const OWED: &str = "Something has to be paid first.";
/// What it says.
pub const OWED_LEAD: &str = "Pay these invoices, or write to us about them. Then the account can be closed.";
/// The way to them.
pub const SEE_INVOICES: &str = "See the invoices";
/// Takes it back.
pub const KEEP: &str = "Keep the account";
/// What is left to do after that.
pub const KEEP_LEAD: &str = "Subscriptions that were cancelled by this stay cancelled. Take that back on the page of each \
                             license.";
/// The way to the page, on the banner.
pub const KEEP_LINK: &str = "Keep it";
/// Where the time has come.
pub const TOO_LATE: &str = "It is too late to keep the account: it is being closed.";

/// What the page says of an account that closes.
#[must_use]
pub fn close_lead(company: &str) -> String {
    format!("{company} would be closed after 30 days, in which every owner can take that back.")
}

/// Above every page of an account that closes.
#[must_use]
pub fn banner(closes_at: UnixMs) -> String {
    format!("This account closes on {}.", moments::day(closes_at))
}

/// Why nothing is bought for an account that closes, and what to do.
#[must_use]
pub fn keep_first(closes_at: UnixMs) -> String {
    format!("This account closes on {}. An owner has to keep it first.", moments::day(closes_at))
}

/// What follows from it.
pub const BANNER_TEXT: &str = "Until then everything works, but nothing renews and nothing new can be bought.";

/// How many subscriptions and orders that concerns; `None` where there are none.
#[must_use]
pub fn counted(subscriptions: usize, orders: usize) -> Option<String> {
    let subscriptions = match subscriptions {
        0 => None,
        1 => Some("one subscription that runs".to_owned()),
        count => Some(format!("{count} subscriptions that run")),
    };
    let orders = match orders {
        0 => None,
        1 => Some("one order that is not paid".to_owned()),
        count => Some(format!("{count} orders that are not paid")),
    };
    let both: Vec<String> = subscriptions.into_iter().chain(orders).collect();
    (!both.is_empty()).then(|| format!("At the moment that is {}.", both.join(" and ")))
}

/// What a partner has to know besides, a sentence each: what it has earned and was not paid, and that its vouchers stay good.
#[must_use]
pub fn of_partner(earned: &[Money], open_vouchers: i64) -> Vec<String> {
    let amounts: Vec<String> = earned.iter().map(|earned| licenses::amount(*earned)).collect();
    let earned = (!amounts.is_empty()).then(|| {
        format!(
            "We still owe the company commission: {}. The account does not close before that is paid out.",
            amounts.join(" and ")
        )
    });
    let vouchers = match open_vouchers {
        0 => None,
        1 => Some("One voucher is not redeemed yet. It".to_owned()),
        count => Some(format!("{count} vouchers are not redeemed yet. Each")),
    };
    let vouchers = vouchers.map(|open| {
        format!("{open} stays good for whoever has its code, but once the account is closed nobody can look the code up here.")
    });
    earned.into_iter().chain(vouchers).collect()
}

/// Where the day has passed, and the account waits for what is owed.
#[must_use]
pub fn waits(closes_at: UnixMs) -> String {
    format!("This account was to close on {}.", moments::day(closes_at))
}

/// What follows from it.
pub const WAITS_TEXT: &str = "It closes as soon as nothing is owed any more. Until then everything works, but nothing renews \
                              and nothing new can be bought.";

/// Title of a person's own page, and the link to it.
pub const DELETE: &str = "Delete your sign-in";
/// What the page says.
pub const DELETE_LEAD: &str = "You are logged out everywhere and leave every company, at once and for good.";
/// The act.
pub const DELETE_ACT: &str = "Delete your sign-in for good";
/// The question.
pub const EMAIL: &str = "Your e-mail address";
/// Where another address was typed.
pub const OTHER_ADDRESS: &str = "Type the address that you log in with.";
/// What goes and what stays, a line each.
pub const PERSON_STAYS: [&str; 4] = [
    "Your name, address, password, second factor, passkeys and browsers are erased. With the same address you can sign up anew.",
    "What you wrote to the vendor for a company stays with that company, by a deleted person. So do its licenses and invoices, \
     and its own address for invoices.",
    "An invitation that you have not answered stays with whoever sent it.",
    "The record of who did what stays, with what was noted at the time, network addresses included, for as long as the vendor \
     has to account for it. Nobody can change it.",
];
/// Title above the accounts that nobody else owns.
pub const OWNED_ALONE: &str = "Nobody else owns these companies.";
/// What is to be done first.
pub const OWNED_ALONE_LEAD: &str = "Hand each over to another member, or close it and come back when it is closed.";
/// For the vendor's staff.
pub const IS_STAFF: &str = "You are one of the vendor's staff.";
/// What is to be done first.
pub const IS_STAFF_LEAD: &str = "An administrator has to take you out of the staff first.";
/// Heading of the accounts that the person leaves.
pub const LEAVES: &str = "You leave";

/// For staff: the account closes.
#[must_use]
pub fn closes_for_staff(closes_at: UnixMs) -> String {
    format!("An owner has asked to close this account. It closes on {}.", moments::day(closes_at))
}

/// What follows, for staff.
pub const CLOSES_FOR_STAFF_TEXT: &str = "Nothing that it pays renews, and it buys nothing. An owner can take that back until \
                                         then.";

/// For staff: the account is closed.
#[must_use]
pub fn closed_for_staff(closed_at: UnixMs) -> String {
    format!("This account was closed on {}.", moments::day(closed_at))
}

/// What follows, for staff.
pub const CLOSED_FOR_STAFF_TEXT: &str =
    "What told about it is erased. Its invoices, orders and licenses stay for the books.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn a_partner_reads_what_it_is_owed_and_that_its_vouchers_stay_good() {
        assert!(of_partner(&[], 0).is_empty());
        let owed = Money::new(8_064, Currency::parse("eur").expect("a currency"));
        let both = of_partner(&[owed], 2);
        assert!(
            both[0].contains("80.64") && both[1].starts_with("2 vouchers are not redeemed yet. Each stays good"),
            "{both:?}"
        );
        assert!(of_partner(&[], 1)[0].starts_with("One voucher is not redeemed yet. It stays good"));
    }

    #[test]
    fn what_is_counted_is_a_sentence() {
        assert_eq!(counted(0, 0), None);
        assert_eq!(counted(1, 0).as_deref(), Some("At the moment that is one subscription that runs."));
        assert_eq!(
            counted(2, 1).as_deref(),
            Some("At the moment that is 2 subscriptions that run and one order that is not paid.")
        );
    }
}
