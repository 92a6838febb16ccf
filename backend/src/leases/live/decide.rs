//! Which checks change nothing but the times: a pure decision.

use jiff::civil::Date;
use sdk::wire::CheckRequest;

use super::super::lineage::{self, Lineage, Position, Shown};
use super::super::rules::{self, LeaseTimes};
use super::super::{Instance, InstanceStatus};
use crate::clock::{SECOND_MS, UnixMs};
use crate::licenses::{LicenseView, rules as license_rules};

/// How far a seat is held ahead of what its lease needs, so that checks which follow soon need no commit of their own:
/// whoever checks every 25 s never waits for one.
/// With the margin it stays below the two minutes in which a dead instance's seat must be free.
const AHEAD_MS: i64 = 50 * SECOND_MS;

/// What was examined of the build when the entry was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Examined {
    pub version: String,
    pub released_on: Option<Date>,
    /// The key sets that the client knows, none newer than which there were.
    pub known_seq: Option<i64>,
}

/// A check that renews the lease and changes nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renewal {
    /// The times of the lease to sign.
    pub times: LeaseTimes,
    /// The secret that was shown, if it was for the first time.
    pub shown: Option<Position>,
    /// Until when the seat has to be held before the lease may leave the house.
    pub needed: UnixMs,
    /// Where it is held for less than this, it is to be held until `held_until`: that is written with the next last
    /// contact, long before anybody has to wait for it.
    pub enough: UnixMs,
    /// Until when the seat is held if that is written.
    pub held_until: UnixMs,
}

/// Decides whether `request` is such a check; `None` leaves it to the use case, which also says why not.
///
/// Whoever calls it answers for the rest of what the use case would ask the database: that license, instance and
/// signing key are those of the last commit.
pub(super) fn renew(
    view: &LicenseView,
    instance: &Instance,
    instance_key: &[u8],
    examined: &Examined,
    request: &CheckRequest,
    now: UnixMs,
    jitter: u8,
) -> Option<Renewal> {
    let license = &view.license;
    let changes_nothing = request.borrow_s.is_none()
        && request.known_seq == examined.known_seq
        && request.version == examined.version
        && request.released_on == examined.released_on
        && request.levels.as_ref().is_none_or(|levels| *levels == instance.levels.0)
        && (!license.terms.usage_signals
            || request.counters.as_ref().is_none_or(|counters| *counters == instance.counters.0));
    let may = instance.status == InstanceStatus::Active
        && instance.holds_seat(now)
        // Time that went back would shorten what is held.
        && instance.last_contact_at <= now
        && license_rules::standing(license, now).is_ok();
    if !changes_nothing || !may || request.validate().is_err() {
        return None;
    }
    let presented = lineage::open(instance_key, &request.secret)?;
    let shown = Shown {
        at: Position { epoch: instance.epoch, n: instance.shown_n },
        nonce: instance.shown_nonce.clone(),
        since: instance.shown_at,
    };
    let shown = match lineage::decide(&shown, presented, Some(request.nonce.as_str()), now) {
        Lineage::Next => Some(presented),
        Lineage::Retry => None,
        Lineage::Fork | Lineage::Stale => return None,
    };
    let times = rules::lease_times(&license.terms.lease, license.license_type, now, license.ends_at, None, jitter);
    if times.exp <= times.iat {
        return None;
    }
    let exp = UnixMs::from_seconds(times.exp);
    let held_until = rules::held_until(&license.terms.lease, license.license_type, now, exp);
    let (enough, ahead) = (held_until.plus(AHEAD_MS / 2), held_until.plus(AHEAD_MS));
    Some(Renewal { times, shown, needed: held_until, enough, held_until: ahead })
}
