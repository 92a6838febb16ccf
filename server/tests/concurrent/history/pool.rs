//! The sequential pool of seats of one license: which calls it can answer how, and what it is afterwards.
//!
//! What it does not know exactly it keeps as a span: a seat is held *surely* until a minute after its lease, and *maybe*
//! until two; a call without an answer happened at some moment between its beginning and its end, if at all. Where more
//! than one thing may have happened there is a pool for each. Who of the holders is older, whether a surge is open and how
//! many seats came back early follows from the moments that are in the answers.

use std::collections::{BTreeMap, BTreeSet};

use super::lineage::{Lineage, Secrets, Showing, Worth};
use super::span::Span;
use super::{Answer, BORROW, Call, DAY, LEASE, Lease, MINUTE, Node, Position, SECOND, SURGE, Seen, Terms};

/// A seat is held for this long after its lease.
const MARGIN: i64 = MINUTE;
/// A dead instance's seat is free this long after its lease at the latest.
const FREE_WITHIN: i64 = 2 * MINUTE;
/// A deactivated instance may come back after this.
const PAUSE: i64 = 10 * MINUTE;
/// So little left of a lease makes giving its seat back nothing special.
const NEARLY_OVER: i64 = 15 * MINUTE;
/// What is over is kept for so long, for calls that began before.
const SLACK: i64 = 10 * SECOND;

/// Why a check that shows a good secret may be refused.
const REFUSALS: [Answer; 5] = [
    Answer::LicenseSuspended,
    Answer::LicenseRevoked,
    Answer::InstanceReleased,
    Answer::InstanceDeactivated,
    Answer::SeatsExhausted,
];

/// What the vendor says about the license.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Right {
    Granted,
    Suspended,
    Revoked,
}

/// Whether a node may run, as the last call about it left it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Standing {
    #[default]
    New,
    Active,
    Released,
    Deactivated(Span),
}

/// A held seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Held {
    since: Span,
    /// Whether it is one of a surge.
    surge: bool,
    /// Whether nobody has given it back: a seat whose lease is borrowed may be held on all the same.
    open: bool,
    surely_until: i64,
    maybe_until: i64,
}

/// What is known of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Installation {
    standing: Standing,
    held: Option<Held>,
    /// The latest end of any lease that was handed out for it.
    out_until: Span,
    lineage: Lineage,
}

impl Installation {
    /// Whether an activation with this nonce repeats the one that began the epoch.
    fn is_retry(&self, nonce: u64) -> bool {
        self.standing == Standing::Active && self.lineage.began_with(nonce)
    }
}

/// Where a lease is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On one of the license's own seats.
    Own,
    /// On a seat of the surge that is open.
    Surge,
    /// The same, and this grant opens the surge.
    NewSurge,
}

/// How many seats, at least and at most.
#[derive(Default)]
struct Count {
    least: usize,
    most: usize,
}

/// The sequential pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pool {
    seats: usize,
    surge_seats: usize,
    right: Right,
    /// Whether the server may lose what only its memory knows.
    forgets: bool,
    /// When a surge was last opened.
    surge: Option<Span>,
    nodes: BTreeMap<Node, Installation>,
    /// When seats of long leases were given back and were free at once; in order, so that equal pools are one.
    early_returns: Vec<Span>,
}

impl Pool {
    pub(super) fn new(terms: Terms, forgets: bool) -> Self {
        Self {
            seats: terms.seats,
            surge_seats: terms.surge_seats,
            right: Right::Granted,
            forgets,
            surge: None,
            nodes: BTreeMap::new(),
            early_returns: Vec::new(),
        }
    }

    /// What the pool may be after this call; nothing if it cannot be answered like that.
    pub(super) fn after(&self, seen: &Seen) -> Vec<Self> {
        let (lease, span) = match seen.answer {
            Some(Answer::Lease(lease)) => (Some(lease), Span::at(lease.at)),
            _ => (None, Span::of(seen.from, seen.to)),
        };
        let frees = matches!(seen.answer, Some(Answer::Freed { .. }) | None);
        let show = |secret| Showing { secret, nonce: None, span, in_memory_until: None };
        match (seen.call, seen.answer) {
            (Call::SetSeats(seats), Some(Answer::Done) | None) => vec![Self { seats, ..self.clone() }],
            (Call::Suspend, Some(Answer::Done) | None) => vec![self.with(Right::Suspended)],
            (Call::Reinstate, Some(Answer::Done) | None) => vec![self.with(Right::Granted)],
            (Call::Revoke, Some(Answer::Done) | None) => vec![self.with(Right::Revoked)],
            (Call::Decide { node, keeps }, answer) => self.decide(node, keeps, answer, span).into_iter().collect(),
            (Call::Release { node, shows }, answer) => self.by_secret(node, show(shows), answer, |pool| {
                if frees { pool.give_back(node, Standing::Released, seen) } else { Vec::new() }
            }),
            (Call::Deactivate { by, shows, node }, answer) => self.by_secret(by, show(shows), answer, |pool| {
                match (pool.of(by).standing, answer) {
                    (Standing::Active, _) if frees => pool.give_back(node, Standing::Deactivated(span), seen),
                    // Who does not run any more frees nobody's seat.
                    (Standing::Released, Some(Answer::InstanceReleased) | None)
                    | (Standing::Deactivated(_), Some(Answer::InstanceDeactivated) | None) => vec![pool.clone()],
                    _ => Vec::new(),
                }
            }),
            (Call::Check { node, borrows, shows, nonce }, answer) => {
                let may_be_in_memory = self.forgets && !seen.surely_writes();
                let in_memory_until = may_be_in_memory.then_some(seen.to);
                let showing = Showing { nonce: Some(nonce), in_memory_until, ..show(shows) };
                self.by_secret(node, showing, answer, |pool| pool.check(node, borrows, seen, span, lease))
            }
            (Call::Activate { node, nonce, borrows, shows }, Some(Answer::Lease(_)) | None) => {
                let begun = self.begun(node, nonce, shows, span).into_iter();
                let begun = begun.filter_map(|lineage| lineage.answered(lease.map(|lease| lease.next)));
                begun
                    .flat_map(|lineage| self.with_lineage(node, lineage).grant(node, borrows, true, span, lease))
                    .collect()
            }
            (call, Some(answer)) if self.may_refuse(call, answer, span) => vec![self.clone()],
            (_, _) => Vec::new(),
        }
    }

    /// The license after the vendor's word; the last one is that it is revoked.
    fn with(&self, right: Right) -> Self {
        let right = if self.right == Right::Revoked { Right::Revoked } else { right };
        Self { right, ..self.clone() }
    }

    fn with_lineage(&self, node: Node, lineage: Lineage) -> Self {
        let mut pool = self.clone();
        pool.nodes.entry(node).or_default().lineage = lineage;
        pool
    }

    fn of(&self, node: Node) -> Installation {
        self.nodes.get(&node).cloned().unwrap_or_default()
    }

    // ── Who may have a lease ────────────────────────────────────────────────────────────────────────

    /// Whoever shows a stale secret is told so; where it is good, the rest follows.
    fn by_secret(
        &self,
        node: Node,
        showing: Showing,
        answer: Option<Answer>,
        good: impl Fn(&Self) -> Vec<Self>,
    ) -> Vec<Self> {
        let shown = self.of(node).lineage.show(showing).into_iter();
        let after = |(lineage, worth)| {
            let pool = self.with_lineage(node, lineage);
            match (worth, answer) {
                (Worth::Stale, Some(Answer::InstanceStale) | None) => vec![pool],
                (Worth::Stale, Some(_)) => Vec::new(),
                (Worth::Good, _) => good(&pool),
            }
        };
        shown.flat_map(after).collect()
    }

    /// What a check with a good secret leaves behind. A secret was shown also where the check is refused.
    fn check(&self, node: Node, borrows: bool, seen: &Seen, span: Span, lease: Option<Lease>) -> Vec<Self> {
        let may_refuse = |answer: &Answer| self.may_refuse(seen.call, *answer, span);
        let is_refused = match &seen.answer {
            None => REFUSALS.iter().any(may_refuse),
            Some(answer) => may_refuse(answer),
        };
        let it = self.of(node);
        let is_granted = it.standing == Standing::Active && (lease.is_some() || seen.answer.is_none());
        let lineage = it.lineage.answered(lease.map(|lease| lease.next)).filter(|_| is_granted);
        let granted = lineage.map(|it| self.with_lineage(node, it).grant(node, borrows, false, span, lease));
        granted.into_iter().flatten().chain(is_refused.then(|| self.clone())).collect()
    }

    /// What may be known of a node's secrets after an activation that is let in.
    fn begun(&self, node: Node, nonce: u64, shows: Option<Position>, span: Span) -> Vec<Lineage> {
        let it = self.of(node);
        match it.standing {
            Standing::Deactivated(since) if span.last < since.first + PAUSE => Vec::new(),
            _ if it.is_retry(nonce) => vec![it.lineage],
            _ => it.lineage.admit(shows, span).into_iter().map(|lineage| lineage.begin(nonce, span)).collect(),
        }
    }

    /// The owner decides a conflict, if there is one.
    fn decide(&self, node: Node, keeps: bool, answer: Option<Answer>, span: Span) -> Option<Self> {
        let mut pool = self.clone();
        let lineage = &mut pool.nodes.entry(node).or_default().lineage;
        let (surely, maybe) = lineage.is_in_conflict(span);
        match answer {
            Some(Answer::Nothing) => (!surely).then_some(pool),
            Some(Answer::Done) | None if maybe => {
                lineage.decide(keeps);
                Some(pool)
            }
            _ => None,
        }
    }

    fn may_refuse(&self, call: Call, answer: Answer, span: Span) -> bool {
        let (Call::Activate { node, .. } | Call::Check { node, .. }) = call else { return false };
        let it = self.of(node);
        match (call, answer) {
            (_, Answer::LicenseSuspended) => self.right == Right::Suspended,
            (_, Answer::LicenseRevoked) => self.right == Right::Revoked,
            (Call::Activate { .. }, Answer::InstanceDeactivated) => {
                matches!(it.standing, Standing::Deactivated(since) if span.first < since.last + PAUSE)
            }
            (Call::Activate { nonce, shows, .. }, Answer::InstanceConflict) => {
                !it.is_retry(nonce) && it.lineage.may_keep_out(shows, span)
            }
            (Call::Check { .. }, Answer::InstanceDeactivated) => matches!(it.standing, Standing::Deactivated(_)),
            (Call::Check { .. }, Answer::InstanceReleased) => it.standing == Standing::Released,
            (_, Answer::SeatsExhausted) => {
                let may_open = matches!(call, Call::Activate { .. });
                self.own_seat(node, span).any(|mine| self.may_be_full(node, mine, may_open, span))
            }
            _ => false,
        }
    }

    /// The seat that the node holds, and `None` where it may hold none.
    fn own_seat(&self, node: Node, span: Span) -> impl Iterator<Item = Option<Held>> {
        let held = self.nodes.get(&node).and_then(|it| it.held);
        let holds = held.filter(|held| held.maybe_until > span.first);
        let holds_none = held.is_none_or(|held| held.surely_until <= span.last);
        holds.map(Some).into_iter().chain(holds_none.then_some(None))
    }

    /// The others whose seats come before this one's: of those on the same kind of seat whoever holds it for longer,
    /// those on seats of a surge after all on the license's own, newcomers last.
    fn ahead(&self, node: Node, mine: Option<Held>, span: Span) -> Count {
        let mut count = Count::default();
        let others = self.nodes.iter().filter(|(other, _)| **other != node);
        for held in others.filter_map(|(_, it)| it.held) {
            let (surely, maybe) = match mine {
                None => (true, true),
                Some(mine) if held.surge == mine.surge => {
                    (held.since.last < mine.since.first, held.since.first <= mine.since.last)
                }
                Some(mine) => (mine.surge, mine.surge),
            };
            count.least += usize::from(surely && held.surely_until > span.last);
            count.most += usize::from(maybe && held.maybe_until > span.first);
        }
        count
    }

    /// Whether a surge is open, surely and maybe. Leases end in whole seconds, and so does it.
    fn is_surge_open(&self, span: Span) -> (bool, bool) {
        let Some(opened) = self.surge.filter(|_| self.surge_seats > 0) else { return (false, false) };
        let closes_at = opened.map(|at| whole(at + SURGE));
        (whole(span.last) < closes_at.first, whole(span.first) < closes_at.last)
    }

    /// Whether a surge may be opened, surely and maybe.
    fn is_surge_due(&self, span: Span) -> (bool, bool) {
        let Some(opened) = self.surge else { return (self.surge_seats > 0, self.surge_seats > 0) };
        (opened.last + DAY <= span.first, opened.first + DAY <= span.last)
    }

    /// Where there may be a seat.
    fn places(&self, node: Node, mine: Option<Held>, may_open: bool, span: Span) -> Vec<Place> {
        let ahead = self.ahead(node, mine, span);
        let may_be_taken = ahead.most >= self.seats;
        let may_overflow =
            mine.is_none_or(|mine| mine.surge) && may_be_taken && ahead.least < self.seats + self.surge_seats;
        let ((is_open, may_be_open), (_, may_be_due)) = (self.is_surge_open(span), self.is_surge_due(span));
        let opens = may_open && mine.is_none() && may_be_due && !is_open;
        let own = (ahead.least < self.seats).then_some(Place::Own);
        let surge = (may_overflow && may_be_open).then_some(Place::Surge);
        let new_surge = (may_overflow && opens).then_some(Place::NewSurge);
        own.into_iter().chain(surge).chain(new_surge).collect()
    }

    /// Whether there may be none.
    fn may_be_full(&self, node: Node, mine: Option<Held>, may_open: bool, span: Span) -> bool {
        let ahead = self.ahead(node, mine, span);
        let ((is_open, _), (is_due, _)) = (self.is_surge_open(span), self.is_surge_due(span));
        // Whoever holds one of the license's own is not moved to one of a surge.
        let overflows = mine.is_none_or(|mine| mine.surge) && (is_open || may_open && mine.is_none() && is_due);
        let surge_seats = if overflows { self.surge_seats } else { 0 };
        ahead.most >= self.seats + surge_seats
    }

    // ── Leases ──────────────────────────────────────────────────────────────────────────────────────

    fn grant(&self, node: Node, borrows: bool, may_open: bool, span: Span, lease: Option<Lease>) -> Vec<Self> {
        if self.right != Right::Granted {
            return Vec::new();
        }
        let mut pools = Vec::new();
        for mine in self.own_seat(node, span) {
            for place in self.places(node, mine, may_open, span) {
                pools.extend(self.granted(node, mine, place, borrows, span, lease));
            }
        }
        pools
    }

    /// The pool with a lease of this place, unless the one that was seen is not such a lease.
    fn granted(
        &self,
        node: Node,
        mine: Option<Held>,
        place: Place,
        borrows: bool,
        span: Span,
        lease: Option<Lease>,
    ) -> Option<Self> {
        let mut pool = self.clone();
        if place == Place::NewSurge {
            pool.surge = Some(span);
        }
        let is_borrowed = borrows && place == Place::Own;
        let life = if is_borrowed { BORROW } else { LEASE };
        let mut until = span.map(|at| whole(at) + life);
        if place != Place::Own {
            until = until.sooner(pool.surge?.map(|at| whole(at + SURGE)));
        }
        if let Some(lease) = lease {
            if !until.has(lease.until) || lease.borrowed != is_borrowed || lease.seats != self.seats {
                return None;
            }
            until = Span::at(lease.until);
        }
        let it = pool.nodes.entry(node).or_default();
        it.held = Some(Held {
            since: mine.filter(|mine| mine.open).map_or(span, |mine| mine.since),
            surge: place != Place::Own,
            open: true,
            // Never moved back.
            surely_until: mine.map_or(0, |mine| mine.surely_until).max(until.first + MARGIN),
            maybe_until: mine.map_or(0, |mine| mine.maybe_until).max(until.last + FREE_WITHIN),
        });
        it.out_until = it.out_until.later(until);
        it.standing = Standing::Active;
        Some(pool)
    }

    /// A seat is given back: free at once when its lease is nearly over, or where that did not happen too often within a
    /// day; else when it would have been without that. The answer says which.
    fn give_back(&self, node: Node, standing: Standing, seen: &Seen) -> Vec<Self> {
        let it = self.of(node);
        if it.standing != Standing::Active {
            return vec![self.clone()];
        }
        let span = Span::of(seen.from, seen.to);
        let free_at = match seen.answer {
            Some(Answer::Freed { at }) => Some(at),
            _ => None,
        };
        let without = |held: Option<Held>, early: Option<Span>| {
            let mut pool = self.clone();
            let it = pool.nodes.entry(node).or_default();
            (it.held, it.standing) = (held, standing);
            pool.early_returns.extend(early);
            pool.early_returns.sort_unstable();
            pool
        };
        let mut pools = Vec::new();
        for mine in self.own_seat(node, span) {
            let Some(mine) = mine else {
                pools.extend(free_at.is_none_or(|at| at <= span.last).then(|| without(None, None)));
                continue;
            };
            let at_once = free_at.is_none_or(|at| span.has(at));
            let returned = recent(&self.early_returns, span);
            let allowed = self.seats.max(2);
            // Whoever asked before that moment, but had to wait for the license, finds it held.
            let free = free_at.map_or(span, Span::at);
            let freed = Held { open: false, surely_until: free.first, maybe_until: free.last, ..mine };
            if at_once && it.out_until.first - span.last <= NEARLY_OVER {
                pools.push(without(Some(freed), None));
            }
            if it.out_until.last - span.first <= NEARLY_OVER {
                continue;
            }
            if at_once && returned.least < allowed {
                pools.push(without(Some(freed), Some(free)));
            }
            let held = Span::of(mine.surely_until, mine.maybe_until);
            if returned.most >= allowed && free_at.is_none_or(|at| held.has(at)) {
                let held = free_at.map_or(held, Span::at);
                let (surely_until, maybe_until) = (held.first, held.last);
                pools.push(without(Some(Held { open: false, surely_until, maybe_until, ..mine }), None));
            }
        }
        pools
    }

    /// What only memory knows may be lost, at this moment or later.
    pub(super) fn may_lose_memory(&mut self) {
        self.nodes.values_mut().for_each(|it| it.lineage.may_lose_memory());
    }

    /// All that anything is known of.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node> {
        self.nodes.keys().copied()
    }

    /// What is known of a node's newest secret, which then nothing is known of.
    pub(super) fn take_secrets(&mut self, node: Node) -> Secrets {
        self.nodes.get_mut(&node).map(|it| std::mem::take(&mut it.lineage.secrets)).unwrap_or_default()
    }

    pub(super) fn put_secrets(&mut self, node: Node, secrets: Secrets) {
        if let Some(it) = self.nodes.get_mut(&node) {
            it.lineage.secrets = secrets;
        }
    }

    /// Whatever was shown before this moment has been written.
    pub(super) fn store_until(&mut self, moment: i64) {
        self.nodes.values_mut().for_each(|it| it.lineage.store_until(moment));
    }

    /// What copies have come to.
    pub(super) fn words(&self) -> BTreeSet<&'static str> {
        self.nodes.values().flat_map(|it| it.lineage.words()).collect()
    }

    /// Forgets what matters no more, so that states which differ in nothing else are one.
    pub(super) fn forget(&mut self, now: i64) {
        let past = now - SLACK;
        self.surge = self.surge.filter(|opened| opened.last + DAY > past);
        self.early_returns.retain(|at| at.last + DAY > past);
        for it in self.nodes.values_mut() {
            it.held = it.held.filter(|held| held.maybe_until > past);
            it.lineage.forget(past);
            if it.out_until.last <= past {
                it.out_until = Span::default();
            }
        }
    }
}

/// How many of these happened within the day before.
fn recent(moments: &[Span], span: Span) -> Count {
    Count {
        least: moments.iter().filter(|at| at.first > span.last - DAY).count(),
        most: moments.iter().filter(|at| at.last > span.first - DAY).count(),
    }
}

/// The second in which a moment lies.
fn whole(at: i64) -> i64 {
    at.div_euclid(SECOND) * SECOND
}
