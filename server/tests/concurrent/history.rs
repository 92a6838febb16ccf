//! Whether what clients saw of one license can be explained by one pool of seats that does one thing at a time.
//!
//! A history is *linearizable* when every call can be given a moment between its beginning and its answer, such that
//! the calls, taken in the order of those moments, are answered as a simple sequential pool answers them. A call that
//! was never answered (the server was killed) may have happened or not. The search keeps every state in which the
//! pool may be, together with the open calls that have happened in it, and goes from answer to answer; where no state
//! is left, the history is wrong. (M. Herlihy and J. Wing, "Linearizability", 1990; the search follows
//! G. Lowe, "Testing for linearizability", 2017.)
//!
//! What the pool does not know exactly it keeps as a range: a seat is held *surely* until a minute after its lease,
//! and *maybe* until two. All times are Unix milliseconds of the servers' clock.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// Life of a lease under the plan of this proof.
pub(crate) const LEASE: i64 = 60 * SECOND;
/// A seat is held for this long after its lease.
const MARGIN: i64 = MINUTE;
/// A dead instance's seat is free this long after its lease at the latest.
const FREE_WITHIN: i64 = 2 * MINUTE;
/// A deactivated instance may come back after this.
const PAUSE: i64 = 10 * MINUTE;

/// States that the search gives up at: a history with so many open questions shows nothing.
const MANY: usize = 200_000;

/// A node of the license's owner.
pub(crate) type Node = usize;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Activate(Node),
    Check(Node),
    Release(Node),
    Deactivate(Node),
    SetSeats(usize),
    Suspend,
    Reinstate,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A lease, signed at this time of the server's.
    Lease {
        at: i64,
    },
    SeatsExhausted,
    InstanceReleased,
    InstanceDeactivated,
    LicenseSuspended,
    /// It is done.
    Done,
}

/// A call as its client saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub call: Call,
    pub from: i64,
    /// When the answer arrived; of a call without one, the moment after which it cannot happen any more.
    pub to: i64,
    /// `None` when there was no answer.
    pub answer: Option<Answer>,
}

/// Whether a node may run, as the last call about it left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Standing {
    New,
    Active,
    Released,
    /// Since some moment in this range.
    Deactivated(i64, i64),
}

/// A held seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Held {
    surely_until: i64,
    maybe_until: i64,
}

/// The sequential pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Pool {
    seats: usize,
    suspended: bool,
    held: BTreeMap<Node, Held>,
    nodes: BTreeMap<Node, Standing>,
}

impl Pool {
    fn standing(&self, node: Node) -> Standing {
        self.nodes.get(&node).copied().unwrap_or(Standing::New)
    }

    /// Seats that others surely hold at that moment.
    fn surely_taken(&self, node: Node, at: i64) -> usize {
        self.held.iter().filter(|(other, held)| **other != node && held.surely_until > at).count()
    }

    /// Seats that others may hold at that moment.
    fn maybe_taken(&self, node: Node, at: i64) -> usize {
        self.held.iter().filter(|(other, held)| **other != node && held.maybe_until > at).count()
    }

    /// The pool after this call, if it can be answered like that.
    fn after(&self, seen: &Seen) -> Option<Self> {
        let mut pool = self.clone();
        let possible = match (seen.call, seen.answer) {
            (Call::SetSeats(seats), Some(Answer::Done) | None) => {
                pool.seats = seats;
                true
            }
            (Call::Suspend, Some(Answer::Done) | None) => {
                pool.suspended = true;
                true
            }
            (Call::Reinstate, Some(Answer::Done) | None) => {
                pool.suspended = false;
                true
            }
            (Call::Release(node), Some(Answer::Done) | None) => {
                // A lease of a minute is always near its end: its seat is free at once.
                if self.standing(node) == Standing::Active {
                    pool.held.remove(&node);
                    pool.nodes.insert(node, Standing::Released);
                }
                true
            }
            (Call::Deactivate(node), Some(Answer::Done) | None) => {
                if self.standing(node) == Standing::Active {
                    pool.held.remove(&node);
                    pool.nodes.insert(node, Standing::Deactivated(seen.from, seen.to));
                }
                true
            }
            (Call::Activate(node), Some(Answer::Lease { at })) => {
                self.may_come_back(node, at) && pool.grant(node, at, at)
            }
            (Call::Check(node), Some(Answer::Lease { at })) => {
                self.standing(node) == Standing::Active && pool.grant(node, at, at)
            }
            (Call::Activate(node), None) => self.may_come_back(node, seen.to) && pool.grant(node, seen.from, seen.to),
            (Call::Check(node), None) => {
                self.standing(node) == Standing::Active && pool.grant(node, seen.from, seen.to)
            }
            (Call::Activate(_) | Call::Check(_), Some(Answer::LicenseSuspended)) => self.suspended,
            (Call::Activate(node), Some(Answer::InstanceDeactivated)) => {
                matches!(self.standing(node), Standing::Deactivated(_, latest) if seen.from < latest + PAUSE)
            }
            (Call::Check(node), Some(Answer::InstanceDeactivated)) => {
                matches!(self.standing(node), Standing::Deactivated(..))
            }
            (Call::Check(node), Some(Answer::InstanceReleased)) => self.standing(node) == Standing::Released,
            // Whoever holds a seat counts only others against it, so it is refused only where seats were reduced.
            (Call::Activate(node) | Call::Check(node), Some(Answer::SeatsExhausted)) => {
                self.maybe_taken(node, seen.from) >= self.seats
            }
            (_, Some(_)) => false,
        };
        possible.then_some(pool)
    }

    fn may_come_back(&self, node: Node, at: i64) -> bool {
        match self.standing(node) {
            Standing::Deactivated(earliest, _) => at >= earliest + PAUSE,
            Standing::New | Standing::Active | Standing::Released => true,
        }
    }

    /// Grants a lease at some moment of this range, if there is a seat.
    fn grant(&mut self, node: Node, earliest: i64, latest: i64) -> bool {
        let holds = self.held.get(&node).is_some_and(|held| held.maybe_until > earliest);
        if self.suspended || !holds && self.surely_taken(node, latest) >= self.seats {
            return false;
        }
        let end = |at: i64| at.div_euclid(SECOND) * SECOND + LEASE;
        let held = self.held.entry(node).or_insert(Held { surely_until: 0, maybe_until: 0 });
        held.surely_until = held.surely_until.max(end(earliest) + MARGIN);
        held.maybe_until = held.maybe_until.max(end(latest) + FREE_WITHIN);
        self.nodes.insert(node, Standing::Active);
        true
    }

    /// Forgets seats that nobody holds any more, so that states which differ in nothing else are one.
    fn forget(&mut self, now: i64) {
        self.held.retain(|_, held| held.maybe_until > now);
    }
}

/// Why a history is wrong.
#[derive(Debug)]
pub(crate) struct Contradiction {
    /// The first call whose answer nothing explains.
    pub at: Seen,
    /// The calls that led to it, the last ones.
    pub before: Vec<Seen>,
    /// A state in which the pool may have been before it.
    pub pool: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for seen in &self.before {
            writeln!(f, "  {seen:?}")?;
        }
        writeln!(f, "✗ {:?}\n  a possible state before it: {}", self.at, self.pool)
    }
}

/// A state in which the pool may be, and the open calls that have happened in it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Possible {
    pool: Pool,
    happened: BTreeSet<usize>,
}

/// Whether a license with so many seats explains everything that its clients saw.
///
/// # Errors
/// The first answer that nothing explains.
pub(crate) fn explain(seats: usize, history: &[Seen]) -> Result<(), Box<Contradiction>> {
    let mut moments: Vec<(i64, bool, usize)> = Vec::with_capacity(2 * history.len());
    for (number, seen) in history.iter().enumerate() {
        // Of two events in the same millisecond the beginning comes first: that allows more orders, never fewer.
        moments.push((seen.from, false, number));
        moments.push((seen.to, true, number));
    }
    moments.sort_unstable();
    let pool = Pool { seats, suspended: false, held: BTreeMap::new(), nodes: BTreeMap::new() };
    let mut possible = HashSet::from([Possible { pool, happened: BTreeSet::new() }]);
    let mut open: BTreeSet<usize> = BTreeSet::new();
    for (now, is_end, number) in moments {
        if !is_end {
            open.insert(number);
            continue;
        }
        let answered = history[number].answer.is_some();
        let before = possible.iter().next().map(|it| format!("{:?}", it.pool)).unwrap_or_default();
        possible = happen(possible, &open, history, number);
        assert!(possible.len() < MANY, "too many open questions: {:?}", open);
        open.remove(&number);
        possible = possible
            .into_iter()
            .filter(|it| !answered || it.happened.contains(&number))
            .map(|mut it| {
                it.happened.remove(&number);
                it.pool.forget(now);
                it
            })
            .collect();
        if possible.is_empty() {
            let mut before_it: Vec<Seen> = history.iter().filter(|seen| seen.from <= now).copied().collect();
            before_it.sort_unstable_by_key(|seen| seen.to);
            let before_it = before_it.split_off(before_it.len().saturating_sub(30));
            return Err(Box::new(Contradiction { at: history[number], before: before_it, pool: before }));
        }
    }
    Ok(())
}

/// Adds whatever open calls may do, in any order, until the one that ends now has happened: what may happen after it is
/// tried when the next one ends.
fn happen(possible: HashSet<Possible>, open: &BTreeSet<usize>, history: &[Seen], until: usize) -> HashSet<Possible> {
    let mut all = HashSet::new();
    let mut fresh: Vec<Possible> = possible.into_iter().collect();
    while let Some(it) = fresh.pop() {
        if all.contains(&it) {
            continue;
        }
        if !it.happened.contains(&until) {
            for number in open.iter().filter(|number| !it.happened.contains(number)) {
                let Some(pool) = it.pool.after(&history[*number]) else { continue };
                let mut happened = it.happened.clone();
                happened.insert(*number);
                fresh.push(Possible { pool, happened });
            }
        }
        all.insert(it);
    }
    all
}

#[cfg(test)]
mod tests;
