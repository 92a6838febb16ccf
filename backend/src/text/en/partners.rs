//! Partners in the portal: what is agreed with them, their clients, and what those have.

use super::{documents, licenses, moments, new_clients, overview};
use crate::campaigns::rules::write_percent;
use crate::clock::UnixMs;
use crate::money::Money;
use crate::partners::rules::OPEN_DAYS;
use crate::partners::{ListedClient, PartnerTerms, RelationStatus, Renewal};

/// What customers see of a partner's discount on Stripe's pages: at most 40 characters.
pub const COUPON: &str = "Discount of your partner";

/// What is agreed with a partner: name and value.
#[must_use]
pub fn agreed(terms: PartnerTerms) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        (TERMS[0], share(terms.commission_bp)),
        (TERMS[1], if terms.discount_bp > 0 { share(terms.discount_bp) } else { "none".to_owned() }),
    ];
    facts.extend(terms.days_until_due.map(|days| (TERMS[2], within(days))));
    facts
}

/// Names of what is agreed: commission, discount, days.
const TERMS: [&str; 3] = ["Commission", "Discount for clients", "Transfers"];

pub(super) fn share(bp: i64) -> String {
    if bp == 0 { "0 %".to_owned() } else { format!("{} %", write_percent(bp)) }
}

fn within(days: i64) -> String {
    if days == 1 { "to be paid within a day".to_owned() } else { format!("to be paid within {days} days") }
}

/// An amount before tax.
#[must_use]
pub fn before_tax(amount: Money) -> String {
    format!("{}, before tax", licenses::amount(amount))
}

/// A day.
#[must_use]
pub fn day(at: UnixMs) -> String {
    documents::date(at.date())
}

// ── The partner's clients ───────────────────────────────────────────────────────────────────────────

/// Label in the navigation, and accessible name of the links between a partner's pages.
pub const SECTION: &str = "Partnership";
/// Title of the list, and label of its link.
pub const CLIENTS: &str = "Clients";
/// Lead of the list.
pub const CLIENTS_LEAD: &str =
    "You see what your clients have and when it renews, and order for them. Keys and invoices are theirs alone.";
/// Columns of the list: client, standing, licenses, since.
pub const CLIENT_COLUMNS: [&str; 4] = ["Client", "Standing", "Licenses that work", "Since"];
/// Where there are none.
pub const NO_CLIENTS: &str = "You have no clients yet. Invite the first one below, or make an account for it.";
/// Where none is like what was looked for.
pub const NONE_FOUND: &str = "No client of yours has that in its name or address.";
/// Label of what is looked for.
pub const SEARCH_LABEL: &str = "Name or e-mail address";
/// Looks for it.
pub const SEARCH: &str = "Show";
/// Takes the list along.
pub const AS_CSV: &str = "Download as CSV";
/// Accessible name of the pages of the list.
pub const CLIENT_PAGES: &str = "Pages of clients";
/// The page after.
pub const OLDER: &str = "Show older";
/// The first page.
pub const NEWEST: &str = "Show the newest";
/// Takes an invitation back.
pub const WITHDRAW: &str = "Take back";
/// Heard over the column of what can be done.
pub const ACT: &str = "What can be done";
/// Leads to what renews.
pub const TO_RENEWALS: &str = "What renews soon";

/// How many are shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "One client".to_owned() } else { format!("{count} clients") }
}

/// Where a client stands.
#[must_use]
pub fn standing(client: &ListedClient, now: UnixMs) -> String {
    match client.status {
        RelationStatus::Active if client.accepted_at.is_none() => new_clients::standing(client.expires_at, now),
        RelationStatus::Invited => format!("invited, until {}", day(client.expires_at)),
        RelationStatus::Active => "client".to_owned(),
        RelationStatus::Declined | RelationStatus::Withdrawn | RelationStatus::Ended => "over".to_owned(),
    }
}

/// Heading of the form that invites.
pub const INVITE: &str = "Invite a client";

/// What happens then.
#[must_use]
pub fn invite_lead() -> String {
    format!(
        "They get a mail and decide within {OPEN_DAYS} days. Who has no account here yet signs up with that address."
    )
}

/// Label of the client's name.
pub const COMPANY: &str = "Company";
/// Beside it.
pub const COMPANY_HINT: &str = "What you call it in this list until it has accepted.";
/// Label of the address.
pub const EMAIL: &str = "E-mail address of an owner there";
/// Invites.
pub const INVITE_SUBMIT: &str = "Send the invitation";
/// For roles that may not.
pub const OWNERS_INVITE: &str = "Owners of your account invite clients.";

/// Nothing was typed for a name, or what cannot be printed.
pub const NO_COMPANY: &str = "Write the company's name, in letters that documents can print.";
/// What was typed is no address.
pub const NO_ADDRESS: &str = "Write an e-mail address, such as name@example.com.";
/// It is the inviter's own.
pub const OWN_ADDRESS: &str = "That is your own address. Write the one of an owner at your client.";
/// There is an invitation already.
pub const INVITED_BEFORE: &str = "An invitation to this address waits for its answer. Take it back to send another.";
/// It is a client.
pub const IS_CLIENT: &str = "Whoever has this address has accepted already, and is in your list.";

/// Too many invitations.
#[must_use]
pub fn limited(retry_after_s: i64) -> String {
    format!("Too many invitations in a short time. Try again in {}.", moments::length(retry_after_s))
}

// ── A client ────────────────────────────────────────────────────────────────────────────────────────

/// Lead of a client's page.
#[must_use]
pub fn client_lead(since: UnixMs) -> String {
    format!("Your client since {}.", day(since))
}

/// Heading of the licenses.
pub const LICENSES: &str = "Licenses";
/// Columns of the licenses: license, status, seats, next date, who pays.
pub const LICENSE_COLUMNS: [&str; 5] = ["License", "Status", "Seats in use", "Next date", "Paid by"];
/// Where the client has none.
pub const NO_LICENSES: &str = "This client has no license yet.";
/// Accessible name of the pages of licenses.
pub const LICENSE_PAGES: &str = "Pages of licenses";

/// How many licenses are shown.
#[must_use]
pub fn licenses_shown(count: usize) -> String {
    if count == 1 { "One license".to_owned() } else { format!("{count} licenses") }
}

/// Seats that are held.
#[must_use]
pub fn seats(held: i64, seats: i64) -> String {
    format!("{} of {}", licenses::number(held), licenses::number(seats))
}

/// Who pays.
#[must_use]
pub fn paid_by(by_partner: bool) -> &'static str {
    if by_partner { "You" } else { "The client" }
}

/// Who pays, where the partner has paid before.
pub const CONTINUED: &str = "The client, who continues it";

/// It renews.
#[must_use]
pub fn renews(at: UnixMs) -> String {
    format!("renews on {}", day(at))
}

/// The client pays it, and until then it works.
#[must_use]
pub fn works_until(end: UnixMs) -> String {
    format!("works until {}", day(end))
}

/// It ends.
#[must_use]
pub fn ends(at: UnixMs) -> String {
    format!("ends on {}", day(at.plus(-1)))
}

/// Updates end.
#[must_use]
pub fn updates_end(at: UnixMs) -> String {
    format!("updates end on {}", day(at))
}

/// There is no end.
pub const NO_END: &str = "no end";

/// Heading of what can be ordered.
pub const ORDER: &str = "Order for this client";
/// What it means.
pub const ORDER_LEAD: &str =
    "The license belongs to the client. On the next page you choose whether you pay or the client does.";
/// Orders a plan.
pub const ORDER_ACT: &str = "Order";
/// For roles that may not.
pub const MAY_NOT_ORDER: &str = "Owners and people with the billing role order for clients.";
/// Columns of the plans: product, plan.
pub const PLAN_COLUMNS: [&str; 2] = ["Product", "Plan"];
/// Where nothing is sold.
pub const NOTHING_SOLD: &str = "Nothing is sold at the moment.";

/// Ends the relation.
pub const END: &str = "End the relation";
/// Asks first.
pub const END_ASK: &str = "End the relation…";
/// Changes nothing.
pub const KEEP: &str = "Keep it";

/// What ending means for the partner.
#[must_use]
pub fn end_text(client: &str) -> String {
    format!(
        "You no longer see what {client} has. {client} keeps its licenses; what you pay for them runs until the end of \
         what is paid, and does not renew."
    )
}

/// Changes what the partner pays.
pub const CHANGE: &str = "Change";
/// Stops what the partner pays.
pub const STOP: &str = "Cancel";
/// Goes on with it.
pub const RESUME: &str = "Keep renewing";
/// Gives another card for it.
pub const CARD: &str = "Card";

// ── A client's license ──────────────────────────────────────────────────────────────────────────────

/// Heading of the instances.
pub const INSTANCES: &str = "Instances";
/// Columns of the instances: name, version, seat, last contact.
pub const INSTANCE_COLUMNS: [&str; 4] = ["Instance", "Version", "Seat", "Last contact"];
/// Where there are none.
pub const NO_INSTANCES: &str = "Nothing has been activated under this license yet.";
/// Accessible name of the pages of instances.
pub const INSTANCE_PAGES: &str = "Pages of instances";

/// Whether an instance holds a seat.
#[must_use]
pub fn seat(held_until: Option<UnixMs>, now: UnixMs) -> String {
    match held_until {
        Some(until) => format!("held until {}", moments::moment(until, now)),
        None => "free".to_owned(),
    }
}

/// How many instances are shown.
#[must_use]
pub fn instances_shown(count: usize) -> String {
    if count == 1 { "One instance".to_owned() } else { format!("{count} instances") }
}

// ── What renews soon ────────────────────────────────────────────────────────────────────────────────

/// Title of the page.
pub const RENEWALS: &str = "What renews soon";
/// Its lead.
pub const RENEWALS_LEAD: &str = "Everything of your clients that renews or ends within the next 60 days, the soonest first. Subscriptions renew by \
     themselves; beside what ends stands how it can go on.";
/// Leads to a subscription that the partner has called off and can go on with.
pub const KEEP_RENEWING: &str = "Keep it renewing";
/// Leads to an order of something new, where what ends cannot go on.
pub const ORDER_ANOTHER: &str = "Order another";
/// Columns: when, client, license, what happens, who pays.
pub const RENEWAL_COLUMNS: [&str; 5] = ["When", "Client", "License", "What happens", "Paid by"];
/// The page after.
pub const LATER: &str = "Show later";
/// The first page.
pub const SOONEST: &str = "Show the soonest";
/// Where there is none.
pub const NO_RENEWALS: &str = "Nothing renews or ends within the next 60 days.";
/// Accessible name of the pages.
pub const RENEWAL_PAGES: &str = "Pages of renewals";

/// The license's name.
#[must_use]
pub fn license_name(renewal: &Renewal) -> String {
    overview::license_name(&renewal.license_name, &renewal.product_name, &renewal.plan_name)
}

/// What happens on the day.
#[must_use]
pub fn happens(renewal: &Renewal) -> &'static str {
    match (renewal.is_cancelled, renewal.ends_at) {
        (Some(true), _) => "ends, cancelled",
        (Some(false), _) => "renews",
        (None, Some(_)) => "ends",
        (None, None) => "updates end",
    }
}

/// How many are shown.
#[must_use]
pub fn renewals_shown(count: usize) -> String {
    if count == 1 { "One date".to_owned() } else { format!("{count} dates") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_told_as_they_were_agreed() {
        let terms =
            |commission_bp, discount_bp, days_until_due| PartnerTerms { commission_bp, discount_bp, days_until_due };
        let told =
            |terms| agreed(terms).into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>();
        assert_eq!(
            told(terms(1_250, 1_000, Some(30))),
            ["Commission: 12.5 %", "Discount for clients: 10 %", "Transfers: to be paid within 30 days"]
        );
        assert_eq!(told(terms(0, 0, None)), ["Commission: 0 %", "Discount for clients: none"]);
        assert!(COUPON.chars().count() <= 40);
    }
}
