//! The secrets of one instance as the sequential pool knows them: which one is the newest that was shown, what betrays
//! that copies run under its identity, and the conflict that follows.
//!
//! Secrets are a chain, and each of them says its place. Who shows the newest place, or one ahead of it, is answered with the
//! next one. What a copy shows is *stale* (behind), a *fork* (the newest again, late and with another nonce), or it is
//! of an epoch that an activation has superseded, which contests that activation. The third fork or contest within a
//! day opens a conflict.
//!
//! A server that answers checks from memory may lose how far a secret has rolled when it is killed or when somebody else
//! writes to its database, though never an epoch or a sign of a copy. So what may be stored in place of the newest is kept
//! beside it.

use std::collections::BTreeSet;

use super::span::Span;
use super::{DAY, MINUTE, Position};

/// The secret before the newest is still good for this long, and the newest shown again no fork.
const RETRY_WINDOW: i64 = MINUTE;
/// So many signs of a copy within a day open a conflict.
const SIGNS: usize = 3;
/// So many signs are remembered: until then a superseded epoch counts once, however often it comes back.
const REMEMBERED: usize = 16;

/// A secret that was shown when it was the newest: its place within the epoch, with which nonce, and when it was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shown {
    n: i64,
    nonce: u64,
    since: Span,
}

/// What showing a secret may mean, and what is the newest afterwards.
enum Meaning {
    Good(Shown),
    Fork(Shown),
    Stale(Shown),
}

/// A sign that copies run: a fork, or a secret of this epoch after another had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sign {
    at: Span,
    superseded: Option<i64>,
}

/// A conflict about the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Conflict {
    since: Span,
    /// The last epoch before the first that was contested; none where all signs were forks.
    origin: Option<i64>,
    /// Whether somebody with a secret from then was let in.
    admitted: bool,
    /// Whether the owner decided that the copy which runs stays.
    kept: bool,
}

/// What a secret that is shown is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Good,
    Stale,
}

/// How a secret is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing {
    pub secret: Position,
    /// Without one there is no next secret, so this one is not used up.
    pub nonce: Option<u64>,
    pub span: Span,
    /// Where it may be noted in memory alone, the moment from which on what was the newest before it is not.
    pub in_memory_until: Option<i64>,
}

/// What is known of an instance's newest secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Secrets {
    /// One of these is the newest that was shown.
    newest: BTreeSet<Shown>,
    /// What may be stored in its place, with the moment until which it was the newest at the latest.
    behind: BTreeSet<(Shown, i64)>,
}

impl Secrets {
    /// These of which nothing is behind.
    fn written(newest: BTreeSet<Shown>) -> Self {
        Self { newest, behind: BTreeSet::new() }
    }

    /// Either these or those.
    pub(super) fn extend(&mut self, other: Self) {
        self.newest.extend(other.newest);
        self.behind.extend(other.behind);
    }
}

/// The secrets of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lineage {
    epoch: i64,
    /// The nonce of the activation that began the epoch.
    began_with: Option<u64>,
    pub(super) secrets: Secrets,
    /// In the order in which they were noted.
    signs: Vec<Sign>,
    conflict: Option<Conflict>,
}

impl Shown {
    /// What it may mean that the place `n` of the same epoch is shown.
    fn meanings(self, n: i64, nonce: Option<u64>, span: Span) -> Vec<Meaning> {
        let late = match (n - self.n, nonce.filter(|nonce| *nonce != self.nonce)) {
            (1.., _) => {
                let next = nonce.map_or(self, |nonce| Self { n, nonce, since: span });
                return vec![Meaning::Good(next)];
            }
            (0, None) => return vec![Meaning::Good(self)],
            (0, Some(other)) => Meaning::Fork(Self { nonce: other, ..self }),
            (-1, _) => Meaning::Stale(self),
            _ => return vec![Meaning::Stale(self)],
        };
        let is_surely_soon = span.last - self.since.first <= RETRY_WINDOW;
        let may_be_soon = span.first - self.since.last <= RETRY_WINDOW;
        let soon = may_be_soon.then_some(Meaning::Good(self));
        soon.into_iter().chain((!is_surely_soon).then_some(late)).collect()
    }

    /// The same, where it is long past that it was shown.
    fn without_past(self, past: i64) -> Self {
        let is_past = self.since.last + RETRY_WINDOW <= past;
        Self { since: if is_past { Span::default() } else { self.since }, ..self }
    }
}

impl Lineage {
    // ── Secrets ─────────────────────────────────────────────────────────────────────────────────────

    /// What may have become of it after a secret was shown, and what that was worth.
    pub(super) fn show(&self, showing: Showing) -> Vec<(Self, Worth)> {
        let Showing { secret, nonce, span, in_memory_until } = showing;
        if secret.epoch > self.epoch {
            // Epochs are stored before they are answered, so nobody has a secret of a later one.
            return Vec::new();
        }
        if secret.epoch < self.epoch {
            let is_known = self.signs.iter().any(|sign| sign.superseded == Some(secret.epoch));
            let stored = self.stored();
            let after = if is_known { vec![stored] } else { stored.signed(Some(secret.epoch), span) };
            return after.into_iter().map(|it| (it, Worth::Stale)).collect();
        }
        let (mut good, mut forked, mut stale) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut behind = self.secrets.behind.clone();
        for shown in &self.secrets.newest {
            for meaning in shown.meanings(secret.n, nonce, span) {
                match meaning {
                    Meaning::Good(after) => {
                        let left = in_memory_until.filter(|_| after != *shown);
                        behind.extend(left.map(|until| (*shown, until)));
                        good.insert(after);
                    }
                    Meaning::Fork(after) => _ = forked.insert(after),
                    Meaning::Stale(after) => _ = stale.insert(after),
                }
            }
        }
        let mut all = Vec::new();
        if !good.is_empty() {
            let behind = if in_memory_until.is_some() { behind } else { BTreeSet::new() };
            all.push((self.with(Secrets { newest: good, behind }), Worth::Good));
        }
        if !forked.is_empty() {
            let forked = self.with(Secrets::written(forked)).signed(None, span);
            all.extend(forked.into_iter().map(|it| (it, Worth::Good)));
        }
        if !stale.is_empty() {
            all.push((self.with(Secrets::written(stale)), Worth::Stale));
        }
        all
    }

    /// Where the answer brought this next secret, if it can have; without an answer nothing is known.
    pub(super) fn answered(mut self, next: Option<Position>) -> Option<Self> {
        if let Some(next) = next {
            self.secrets.newest.retain(|shown| next == Position { epoch: self.epoch, n: shown.n + 1 });
        }
        (!self.secrets.newest.is_empty()).then_some(self)
    }

    /// The same after the row was written: nothing else is stored.
    fn stored(&self) -> Self {
        self.with(Secrets::written(self.secrets.newest.clone()))
    }

    fn with(&self, secrets: Secrets) -> Self {
        Self { secrets, ..self.clone() }
    }

    /// Whatever was the newest before this moment has been written.
    pub(super) fn store_until(&mut self, moment: i64) {
        self.secrets.behind.retain(|(_, until)| *until >= moment);
    }

    /// What only memory knows may be lost: what may be stored in its place may be the newest again. It stays behind as
    /// well, as nothing was written.
    pub(super) fn may_lose_memory(&mut self) {
        let Secrets { newest, behind } = &mut self.secrets;
        newest.extend(behind.iter().map(|(shown, _)| *shown));
    }

    // ── Activations ─────────────────────────────────────────────────────────────────────────────────

    /// Whether an activation with this nonce repeats the one that began the epoch.
    pub(super) fn began_with(&self, nonce: u64) -> bool {
        self.began_with == Some(nonce)
    }

    /// What may follow when somebody activates who shows this secret: nothing where a conflict surely keeps it out.
    pub(super) fn admit(&self, secret: Option<Position>, span: Span) -> Vec<Self> {
        let (surely, maybe) = self.is_in_conflict(span);
        let once = self.conflict.filter(|_| maybe && self.may_enter_once(secret));
        let once =
            once.map(|conflict| Self { conflict: Some(Conflict { admitted: true, ..conflict }), ..self.clone() });
        once.into_iter().chain((!surely).then(|| self.clone())).collect()
    }

    /// Whether a conflict may keep it out.
    pub(super) fn may_keep_out(&self, secret: Option<Position>, span: Span) -> bool {
        self.is_in_conflict(span).1 && !self.may_enter_once(secret)
    }

    /// A conflict lets in once who was there before it began.
    fn may_enter_once(&self, secret: Option<Position>) -> bool {
        let Some(Conflict { origin: Some(origin), admitted: false, kept: false, .. }) = self.conflict else {
            return false;
        };
        secret.is_some_and(|secret| secret.epoch <= origin)
    }

    /// An activation begins the next epoch.
    pub(super) fn begin(self, nonce: u64, span: Span) -> Self {
        Self {
            epoch: self.epoch + 1,
            began_with: Some(nonce),
            secrets: Secrets::written(BTreeSet::from([Shown { n: 0, nonce, since: span }])),
            ..self
        }
    }

    // ── Copies ──────────────────────────────────────────────────────────────────────────────────────

    /// Whether there is a conflict, surely and maybe.
    pub(super) fn is_in_conflict(&self, span: Span) -> (bool, bool) {
        let Some(Conflict { since, .. }) = self.conflict else { return (false, false) };
        (span.last < since.first + DAY, span.first < since.last + DAY)
    }

    /// A sign of a copy is noted; it may open a conflict where there is none.
    fn signed(mut self, superseded: Option<i64>, span: Span) -> Vec<Self> {
        if self.signs.len() >= REMEMBERED {
            self.signs.remove(0);
        }
        self.signs.push(Sign { at: span.in_hours(), superseded });
        let (surely, maybe) = self.is_in_conflict(span);
        let opened = if surely { Vec::new() } else { self.opened(span) };
        let opened = opened.into_iter().map(|opened| Self { conflict: opened.or(self.conflict), ..self.clone() });
        opened.chain(maybe.then(|| self.clone())).collect()
    }

    /// The conflicts that the signs of a day may be, and `None` where they may be none.
    fn opened(&self, span: Span) -> Vec<Option<Conflict>> {
        let mut signs = self.signs.clone();
        signs.sort_unstable_by_key(|sign| sign.at.last);
        let of_recent = |old: usize| {
            let (old, recent) = signs.split_at(old);
            let may_be = old.iter().all(|sign| sign.at.first <= span.last - DAY)
                && recent.iter().all(|sign| sign.at.last > span.first - DAY);
            let origin = recent.iter().filter_map(|sign| sign.superseded).min();
            let opens = recent.len() >= SIGNS;
            let conflict = Conflict { since: span.in_hours(), origin, admitted: false, kept: false };
            may_be.then_some(opens.then_some(conflict))
        };
        (0..=signs.len()).filter_map(of_recent).collect()
    }

    /// The owner's word about a conflict: the copy that runs stays until the day is over, or the next one gets in. What led
    /// to it is settled.
    pub(super) fn decide(&mut self, keeps: bool) {
        self.conflict = self.conflict.filter(|_| keeps).map(|conflict| Conflict { kept: true, ..conflict });
        self.signs.clear();
    }

    /// Forgets what matters no more.
    pub(super) fn forget(&mut self, past: i64) {
        let Secrets { newest, behind } = &mut self.secrets;
        *newest = newest.iter().map(|shown| shown.without_past(past)).collect();
        *behind = behind.iter().map(|(shown, until)| (shown.without_past(past), *until)).collect();
        for sign in &mut self.signs {
            if sign.at.last + DAY <= past {
                sign.at = Span::default();
            }
        }
        self.conflict = self.conflict.filter(|conflict| conflict.since.last + DAY > past);
    }

    /// What copies have come to.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        let has = |which: fn(&Sign) -> bool| self.signs.iter().any(which);
        let in_conflict = |which: fn(&Conflict) -> bool| self.conflict.as_ref().is_some_and(which);
        [
            has(|sign| sign.superseded.is_none()).then_some("a fork"),
            has(|sign| sign.superseded.is_some()).then_some("a contested activation"),
            in_conflict(|_| true).then_some("a conflict"),
            in_conflict(|conflict| conflict.admitted).then_some("let in once"),
            in_conflict(|conflict| conflict.kept).then_some("kept out"),
        ]
        .into_iter()
        .flatten()
    }
}
