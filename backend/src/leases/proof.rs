//! What a genuine secret proves about an instance, and what is remembered of it. Pure.

use super::lineage::{self, Lineage, Position, Shown};
use super::{Instance, conflict};
use crate::clock::UnixMs;

/// What showing a secret did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// What it proves.
    pub lineage: Lineage,
    /// Whether it opened a conflict.
    pub opens_conflict: bool,
}

/// Judges a genuine secret that is shown at `now`, and notes it in `instance`, which the caller stores.
///
/// A request without a nonce gets no new secret, so it must not use up the one it shows: it is judged, and only what
/// betrays a copy is noted.
pub(super) fn show(instance: &mut Instance, presented: Position, nonce: Option<&str>, now: UnixMs) -> Proof {
    let shown = Shown {
        at: Position { epoch: instance.epoch, n: instance.shown_n },
        nonce: instance.shown_nonce.clone(),
        since: instance.shown_at,
    };
    let lineage = lineage::decide(&shown, presented, nonce, now);
    let contested = match (lineage, nonce) {
        (Lineage::Next, Some(nonce)) => {
            if presented.epoch != instance.epoch {
                // Counted anew, since counters are cumulative within an epoch.
                instance.counters.0.clear();
            }
            instance.epoch = presented.epoch;
            instance.shown_n = presented.n;
            instance.shown_nonce = nonce.to_owned();
            instance.shown_at = now;
            false
        }
        (Lineage::Next | Lineage::Retry, _) => false,
        (Lineage::Fork, nonce) => {
            // A retry of this very request is no further fork.
            instance.shown_nonce = nonce.unwrap_or_default().to_owned();
            conflict::note(&mut instance.contests.0, None, now)
        }
        (Lineage::Stale, _) => {
            presented.epoch < shown.at.epoch && conflict::note(&mut instance.contests.0, Some(presented.epoch), now)
        }
    };
    let stands = instance.conflict(now).is_some();
    let opened = conflict::open(&instance.contests.0, now).filter(|_| contested && !stands);
    if opened.is_some() {
        instance.conflict = opened.map(crate::db::JsonText);
    }
    Proof { lineage, opens_conflict: opened.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{HOUR_MS, MINUTE_MS};

    const NONCE: &str = "0123456789abcdef";

    fn at(epoch: i64, n: i64) -> Position {
        Position { epoch, n }
    }

    fn running() -> Instance {
        Instance { epoch: 5, shown_n: 3, shown_nonce: NONCE.to_owned(), ..Instance::example() }
    }

    #[test]
    fn only_a_request_that_gets_a_new_secret_uses_up_the_one_it_shows() {
        let mut instance = running();
        assert_eq!(show(&mut instance, at(5, 4), None, UnixMs(0)).lineage, Lineage::Next);
        assert_eq!(instance, running());
        assert_eq!(show(&mut instance, at(5, 4), Some("another"), UnixMs(7)).lineage, Lineage::Next);
        assert_eq!((instance.shown_n, instance.shown_nonce.as_str(), instance.shown_at), (4, "another", UnixMs(7)));
    }

    #[test]
    fn a_secret_ahead_of_the_store_is_good_and_begins_counting_anew() {
        let mut instance = running();
        instance.counters.0.insert("exports".to_owned(), 7);
        show(&mut instance, at(5, 9), Some("another"), UnixMs(0));
        assert_eq!(instance.counters.0.len(), 1);
        show(&mut instance, at(7, 1), Some("another"), UnixMs(0));
        assert_eq!((instance.epoch, instance.shown_n, instance.counters.0.len()), (7, 1, 0));
    }

    #[test]
    fn three_contests_open_one_conflict_and_retries_are_none() {
        let mut instance = running();
        let late = UnixMs(2 * MINUTE_MS);
        let contested = |instance: &mut Instance, position, nonce| show(instance, position, Some(nonce), late);
        assert_eq!(contested(&mut instance, at(5, 3), NONCE).lineage, Lineage::Retry);
        assert_eq!(contested(&mut instance, at(5, 2), "second").lineage, Lineage::Stale); // old, of this epoch
        assert_eq!(contested(&mut instance, at(5, 3), "second").lineage, Lineage::Fork);
        assert_eq!(contested(&mut instance, at(5, 3), "second").lineage, Lineage::Retry);
        assert!(!contested(&mut instance, at(4, 9), "third").opens_conflict);
        assert!(!contested(&mut instance, at(4, 8), "third").opens_conflict); // the same flip
        assert_eq!(instance.contests.0.len(), 2);
        assert!(contested(&mut instance, at(3, 1), "third").opens_conflict);
        assert_eq!(instance.conflict(late).and_then(|conflict| conflict.origin), Some(3));
        assert!(!contested(&mut instance, at(2, 1), "third").opens_conflict); // it stands already
        let next_day = late.plus(24 * HOUR_MS);
        assert_eq!(instance.conflict(next_day), None);
        assert!(!show(&mut instance, at(1, 1), None, next_day).opens_conflict);
    }
}
