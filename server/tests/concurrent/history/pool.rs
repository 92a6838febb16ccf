//! The sequential pool of seats of one license: which calls it can answer how, and what it is afterwards.
//!
//! What it does not know exactly it keeps as a span: a seat is held *surely* until a minute after its lease, and *maybe*
//! until two; a call without an answer happened at some moment between its beginning and its end, if at all. Where more
//! than one thing may have happened there is a pool for each. Who of the holders is older, whether a surge is open and how
//! many seats came back early follows from the moments that are in the answers.

use std::collections::BTreeMap;

use super::{Answer, BORROW, Call, LEASE, Lease, MINUTE, Node, SECOND, SURGE, Seen, Terms};

const DAY: i64 = 24 * 60 * MINUTE;
/// A seat is held for this long after its lease.
const MARGIN: i64 = MINUTE;
/// A dead instance's seat is free this long after its lease at the latest.
const FREE_WITHIN: i64 = 2 * MINUTE;
/// A deactivated instance may come back after this.
const PAUSE: i64 = 10 * MINUTE;
/// So little left of a lease makes giving its seat back nothing special.
const NEARLY_OVER: i64 = 15 * MINUTE;
/// So many superseded secrets, shown within a day, are a conflict.
const CONTESTS: usize = 3;
/// What is over is kept for so long, for calls that began before.
const SLACK: i64 = 10 * SECOND;

/// A moment that lies somewhere in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Span {
    first: i64,
    last: i64,
}

impl Span {
    const fn of(first: i64, last: i64) -> Self {
        Self { first, last }
    }

    const fn at(moment: i64) -> Self {
        Self::of(moment, moment)
    }

    fn has(self, moment: i64) -> bool {
        (self.first..=self.last).contains(&moment)
    }

    /// Both moved, by something that keeps moments in order.
    fn map(self, moved: impl Fn(i64) -> i64) -> Self {
        Self::of(moved(self.first), moved(self.last))
    }

    fn later(self, other: Self) -> Self {
        Self::of(self.first.max(other.first), self.last.max(other.last))
    }

    fn sooner(self, other: Self) -> Self {
        Self::of(self.first.min(other.first), self.last.min(other.last))
    }
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
    /// Of the activation that began its epoch.
    nonce: Option<u64>,
    held: Option<Held>,
    /// The latest end of any lease that was handed out for it.
    out_until: Span,
    /// When secrets of superseded epochs were shown.
    contests: Vec<Span>,
    /// Since when there is a conflict about it.
    conflict: Option<Span>,
}

impl Installation {
    /// Whether an activation with this nonce repeats the one that began the epoch.
    fn is_retry(&self, nonce: u64) -> bool {
        self.standing == Standing::Active && self.nonce == Some(nonce)
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
    suspended: bool,
    /// When a surge was last opened.
    surge: Option<Span>,
    nodes: BTreeMap<Node, Installation>,
    /// When seats of long leases were given back and were free at once; in order, so that equal pools are one.
    early_returns: Vec<Span>,
}

impl Pool {
    pub(super) fn new(terms: Terms) -> Self {
        let Terms { seats, surge_seats } = terms;
        Self { seats, surge_seats, suspended: false, surge: None, nodes: BTreeMap::new(), early_returns: Vec::new() }
    }

    /// What the pool may be after this call; nothing if it cannot be answered like that.
    pub(super) fn after(&self, seen: &Seen) -> Vec<Self> {
        let (lease, span) = match seen.answer {
            Some(Answer::Lease(lease)) => (Some(lease), Span::at(lease.at)),
            _ => (None, Span::of(seen.from, seen.to)),
        };
        match (seen.call, seen.answer) {
            (Call::SetSeats(seats), Some(Answer::Done) | None) => vec![Self { seats, ..self.clone() }],
            (Call::Suspend, Some(Answer::Done) | None) => vec![Self { suspended: true, ..self.clone() }],
            (Call::Reinstate, Some(Answer::Done) | None) => vec![Self { suspended: false, ..self.clone() }],
            (Call::Release(node), Some(Answer::Freed { .. }) | None) => self.give_back(node, Standing::Released, seen),
            (Call::Deactivate(node), Some(Answer::Freed { .. }) | None) => {
                self.give_back(node, Standing::Deactivated(span), seen)
            }
            (Call::ShowSuperseded(node), Some(Answer::InstanceStale) | None) => self.contest(node, span),
            (Call::Activate { node, nonce, borrows }, Some(Answer::Lease(_)) | None) => {
                if !self.may_come_back(node, nonce, span) {
                    return Vec::new();
                }
                let mut pools = self.grant(node, borrows, true, span, lease);
                for pool in &mut pools {
                    pool.nodes.entry(node).or_default().nonce = Some(nonce);
                }
                pools
            }
            (Call::Check { node, borrows }, Some(Answer::Lease(_)) | None) => {
                let may = self.of(node).standing == Standing::Active;
                if may { self.grant(node, borrows, false, span, lease) } else { Vec::new() }
            }
            (call, Some(answer)) if self.may_refuse(call, answer, span) => vec![self.clone()],
            (_, Some(_)) => Vec::new(),
        }
    }

    fn of(&self, node: Node) -> Installation {
        self.nodes.get(&node).cloned().unwrap_or_default()
    }

    // ── Who may have a lease ────────────────────────────────────────────────────────────────────────

    fn may_come_back(&self, node: Node, nonce: u64, span: Span) -> bool {
        let it = self.of(node);
        let has_paused = match it.standing {
            Standing::Deactivated(since) => span.last >= since.first + PAUSE,
            Standing::New | Standing::Active | Standing::Released => true,
        };
        has_paused && (it.is_retry(nonce) || it.conflict.is_none_or(|since| span.last >= since.first + DAY))
    }

    fn may_refuse(&self, call: Call, answer: Answer, span: Span) -> bool {
        let (Call::Activate { node, .. } | Call::Check { node, .. }) = call else { return false };
        let it = self.of(node);
        match (call, answer) {
            (_, Answer::LicenseSuspended) => self.suspended,
            (Call::Activate { .. }, Answer::InstanceDeactivated) => {
                matches!(it.standing, Standing::Deactivated(since) if span.first < since.last + PAUSE)
            }
            (Call::Activate { nonce, .. }, Answer::InstanceConflict) => {
                !it.is_retry(nonce) && it.conflict.is_some_and(|since| span.first < since.last + DAY)
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
        if self.suspended {
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
            if !until.has(lease.until) || lease.borrowed != is_borrowed {
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
    /// day; else when nobody can run on it any more. The answer says which.
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
            if at_once && it.out_until.first - span.last <= NEARLY_OVER {
                pools.push(without(None, None));
            }
            if it.out_until.last - span.first <= NEARLY_OVER {
                continue;
            }
            if at_once && returned.least < allowed {
                pools.push(without(None, Some(free_at.map_or(span, Span::at))));
            }
            let held = Span::of(mine.surely_until, mine.maybe_until).sooner(it.out_until.map(|at| at + MARGIN));
            if returned.most >= allowed && free_at.is_none_or(|at| held.has(at)) {
                let held = free_at.map_or(held, Span::at);
                let (surely_until, maybe_until) = (held.first, held.last);
                pools.push(without(Some(Held { open: false, surely_until, maybe_until, ..mine }), None));
            }
        }
        pools
    }

    /// A secret of an epoch that an activation has superseded is shown, each of them once: the third within a day opens a
    /// conflict, unless there is one.
    fn contest(&self, node: Node, span: Span) -> Vec<Self> {
        let mut noted = self.clone();
        let it = noted.nodes.entry(node).or_default();
        it.contests.push(span);
        let contests = recent(&it.contests, span);
        let stands = it.conflict.is_some_and(|since| span.last < since.first + DAY);
        let may_stand = it.conflict.is_some_and(|since| span.first < since.last + DAY);
        let mut opened = noted.clone();
        opened.nodes.entry(node).or_default().conflict = Some(span);
        let opens = (contests.most >= CONTESTS && !stands).then_some(opened);
        let stays = (contests.least < CONTESTS || may_stand).then_some(noted);
        opens.into_iter().chain(stays).collect()
    }

    /// Forgets what matters no more, so that states which differ in nothing else are one.
    pub(super) fn forget(&mut self, now: i64) {
        let past = now - SLACK;
        self.surge = self.surge.filter(|opened| opened.last + DAY > past);
        self.early_returns.retain(|at| at.last + DAY > past);
        for it in self.nodes.values_mut() {
            it.held = it.held.filter(|held| held.maybe_until > past);
            it.contests.retain(|at| at.last + DAY > past);
            it.conflict = it.conflict.filter(|since| since.last + DAY > past);
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
