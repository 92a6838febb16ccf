//! The client's side of a relation with a partner: its invitation, what it means, what its partner pays.

use super::partners::day;
use crate::clock::UnixMs;
use crate::partners::RelationStatus;

/// Title of an invitation.
pub const INVITATION: &str = "A partner for you";

/// Lead of an invitation.
#[must_use]
pub fn invitation_lead(partner: &str) -> String {
    format!("{partner} invites you as a client. You need not answer.")
}

/// Heading of what it means.
pub const MEANS: &str = "What it means";
/// What it means for the client.
pub const POINTS: [&str; 4] = [
    "Your partner sees your licenses, what runs under them, and when they renew or end.",
    "It sees no key and no invoice of yours, and changes nothing.",
    "It orders licenses for you. They are yours; you pay only what you have agreed to pay yourself.",
    "You and your partner can end it at any time.",
];

/// Accepts.
#[must_use]
pub fn accept(company: &str) -> String {
    format!("Accept for {company}")
}

/// Does not accept.
pub const DECLINE: &str = "Decline";
/// The address has to be confirmed.
pub const CONFIRM_FIRST: &str = "Confirm your e-mail address first, so that we know that the invitation is for you. The mail with the link was sent to \
     it; your account page sends another.";
/// Leads there.
pub const TO_ACCOUNT: &str = "Open my account page";
/// Whoever decides acts for the partner.
pub const OWN_ACCOUNT: &str =
    "The invitation comes from the account that you act for now. Switch to the one that shall be the client.";
/// Whoever decides has another role.
pub const NOT_OWNER: &str = "Only an owner can accept for this account.";
/// The account is the partner's client already.
pub const CLIENT_ALREADY: &str =
    "This account is the partner's client already. Decline this invitation, or switch to another account.";

/// What has become of an invitation or a relation.
#[must_use]
pub fn over(status: RelationStatus) -> &'static str {
    match status {
        RelationStatus::Invited => "It waits for an answer.",
        RelationStatus::Active => "It lasts.",
        RelationStatus::Declined => "You have declined.",
        RelationStatus::Withdrawn => "The invitation was taken back, or its time is over.",
        RelationStatus::Ended => "It is over. Your licenses stay as they are.",
    }
}

/// Lead of a relation that lasts, for the client.
#[must_use]
pub fn partner_lead(partner: &str, since: UnixMs) -> String {
    format!("{partner} has been your partner since {}.", day(since))
}

/// What ending means for the client.
#[must_use]
pub fn client_end_text(partner: &str) -> String {
    format!(
        "{partner} sees nothing of your account any more. Your licenses, keys and instances stay as they are. {STAYS}"
    )
}

/// What becomes of what the partner pays.
pub const STAYS: &str = "A subscription that your partner pays runs until the end of what is paid, and does not renew. On its license's page \
     you can continue it at your own expense: with the same key, and without a gap.";

/// Title of the client's list of partners, and label of its link.
pub const PARTNERS: &str = "Partners";
/// Lead of the list.
pub const PARTNERS_LEAD: &str = "Who orders for you and sees what you have.";
/// Columns: partner, since.
pub const PARTNER_COLUMNS: [&str; 2] = ["Partner", "Since"];
/// Where there are none.
pub const NO_PARTNERS: &str = "No partner looks after this account. A partner that shall do so invites you by mail.";
/// Heading above what a former partner keeps.
pub const FORMER: &str = "When you were a partner";
/// What it is.
pub const FORMER_LEAD: &str = "The vouchers that you bought stay good, and what you have earned stays yours.";

/// On the license that a partner pays.
#[must_use]
pub fn pays(partner: &str) -> String {
    format!("{partner}, your partner")
}

/// Label of who pays.
pub const PAYER: &str = "Paid by";
/// Where whoever pays for it is no partner any more.
pub const FORMER_PAYER: &str = "A former partner, until the end of what is paid";
