//! One installation in the model: what was decided about it, its seat, and its chain of secrets.

use std::collections::BTreeMap;

use super::pool::{Judgement, Presented, Who};
use super::{DAY, MINUTE};

/// The secret before the newest is still good for this long, and a repeated one no sign of a copy.
const RETRY_WINDOW: i64 = MINUTE;
/// So many signs of a copy within a day open a conflict.
const SIGNS: usize = 3;

/// What the instance itself or its owner decided last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// May run. Whether it holds a seat is another question.
    Active,
    Released,
    Deactivated {
        since: i64,
    },
    Blocked,
    /// Forgotten, but for a seat that is still held.
    Deleted,
}

/// What a presented secret is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Good,
    Stale,
    Forged,
}

/// One installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installation {
    pub who: Who,
    pub id: String,
    pub state: State,
    pub held_since: i64,
    pub held_until: i64,
    /// Given back, but not free at once.
    pub given_back: bool,
    /// It has to be held only until then, though it may be for longer.
    pub at_least: Option<i64>,
    /// Whether it was an early return, should it turn out to be free now.
    pub free_early: bool,
    /// Whether its seat is one of a surge.
    pub surge: bool,
    /// Until when a lease for it may be in use, and how long that one was when it was new: the latest of all, also of
    /// those that were given back, since whoever gave one back may still have it.
    pub out_until: i64,
    pub out_for: i64,
    /// The newest secret shown, with which nonce, and since when.
    pub epoch: i64,
    pub n: i64,
    nonce: String,
    shown_at: i64,
    /// The nonce that the epoch began with.
    began_with: String,
    /// When one secret was shown late by two.
    forks: Vec<i64>,
    /// Epochs that had ended when a secret of theirs was shown, and when that was first.
    contested: BTreeMap<i64, i64>,
    conflict_since: Option<i64>,
    /// The last epoch before the first contested flip.
    origin: Option<i64>,
    /// Whether somebody from before the conflict was let in, or the owner's word keeps everybody out.
    pub admitted: bool,
}

impl Installation {
    pub(super) fn new(who: Who, id: &str, epoch: i64) -> Self {
        Self {
            who,
            id: id.to_owned(),
            state: State::Active,
            held_since: 0,
            held_until: 0,
            given_back: false,
            at_least: None,
            free_early: false,
            surge: false,
            out_until: 0,
            out_for: 0,
            epoch,
            n: 0,
            nonce: String::new(),
            shown_at: 0,
            began_with: String::new(),
            forks: Vec::new(),
            contested: BTreeMap::new(),
            conflict_since: None,
            origin: None,
            admitted: false,
        }
    }

    pub(super) fn holds(&self, now: i64) -> bool {
        self.held_until > now
    }

    /// Whether a lease granted now continues the last one, so that the seat is held without a gap.
    pub(super) fn goes_on(&self, now: i64) -> bool {
        self.holds(now) && !self.given_back
    }

    /// Whether somebody has seen a time at which the seat was not held any more.
    pub(super) fn has_run_out(&self, latest: i64) -> bool {
        self.held_until <= latest
    }

    /// Nobody runs on the seat any more.
    pub(super) fn is_free(&mut self, now: i64) {
        self.held_until = now;
        self.given_back = false;
    }

    /// Whether an activation with this nonce repeats the one that began the epoch.
    pub(super) fn is_retry(&self, nonce: &str) -> bool {
        self.state == State::Active && self.began_with == nonce
    }

    /// An activation begins a new epoch: all secrets from before are stale.
    pub(super) fn begin_epoch(&mut self, epoch: i64, nonce: &str, now: i64, is_first: bool) -> Judgement {
        if !is_first && epoch <= self.epoch {
            return Err(format!("the activation began epoch {epoch} after {}", self.epoch));
        }
        (self.epoch, self.n, self.shown_at) = (epoch, 0, now);
        nonce.clone_into(&mut self.nonce);
        nonce.clone_into(&mut self.began_with);
        Ok(())
    }

    /// A secret is shown. A request without a nonce gets no new secret, so it does not use up the one it shows.
    pub(super) fn show(&mut self, secret: Presented, nonce: Option<&str>, now: i64) -> Shown {
        let Presented::Genuine { epoch, n } = secret else { return Shown::Forged };
        let lately = now - self.shown_at <= RETRY_WINDOW;
        if (epoch, n) > (self.epoch, self.n) {
            if let Some(nonce) = nonce {
                (self.epoch, self.n, self.shown_at) = (epoch, n, now);
                nonce.clone_into(&mut self.nonce);
            }
            Shown::Good
        } else if (epoch, n) == (self.epoch, self.n) {
            if nonce.is_some_and(|nonce| nonce != self.nonce) && !lately {
                // The same request once more is no further sign.
                nonce.unwrap_or_default().clone_into(&mut self.nonce);
                self.forks.push(now);
                self.suspect_copies(now);
            }
            Shown::Good
        } else if (epoch, n) == (self.epoch, self.n - 1) && lately {
            Shown::Good
        } else {
            if epoch < self.epoch && !self.contested.contains_key(&epoch) {
                self.contested.insert(epoch, now);
                self.suspect_copies(now);
            }
            Shown::Stale
        }
    }

    fn suspect_copies(&mut self, now: i64) {
        let is_recent = |at: i64| at > now - DAY;
        let flips: Vec<i64> =
            self.contested.iter().filter(|(_, at)| is_recent(**at)).map(|(epoch, _)| *epoch).collect();
        let forks = self.forks.iter().filter(|at| is_recent(**at)).count();
        if !self.in_conflict(now) && forks + flips.len() >= SIGNS {
            self.conflict_since = Some(now);
            self.origin = flips.first().copied();
            self.admitted = false;
        }
    }

    pub(super) fn in_conflict(&self, now: i64) -> bool {
        self.conflict_since.is_some_and(|since| now < since + DAY)
    }

    /// Whether an activation gets in although there is a conflict: once, with a secret from before it began.
    pub(super) fn may_enter_once(&self, shows: Option<Presented>) -> bool {
        let Some(Presented::Genuine { epoch, .. }) = shows else { return false };
        !self.admitted && self.origin.is_some_and(|origin| epoch <= origin)
    }

    /// The owner's word: the running copy stays until the day is over, or the next one gets in. What was seen is
    /// settled by it.
    pub(super) fn decide(&mut self, keeps: bool) {
        if keeps {
            self.admitted = true;
        } else {
            self.conflict_since = None;
        }
        self.forks.clear();
        self.contested.clear();
    }

    /// Moments around which the rules change, for clocks that want to meet them.
    pub(super) fn moments(&self) -> [i64; 6] {
        let pause = match self.state {
            State::Deactivated { since } => since + 10 * MINUTE,
            _ => 0,
        };
        let conflict = self.conflict_since.map_or(0, |since| since + DAY);
        [self.out_until, self.out_until - 15 * MINUTE, self.held_until, self.shown_at + RETRY_WINDOW, pause, conflict]
    }
}
