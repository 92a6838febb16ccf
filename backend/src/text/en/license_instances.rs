//! The instances of a license: what each does, who may take its seat, and what the owner can do about it.

use std::collections::BTreeMap;

use super::{buying, licenses, moments};
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::leases::instance_list::ListedInstance;
use crate::leases::{Contest, InstanceStatus};

// ── The list ────────────────────────────────────────────────────────────────────────────────────────

/// Columns of the table of instances.
pub const COLUMNS: [&str; 5] = ["Name", "State", "Version", "Last contact", "Lease until"];
/// Label of the column of acts.
pub const ACT: &str = "Act";
/// Where nothing was activated.
pub const NONE: &str =
    "Nothing has been activated yet. Start the product with the key; it appears here within seconds.";
/// Where nothing was activated and nothing may be.
pub const NONE_WAS: &str = "Nothing was activated under it.";
/// Where nothing matches what was looked for.
pub const NONE_FOUND: &str = "None of them has this in its name, identity, device or version.";
/// Shows all again.
pub const SHOW_ALL: &str = "Show all";
/// Label of the field to look for some.
pub const FIND: &str = "Name, identity or version";
/// Looks for them.
pub const FIND_SUBMIT: &str = "Find";
/// Accessible name of the pages.
pub const PAGES: &str = "Pages of instances";
/// The first page.
pub const FIRST: &str = "Back to the beginning";
/// The page after.
pub const MORE: &str = "More";

/// Heading and caption.
#[must_use]
pub fn title(license_type: LicenseType) -> &'static str {
    buying::seats_label(license_type)
}

/// How many are on the page.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 shown".to_owned() } else { format!("{count} shown, those that hold a seat first") }
}

// ── States ──────────────────────────────────────────────────────────────────────────────────────────

/// What an instance does, as far as the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Two copies of it run, and its owner has to decide.
    Conflict,
    /// Holds a seat and checks in.
    Running,
    /// Holds a seat, and two checks or more are missing.
    Silent,
    /// Gave its seat back or was freed, and the seat is not free yet.
    Leaving,
    /// Holds no seat.
    Away,
    /// Must not run.
    Blocked,
}

/// What an instance does at `now`, when it should check in every `check_s` seconds.
#[must_use]
pub fn presence(instance: &ListedInstance, check_s: i64, now: UnixMs) -> Presence {
    let silent_since = now.plus(-check_s.saturating_mul(2_000));
    match (instance.status, instance.holds_seat(now)) {
        (InstanceStatus::Blocked, _) => Presence::Blocked,
        _ if instance.conflict_since(now).is_some() => Presence::Conflict,
        (_, false) => Presence::Away,
        (InstanceStatus::Active, true) if instance.last_contact_at < silent_since => Presence::Silent,
        (InstanceStatus::Active, true) => Presence::Running,
        (_, true) => Presence::Leaving,
    }
}

/// A state in a word, and what it means for the seat.
#[must_use]
pub fn state(instance: &ListedInstance, presence: Presence, now: UnixMs) -> (&'static str, String) {
    let until = moments::moment(instance.held_until, now);
    match (presence, instance.status) {
        (Presence::Conflict, _) => ("Conflict", "two copies of it run".to_owned()),
        (Presence::Running, _) if instance.surge => ("Running", "on a seat of the surge".to_owned()),
        (Presence::Running, _) => ("Running", String::new()),
        (Presence::Silent, _) => ("Silent", format!("its seat is kept until {until}")),
        (Presence::Leaving, _) => ("Leaving", format!("its seat is free from {until}")),
        (Presence::Blocked, _) if instance.holds_seat(now) => ("Blocked", format!("its seat is free from {until}")),
        (Presence::Blocked, _) => ("Blocked", "must not run".to_owned()),
        (Presence::Away, InstanceStatus::Released) => ("Released", "gave its seat back".to_owned()),
        (Presence::Away, InstanceStatus::Deactivated) => ("Freed", "its seat was freed here".to_owned()),
        (Presence::Away, _) => ("Stopped", "holds no seat".to_owned()),
    }
}

/// Under an instance's name: its identity, where the name is another one, and since when it is known.
#[must_use]
pub fn known_since(instance: &ListedInstance) -> String {
    let identity = instance.identity();
    let device = identity.device.map(|device| format!(" on {device}")).unwrap_or_default();
    let id = identity.name.filter(|name| *name != identity.id).map(|_| format!("{} · ", identity.id));
    format!(
        "{}{}since {}",
        id.unwrap_or_default(),
        spaced(device.trim_start()),
        moments::day(instance.first_contact_at)
    )
}

fn spaced(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("{words} · ") }
}

/// What people call an instance: its name, or its identity.
#[must_use]
pub fn name(instance: &ListedInstance) -> String {
    let identity = instance.identity();
    identity.name.unwrap_or(identity.id)
}

// ── Its own page ────────────────────────────────────────────────────────────────────────────────────

/// Heading of the facts.
pub const FACTS_TITLE: &str = "Instance";
/// Labels of the facts: state, identity, device, version, first contact, last contact, seat held since, lease until,
/// seat kept until, reported, id.
pub const FACTS: [&str; 11] = [
    "State",
    "Identity",
    "Device",
    "Version",
    "First contact",
    "Last contact",
    "Seat held since",
    "Lease until",
    "Seat kept until",
    "Reports",
    "Instance id",
];
/// Heading of what can be done.
pub const ACTS_TITLE: &str = "What you can do";
/// Heading of the history of one instance.
pub const HISTORY_TITLE: &str = "What it did";

/// The lead of the page: what it does now.
#[must_use]
pub fn lead(instance: &ListedInstance, presence: Presence, now: UnixMs) -> String {
    let contact = moments::ago(instance.last_contact_at, now);
    let until = moments::moment(instance.held_until, now);
    match (presence, instance.status) {
        (Presence::Conflict, _) => {
            "Two copies of it run under one identity. Decide below which of them may go on.".to_owned()
        }
        (Presence::Running, _) => format!("Running, last heard of {contact}. Everything is as it should be."),
        (Presence::Silent, _) => {
            format!("Silent: last heard of {contact}. Its seat is kept until {until}, unless you free it.")
        }
        (Presence::Leaving, _) => format!("It gets no further lease. Its seat is free from {until}."),
        (Presence::Blocked, _) => "Blocked: it gets no lease until you unblock it.".to_owned(),
        (Presence::Away, InstanceStatus::Released) => {
            format!("It gave its seat back and was last heard of {contact}. It comes back when it activates again.")
        }
        (Presence::Away, InstanceStatus::Deactivated) => {
            format!("Its seat was freed; last heard of {contact}. It may activate again ten minutes after that.")
        }
        (Presence::Away, _) => {
            format!("It holds no seat; last heard of {contact}. At its next check it takes a free one.")
        }
    }
}

/// An identity in words: `user anna@example.com`.
#[must_use]
pub fn identity(instance: &ListedInstance) -> String {
    let identity = instance.identity();
    format!("{} {}", identity.kind.as_str(), identity.id)
}

/// What it reports of each limit.
#[must_use]
pub fn levels(levels: &BTreeMap<String, i64>) -> String {
    let level = |(name, level): (&String, &i64)| {
        format!("{} {}", licenses::number(*level), licenses::humanised(name).to_lowercase())
    };
    levels.iter().map(level).collect::<Vec<_>>().join(", ")
}

// ── Freeing, blocking, deleting ─────────────────────────────────────────────────────────────────────

/// Opens the question.
pub const FREE: &str = "Free";
/// Does not do it.
pub const FREE_CLOSE: &str = "Leave it running";

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
         is free for another at once, or, if seats were freed often today, when it would have lapsed by itself. {name} \
         may come back after ten minutes, if a seat is free then."
    )
}

/// Does it.
#[must_use]
pub fn free_submit(name: &str) -> String {
    format!("Free the seat of {name}")
}

/// Beside the button, in few words.
pub const FREE_SHORT: &str = "Gives its seat to another; it may come back after ten minutes.";
/// Beside the button, in few words.
pub const BLOCK_SHORT: &str = "Nothing that shows this identity gets a lease until you unblock it.";
/// Beside the button, in few words.
pub const DELETE_SHORT: &str = "For what is gone for good. Its history stays.";
/// Opens the question.
pub const BLOCK: &str = "Block…";
/// Does not do it.
pub const BLOCK_CLOSE: &str = "Do not block it";
/// Takes a block back.
pub const UNBLOCK: &str = "Unblock";
/// What a block means, beside the button that takes it back.
pub const UNBLOCK_TEXT: &str = "Unblocked, it may activate again and take a free seat.";

/// The question.
#[must_use]
pub fn block_title(name: &str) -> String {
    format!("Block {name}?")
}

/// What follows from it.
#[must_use]
pub fn block_text(name: &str, enforcement: &str) -> String {
    format!(
        "{name} gets no lease any more, whatever it does, until you unblock it; without one the product \
         {enforcement}. Its seat is freed. Others with the same key are not touched; if somebody has the key who \
         should not, replace it as well."
    )
}

/// Does it.
#[must_use]
pub fn block_submit(name: &str) -> String {
    format!("Block {name}")
}

/// Opens the question.
pub const DELETE: &str = "Delete…";
/// Does not do it.
pub const DELETE_CLOSE: &str = "Keep it";

/// The question.
#[must_use]
pub fn delete_title(name: &str) -> String {
    format!("Delete {name}?")
}

/// What follows from it.
#[must_use]
pub fn delete_text(name: &str) -> String {
    format!(
        "{name} leaves this list, and its seat is free at once, or, if seats were freed often today, when it would have \
         lapsed by itself. What it did stays in the history. If it still runs, it is unknown at its next check, and \
         activates as a new one while it has the key."
    )
}

/// Does it.
#[must_use]
pub fn delete_submit(name: &str) -> String {
    format!("Delete {name}")
}

// ── Two copies under one identity ───────────────────────────────────────────────────────────────────

/// Heading.
pub const CONFLICT_TITLE: &str = "Two copies run under one identity";
/// Keeps the copy that runs now.
pub const KEEP_RUNNING: &str = "Keep the copy that runs now";
/// What follows from it.
pub const KEEP_RUNNING_TEXT: &str = "The other one stays refused. Choose this when a machine or a volume was copied by mistake; then give \
     the copy an identity of its own.";
/// Lets the next copy that activates take over.
pub const LET_NEXT_IN: &str = "Let the next one take over";
/// What follows from it.
pub const LET_NEXT_IN_TEXT: &str = "The next copy that activates takes the seat, and the one that runs now is refused from then on. Choose this \
     after a restore from a backup, or when the wrong copy holds the seat.";
/// The way to the decision.
pub const DECIDE: &str = "Decide";

/// What was seen.
#[must_use]
pub fn conflict_text(since: UnixMs, now: UnixMs) -> String {
    format!(
        "Since {} two copies have shown secrets of this identity in turn, three times within a day. The one that \
         held the seat then goes on; whoever activates under the identity is refused until you decide, at the latest \
         for a day.",
        moments::moment(since, now)
    )
}

/// One sign of two copies.
#[must_use]
pub fn contest(contest: &Contest, now: UnixMs) -> String {
    let at = moments::moment(contest.at, now);
    match contest.superseded {
        Some(_) => format!("{at}: a copy showed the secret of an activation that another copy had replaced."),
        None => format!("{at}: two copies showed the same secret."),
    }
}

/// The notice on the license's page.
#[must_use]
pub fn conflict_notice(name: &str) -> String {
    format!("Two copies of {name} run under one identity.")
}

/// What is said beside it.
pub const CONFLICT_NEXT: &str = "One of them is refused until you decide which may go on.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY_MS, MINUTE_MS};

    const NOW: UnixMs = UnixMs(1_795_255_200_000); // 2026-11-21T10:00:00Z
    const CHECK_S: i64 = 180;

    fn instance(held_min: i64, contact_min: i64) -> ListedInstance {
        ListedInstance::example("node-a", "Plant", NOW.plus(held_min * MINUTE_MS), NOW.plus(contact_min * MINUTE_MS))
    }

    #[test]
    fn what_an_instance_does_follows_from_its_seat_and_its_silence() {
        for (status, held_min, contact_min, expected, word) in [
            (InstanceStatus::Active, 5, -1, Presence::Running, "Running"),
            (InstanceStatus::Active, 5, -7, Presence::Silent, "Silent"),
            (InstanceStatus::Active, -1, -7, Presence::Away, "Stopped"),
            (InstanceStatus::Released, -1, -7, Presence::Away, "Released"),
            (InstanceStatus::Deactivated, 5, -1, Presence::Leaving, "Leaving"),
            (InstanceStatus::Deactivated, -1, -1, Presence::Away, "Freed"),
            (InstanceStatus::Blocked, 5, -1, Presence::Blocked, "Blocked"),
        ] {
            let mut instance = instance(held_min, contact_min);
            instance.status = status;
            let presence = presence(&instance, CHECK_S, NOW);
            assert_eq!(presence, expected, "{status:?} held {held_min} min, heard of {contact_min} min");
            assert_eq!(state(&instance, presence, NOW).0, word);
        }
        let torn = instance(5, -1).with("", Some(NOW.plus(-MINUTE_MS)));
        assert_eq!(presence(&torn, CHECK_S, NOW), Presence::Conflict);
        assert_eq!(presence(&torn, CHECK_S, NOW.plus(DAY_MS)), Presence::Away, "a conflict is over after a day");
    }

    #[test]
    fn under_its_name_stands_who_it_is() {
        assert_eq!(known_since(&instance(5, 0)), "node-a · since 1 January 1970");
        let unnamed = ListedInstance::example("node-a", "", NOW, NOW);
        assert_eq!((name(&unnamed).as_str(), known_since(&unnamed).as_str()), ("node-a", "since 1 January 1970"));
        assert_eq!(known_since(&instance(5, 0).with("laptop-7", None)), "node-a · on laptop-7 · since 1 January 1970");
    }
}
