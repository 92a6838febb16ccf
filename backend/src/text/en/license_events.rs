//! What happened under a license, a sentence each, in the words of the license: its seats and plans.

use serde_json::Value;

use super::{buying, licenses, moments};
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::events::Event;
use crate::money::{Currency, Money};

/// Heading of the history.
pub const TITLE: &str = "What happened";
/// Accessible name of the choice of what the timeline shows.
pub const VIEWS: &str = "What is shown";
/// What changed.
pub const CHANGES: &str = "Changes";
/// Check-ins as well.
pub const EVERYTHING: &str = "With every check-in";
/// Accessible name of the timeline's pages.
pub const PAGES: &str = "Pages of the history";
/// The page after.
pub const OLDER: &str = "Show older";
/// The first page.
pub const LATEST: &str = "Show the latest";
/// Where nothing happened.
pub const NOTHING: &str = "Nothing has happened here yet.";

/// The days that a page spans.
#[must_use]
pub fn days(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{last} to {first}") }
}

/// An event in a sentence; `None` for those that say nothing to a customer that another does not say better.
///
/// `plan_name` names plans by their id. Seats are counted in the words of `license_type`.
#[must_use]
pub fn sentence(
    event: &Event,
    license_type: LicenseType,
    plan_name: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let data = &event.data.0;
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let seats = |of: &Value| buying::seats(license_type, of["seats"].as_i64().unwrap_or_default());
    let who = who(data);
    let sentence = match event.event_type.as_str() {
        "license.created" => format!("The license was created, with {}.", seats(data)),
        "license.changed" => return changed(data, license_type, plan_name),
        "license.renewed" => match (day(&data["period_end"]), day(&data["after"]["updates_until"])) {
            (Some(end), _) => format!("Renewed until {end}."),
            (None, Some(end)) => format!("Updates were renewed until {end}."),
            (None, None) => "Renewed.".to_owned(),
        },
        "license.suspended" => match data["after"]["reason"].as_str() {
            Some("past_due") if data["after"]["vendor_standing"] != "suspended" => {
                "Suspended, because a payment is overdue.".to_owned()
            }
            _ => "Suspended by the vendor.".to_owned(),
        },
        "license.revoked" => "Revoked.".to_owned(),
        "license.extended" => match (day(&data["after"]["updates_until"]), last_day(&data["after"]["ends_at"])) {
            (Some(until), _) => format!("Updates were extended until {until}."),
            (None, Some(last)) => format!("The license was extended until {last}."),
            (None, None) => return None,
        },
        "license.handover_asked" => "It was asked to hand the license over to another account.".to_owned(),
        "license.handover_ended" => "The license stays: handing it over came to nothing.".to_owned(),
        "license.handed_over" => "The license was handed over to another account.".to_owned(),
        "license.taken_over" => "The license was taken over, with a key of its own.".to_owned(),
        "license.claimed" => format!("{who} was given the license key with a code."),
        "license.expired" => "The license ended.".to_owned(),
        "license.key_replaced" => match day(&data["old_works_until"]) {
            Some(until) => format!("The license key was replaced. The old one works until {until} at most."),
            None => "The license key was replaced.".to_owned(),
        },
        "instance.activated" if data["surge"] == true => {
            format!("{who} was activated on a seat of the surge, version {}.", text("version"))
        }
        "instance.activated" => format!("{who} was activated, version {}.", text("version")),
        "instance.refused" => format!("{who} was refused: {}{}.", refusal(text("code")), times(event)),
        "instance.blocked" => format!("{who} was blocked."),
        "instance.unblocked" => format!("{who} was unblocked."),
        "instance.deleted" => format!("{who} was deleted."),
        "instance.stale" => format!("{who} showed an old secret{}.", times(event)),
        "instance.cloned" => format!("Two copies of {who} run under one identity; the owners were told."),
        "instance.conflict_decided" => match data["decision"].as_str() {
            Some("keep_running") => format!("It was decided that the copy of {who} that runs goes on."),
            _ => format!("It was decided that the next copy of {who} takes over."),
        },
        "instance.reclaimed" => format!("{who} was silent for too long; its seat is free."),
        "lease.expired" => format!("The lease of {who} ran out; its seat is free."),
        "lease.revoked" => format!("The lease of {who} was revoked."),
        "feature.used" => {
            format!("{who} used {}{}.", licenses::humanised(text("feature")).to_lowercase(), times(event))
        }
        "license.limit_exceeded" => {
            let number = |name: &str| licenses::number(data[name].as_i64().unwrap_or_default());
            let name = licenses::humanised(text("name"));
            format!("{name} went over the limit: {} in use, {} licensed.", number("used"), number("limit"))
        }
        "instance.released" => format!("{who} gave its seat back."),
        "instance.deactivated" => format!("The seat of {who} was freed."),
        "lease.issued" => format!("{who} took a free seat again."),
        "lease.renewed" => format!("{who} checked in{}.", times(event)),
        "order.placed" => format!("Ordered for {}.", money(data, "amount_minor")?),
        "order.expired" => "An order was not paid in time and is closed.".to_owned(),
        "order.cancelled" => "An order was cancelled.".to_owned(),
        "payment.balance_changed" => format!("{} of your transfers is kept for you.", money(data, "available_minor")?),
        "order.paid" => format!("Paid: {} before tax.", money(data, "amount_minor")?),
        "order.change_requested" => return asked(data, license_type, plan_name),
        "order.cancellation_requested" => match day(&data["period_end"]) {
            Some(end) => format!("Cancelled: it ends on {end}."),
            None => "Cancelled.".to_owned(),
        },
        "payment.failed" if data["awaits_confirmation"] == true => {
            "The bank wants the renewal's payment confirmed.".to_owned()
        }
        "payment.failed" => "The renewal could not be charged.".to_owned(),
        "payment.settled" => "The overdue payment was made.".to_owned(),
        "payment.card_changed" => "Another card was given.".to_owned(),
        "order.auto_renewal_started" => "Updates renew by themselves from now on.".to_owned(),
        "order.auto_renewal_stopped" => "Updates do not renew by themselves any more.".to_owned(),
        "order.change_dropped" => "A change that waited for its transfer was dropped.".to_owned(),
        "order.ended_by_vendor" => "The subscription was ended by the vendor.".to_owned(),
        "order.cancellation_withdrawn" => "The cancellation was taken back.".to_owned(),
        "invoice.finalized" => format!("Invoice {} over {} was issued.", text("number"), money(data, "total_minor")?),
        "invoice.paid" => format!("Invoice {} was paid.", text("number")),
        "invoice.voided" => format!("Invoice {} was taken back.", text("number")),
        _ => return None,
    };
    Some(sentence)
}

fn who(data: &Value) -> &str {
    let identity = &data["identity"];
    identity["name"].as_str().or(identity["id"].as_str()).unwrap_or("An instance")
}

/// How often it happened within its hour, and until when.
fn times(event: &Event) -> String {
    match event.occurrences {
        2.. => format!(" ({} times, last at {})", event.occurrences, moments::time_of_day(event.last_at)),
        _ => String::new(),
    }
}

fn day(at: &Value) -> Option<String> {
    let at: jiff::Timestamp = at.as_str()?.parse().ok()?;
    Some(moments::day(UnixMs::from(at)))
}

/// The day before an end, which is the first moment after it.
fn last_day(end: &Value) -> Option<String> {
    let end: jiff::Timestamp = end.as_str()?.parse().ok()?;
    Some(moments::day(UnixMs::from(end).plus(-1)))
}

fn money(data: &Value, name: &str) -> Option<String> {
    let currency = Currency::parse(data["currency"].as_str()?)?;
    Some(licenses::amount(Money::new(data[name].as_i64()?, currency)))
}

/// A license's change: the parts that differ, one phrase each.
fn changed(data: &Value, license_type: LicenseType, plan_name: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (before, after) = (&data["before"], &data["after"]);
    let mut phrases = Vec::new();
    if before["plan_id"] != after["plan_id"] {
        let plan = after["plan_id"].as_str().and_then(plan_name);
        phrases.push(plan.map_or_else(|| "the plan was changed".to_owned(), |plan| format!("the plan is now {plan}")));
    }
    if let (Some(from), Some(to)) = (before["seats"].as_i64(), after["seats"].as_i64())
        && from != to
    {
        let verb = if to > from { "raised" } else { "lowered" };
        let label = buying::seats_label(license_type).to_lowercase();
        phrases.push(format!("{label} {verb} from {from} to {to}"));
    }
    if before["name"] != after["name"] {
        phrases.push(match after["name"].as_str() {
            Some(name) if !name.is_empty() => format!("it was named “{name}”"),
            _ => "its name was removed".to_owned(),
        });
    }
    if before["vendor_standing"] == "suspended" && after["vendor_standing"] == "none" {
        phrases.push("it was reinstated".to_owned());
    }
    if before["overrides"] != after["overrides"] {
        phrases.push("limits or features were changed for this license alone".to_owned());
    }
    if before["status"] != after["status"] && after["status"] == "active" {
        phrases.push("it is active".to_owned());
    }
    let mut sentence = phrases.join(", ");
    if sentence.is_empty() {
        return None;
    }
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence.push('.');
    Some(sentence)
}

/// A change of plan that somebody asked for. What was done at once is told by the license's own event.
fn asked(data: &Value, license_type: LicenseType, plan_name: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let plan = data["plan_id"].as_str().and_then(plan_name).unwrap_or_else(|| "another plan".to_owned());
    let seats = buying::seats(license_type, data["seats"].as_i64().unwrap_or_default());
    match data["outcome"].as_str()? {
        "planned" => Some(format!("A change to {plan} with {seats} was planned for the end of the period.")),
        "kept" => Some("A planned change was dropped.".to_owned()),
        "awaiting_payment" => Some(format!("A change to {plan} with {seats} waits for its payment.")),
        "declined" => Some(format!("A change to {plan} with {seats} was not made: the card was declined.")),
        _ => None,
    }
}

/// Why an instance was refused, by the code of the licensing API.
fn refusal(code: &str) -> String {
    match code {
        "seats_exhausted" => "all seats are in use".to_owned(),
        "devices_exhausted" => "all devices of its user are in use".to_owned(),
        "version_not_covered" => "its version is newer than the updates of this license".to_owned(),
        "feature_not_licensed" => "it needs a feature that is not licensed".to_owned(),
        "license_inactive" => "the license is not active".to_owned(),
        "license_expired" => "the license has ended".to_owned(),
        "license_suspended" => "the license is suspended".to_owned(),
        "license_revoked" => "the license is revoked".to_owned(),
        "instance_released" => "it gave its seat back before".to_owned(),
        "instance_deactivated" => "its seat was freed".to_owned(),
        "instance_blocked" => "it is blocked".to_owned(),
        "instance_not_found" => "the instance whose seat it wanted to free is not there".to_owned(),
        "license_key_replaced" => "the license key was replaced by another".to_owned(),
        "rate_limited" => "the license key freed too many seats within an hour".to_owned(),
        "instance_stale" => "another copy of it is running".to_owned(),
        "invalid_request" => "what it asked cannot be read, or names no release date".to_owned(),
        "identity_kind_mismatch" => "it is not of the kind that this license seats".to_owned(),
        code => licenses::humanised(code).to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cx::Entropy;
    use crate::db::JsonText;

    fn said(event_type: &str, occurrences: i64, data: Value) -> Option<String> {
        let event = Event {
            id: Entropy::seeded(1).id(),
            event_type: event_type.to_owned(),
            instance_id: None,
            data: JsonText(data),
            occurrences,
            occurred_at: UnixMs(0),
            last_at: UnixMs(0),
        };
        sentence(&event, LicenseType::Floating, &|id| (id == "pln_b").then(|| "Business".to_owned()))
    }

    #[test]
    fn a_refusal_names_who_why_and_how_often() {
        let data = json!({ "code": "seats_exhausted", "identity": { "kind": "instance", "id": "node-d" } });
        assert_eq!(
            said("instance.refused", 1, data.clone()).as_deref(),
            Some("node-d was refused: all seats are in use.")
        );
        assert_eq!(
            said("instance.refused", 12, data).as_deref(),
            Some("node-d was refused: all seats are in use (12 times, last at 00:00 UTC).")
        );
        let by_key = json!({ "code": "license_key_replaced", "identity": null });
        assert_eq!(
            said("instance.refused", 1, by_key).as_deref(),
            Some("An instance was refused: the license key was replaced by another.")
        );
    }

    #[test]
    fn a_change_tells_only_what_differs() {
        let was = json!({ "plan_id": "pln_a", "seats": 2, "name": "", "status": "active" });
        let is = json!({ "plan_id": "pln_b", "seats": 4, "name": "Plant", "status": "active" });
        let data = json!({ "before": was.clone(), "after": is });
        assert_eq!(
            said("license.changed", 1, data).as_deref(),
            Some("The plan is now Business, instances raised from 2 to 4, it was named “Plant”.")
        );
        assert_eq!(said("license.changed", 1, json!({ "before": was.clone(), "after": was })), None);
    }

    #[test]
    fn amounts_and_days_are_written_out() {
        let data = json!({ "number": "A-1", "total_minor": 29_900, "currency": "usd" });
        assert_eq!(said("invoice.finalized", 1, data).as_deref(), Some("Invoice A-1 over $299.00 was issued."));
        let data = json!({ "period_end": "2027-03-14T09:00:00Z" });
        assert_eq!(said("license.renewed", 1, data).as_deref(), Some("Renewed until 14 March 2027."));
        assert_eq!(said("something.else", 1, json!({})), None);
    }
}
