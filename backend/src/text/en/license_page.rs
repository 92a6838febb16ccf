//! The page of one license: its key, its instances, how to start the product, its name.

use super::{buying, moments};
use crate::billing::Subscription;
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::leases::{Instance, InstanceStatus};

// ── Acts ────────────────────────────────────────────────────────────────────────────────────────────

/// Changes plan, interval or seats.
pub const CHANGE_PLAN: &str = "Change plan";
/// Cancels; the dots say that a page comes before the act.
pub const CANCEL: &str = "Cancel…";
/// Takes a cancellation back.
pub const KEEP: &str = "Keep the subscription";
/// Drops a planned change.
pub const DROP_PLANNED: &str = "Keep the present plan";
/// Pays an open invoice.
pub const PAY: &str = "Pay it";
/// Renews the updates of a perpetual license.
pub const RENEW_UPDATES: &str = "Renew updates";

/// Adds seats: `Add instances`.
#[must_use]
pub fn add_seats(license_type: LicenseType) -> String {
    format!("Add {}", buying::seat_noun(license_type, 2))
}

/// A subscription that was cancelled.
#[must_use]
pub fn cancelled(subscription: &Subscription) -> String {
    format!("Cancelled: it ends on {}.", moments::day(subscription.period_end))
}

/// What follows from it.
pub const CANCELLED_NEXT: &str = "Until then everything works as before, and it can be taken back.";

/// A change that is planned.
#[must_use]
pub fn planned(plan: &str, seats: &str, at: UnixMs) -> String {
    format!("Changes to {plan} with {seats} on {}.", moments::day(at))
}

/// What follows from it.
#[must_use]
pub fn planned_next(amount: &str, per: &str) -> String {
    format!("From then on it costs {amount} {per}, before tax.")
}

/// An invoice that is not paid.
#[must_use]
pub fn unpaid(number: &str, amount: &str) -> String {
    format!("Invoice {number} over {amount} is not paid yet.")
}

/// A change that waits for a payment.
pub const UNPAID_NEXT: &str = "What it is for takes effect, or goes on, as soon as it is paid.";

// ── Key ─────────────────────────────────────────────────────────────────────────────────────────────

/// Heading.
pub const KEY_TITLE: &str = "License key";
/// Label of the key, and of its masked form.
pub const KEY_LABEL: &str = "Key of this license";
/// Shows the key.
pub const REVEAL: &str = "Reveal";
/// What the button is about, for those who only hear it.
pub const REVEAL_ABOUT: &str = "the license key";
/// Under the masked key.
pub const KEY_MASKED_HINT: &str = "Whoever has the key can take a seat. Revealing it is recorded.";
/// Under the key.
pub const KEY_SHOWN_HINT: &str = "Shown once: it is masked again when you load this page anew. Keep it like a password; that you looked is recorded.";
/// Where the role may not see keys.
pub const KEY_NOT_YOURS: &str = "Your role does not show keys. Ask an owner, or somebody who looks after technology.";
/// When the key could not be opened.
pub const KEY_LOST: &str = "The key cannot be opened. Write to us; running instances are not touched.";

// ── Instances ───────────────────────────────────────────────────────────────────────────────────────

/// Columns of the table of instances.
pub const INSTANCE_COLUMNS: [&str; 5] = ["Name", "State", "Version", "Last contact", "Lease until"];
/// Label of the column of acts.
pub const INSTANCE_ACT: &str = "Act";
/// Where nothing was activated.
pub const NO_INSTANCES: &str =
    "Nothing has been activated yet. Start the product with the key; it appears here within seconds.";
/// How many are shown at most.
pub const MORE_INSTANCES: &str = "Older ones that hold no seat are left out.";

/// Heading and caption.
#[must_use]
pub fn instances_title(license_type: LicenseType) -> &'static str {
    buying::seats_label(license_type)
}

/// What an instance does, as far as the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Holds a seat and checks in.
    Running,
    /// Holds a seat, and two checks or more are missing.
    Silent,
    /// Gave its seat back or was freed, and its last lease still runs.
    Leaving,
    /// Holds no seat.
    Away,
    /// Must not run.
    Blocked,
}

/// What an instance does at `now`, when it should check in every `check_s` seconds.
#[must_use]
pub fn presence(instance: &Instance, check_s: i64, now: UnixMs) -> Presence {
    let silent_since = now.plus(-check_s.saturating_mul(2_000));
    match (instance.status, instance.holds_seat(now)) {
        (InstanceStatus::Blocked, _) => Presence::Blocked,
        (_, false) => Presence::Away,
        (InstanceStatus::Active, true) if instance.last_contact_at < silent_since => Presence::Silent,
        (InstanceStatus::Active, true) => Presence::Running,
        (InstanceStatus::Released | InstanceStatus::Deactivated, true) => Presence::Leaving,
    }
}

/// A state in a word, and what it means for the seat.
#[must_use]
pub fn state(instance: &Instance, presence: Presence, now: UnixMs) -> (&'static str, String) {
    let until = moments::moment(instance.held_until, now);
    match (presence, instance.status) {
        (Presence::Running, _) => ("Running", String::new()),
        (Presence::Silent, _) => ("Silent", format!("its seat is kept until {until}")),
        (Presence::Leaving, _) => ("Leaving", format!("its seat is free from {until}")),
        (Presence::Blocked, _) => ("Blocked", "must not run".to_owned()),
        (Presence::Away, InstanceStatus::Released) => ("Released", "gave its seat back".to_owned()),
        (Presence::Away, InstanceStatus::Deactivated) => ("Freed", "its seat was freed here".to_owned()),
        (Presence::Away, _) => ("Stopped", "holds no seat".to_owned()),
    }
}

/// Under an instance's name: its identity, where the name is another one, and since when it is known.
#[must_use]
pub fn known_since(instance: &Instance) -> String {
    let identity = instance.identity();
    let device = identity.device.map(|device| format!(" on {device}")).unwrap_or_default();
    let id = identity.name.filter(|name| *name != identity.id).map(|_| format!("{} · ", identity.id));
    format!("{}{}since {}", id.unwrap_or_default(), device.trim_start(), moments::day(instance.first_contact_at))
}

/// What people call an instance: its name, or its identity.
#[must_use]
pub fn instance_name(instance: &Instance) -> String {
    let identity = instance.identity();
    identity.name.unwrap_or(identity.id)
}

/// Opens the question.
pub const FREE: &str = "Free";

/// What the button is about, for those who only hear it.
#[must_use]
pub fn free_about(name: &str) -> String {
    format!("the seat of {name}")
}

/// The question.
#[must_use]
pub fn free_title(name: &str) -> String {
    format!("Free the seat of {name}?")
}

/// What follows from it.
#[must_use]
pub fn free_text(name: &str, enforcement: &str) -> String {
    format!(
        "{name} is told at its next check and gets no further lease; without one the product {enforcement}. The seat \
         is free for another at once, or, if seats were freed often today, when its last lease ends. {name} may come \
         back after ten minutes, if a seat is free then."
    )
}

/// Does it.
#[must_use]
pub fn free_submit(name: &str) -> String {
    format!("Free the seat of {name}")
}

/// Does not do it.
pub const FREE_CLOSE: &str = "Leave it running";

/// Who holds a seat, and when it was last heard of.
#[must_use]
pub fn holder(name: &str, contact: &str) -> String {
    format!("{name}, last heard of {contact}")
}

/// The way to the instances.
pub const TO_INSTANCES: &str = "See the instances";

// ── Updates of a perpetual license ──────────────────────────────────────────────────────────────────

/// Heading.
pub const UPDATES_TITLE: &str = "Updates";
/// Label.
pub const UPDATES_UNTIL: &str = "Included until";
/// Label.
pub const NEWEST_COVERED: &str = "Newest covered release";
/// Label.
pub const NEXT_YEAR: &str = "One more year";
/// Where no release is covered.
pub const NO_RELEASE: &str = "none yet";

/// A version and its day.
#[must_use]
pub fn release(version: &str, released_on: jiff::civil::Date) -> String {
    format!("{version}, of {}", super::documents::date(released_on))
}

/// The price of the next year, and until when it goes.
#[must_use]
pub fn next_year(amount: &str, until: UnixMs) -> String {
    format!("{amount} before tax, up to {}", moments::day(until))
}

/// What the end of updates means.
pub const UPDATES_LEAD: &str =
    "Every release published up to that day may run for ever. Later ones need another year of updates.";

// ── Starting, history, name ─────────────────────────────────────────────────────────────────────────

/// Heading.
pub const START_TITLE: &str = "Start the product";
/// Lead.
pub const START_LEAD: &str = "The product reads its key and this server's address when it starts.";
/// In place of the key, while it is masked.
pub const KEY_PLACE: &str = "LH-…";
/// Label of the environment file.
pub const ENV_FILE: &str = "Environment file";
/// Label of the compose file.
pub const COMPOSE: &str = "Docker Compose";
/// Label of the unit.
pub const SYSTEMD: &str = "systemd";
/// Copies lines: act, done, refused.
pub const COPY_LINES: [&str; 3] = buying::COPY_LINES;

/// The variables, one a line.
#[must_use]
pub fn env_file(origin: &str, key: &str) -> String {
    format!("LEASEHOLD_SERVER={origin}\nLEASEHOLD_LICENSE_KEY={key}")
}

/// A service of a compose file; the variables stay in a file of their own, out of version control.
#[must_use]
pub fn compose(product: &str) -> String {
    format!(
        "services:\n  {product}:\n    image: {product}\n    env_file: ./license.env\n    restart: unless-stopped\n    \
         volumes:\n      - ./data:/var/lib/{product}"
    )
}

/// A unit that reads the variables from a file.
#[must_use]
pub fn systemd(product: &str) -> String {
    format!(
        "[Service]\nEnvironmentFile=/etc/{product}/license.env\nExecStart=/usr/bin/{product}\n\
         StateDirectory={product}\nRestart=always"
    )
}

/// Heading of the history.
pub const HISTORY_TITLE: &str = "Latest";
/// Where nothing happened.
pub const NO_HISTORY: &str = "Nothing has happened yet.";
/// Heading of the name.
pub const NAME_TITLE: &str = "Name";
/// Label.
pub const NAME_LABEL: &str = "Name of this license";
/// Hint.
pub const NAME_HINT: &str = "Only you see it: what this license is for. Leave it empty to show product and plan.";
/// The word beside the label.
pub const OPTIONAL: &str = "optional";
/// Saves it.
pub const NAME_SUBMIT: &str = "Save the name";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_hold_the_key_in_one_place_only() {
        assert_eq!(
            env_file("https://licenses.example.com", "LH-A"),
            "LEASEHOLD_SERVER=https://licenses.example.com\nLEASEHOLD_LICENSE_KEY=LH-A"
        );
        assert!(compose("iot").contains("env_file: ./license.env"));
        assert!(systemd("iot").contains("EnvironmentFile=/etc/iot/license.env"));
        assert!(!compose("iot").contains("LH-") && !systemd("iot").contains("LH-"));
    }
}
