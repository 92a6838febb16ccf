//! Whether what clients saw of one license can be explained by one pool of seats that does one thing at a time.
//!
//! A history is *linearizable* when every call can be given a moment between its beginning and its answer, such that
//! the calls, taken in the order of those moments, are answered as a simple sequential pool answers them. A call that
//! was never answered (the server was killed) may have happened or not. The search keeps every state in which the
//! pool may be, together with the open calls that have happened in it, and goes from answer to answer; where no state
//! is left, the history is wrong. (M. Herlihy and J. Wing, "Linearizability", 1990; the search follows
//! G. Lowe, "Testing for linearizability", 2017.)
//!
//! The pool itself is in `history/pool.rs`. All times are Unix milliseconds of the servers' clock.

mod pool;

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use self::pool::Pool;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// Life of a lease under the plans of this proof.
const LEASE: i64 = 60 * SECOND;
/// Life of a lease that is borrowed.
pub(crate) const BORROW: i64 = 20 * MINUTE;
/// How long a surge of them lasts.
const SURGE: i64 = 5 * MINUTE;

/// States that the search gives up at: a history with so many open questions shows nothing.
const MANY: usize = 200_000;

/// A node of the license's owner.
pub(crate) type Node = usize;

/// What is sold with a license.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub seats: usize,
    /// Further seats while a surge is open; none where the plan has no surge.
    pub surge_seats: usize,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `nonce` tells a retry, and `borrows` whether the lease is to last for [`BORROW`].
    Activate {
        node: Node,
        nonce: u64,
        borrows: bool,
    },
    Check {
        node: Node,
        borrows: bool,
    },
    /// A check with what a copy of the node's data file has, from before an activation that was answered. Each such file
    /// is used once.
    ShowSuperseded(Node),
    Release(Node),
    Deactivate(Node),
    SetSeats(usize),
    Suspend,
    Reinstate,
}

/// A lease as it was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The server's time when it was signed.
    pub at: i64,
    /// Its end.
    pub until: i64,
    /// Whether it says that it is borrowed.
    pub borrowed: bool,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Lease(Lease),
    SeatsExhausted,
    InstanceReleased,
    InstanceDeactivated,
    InstanceStale,
    InstanceConflict,
    LicenseSuspended,
    /// The seat was given back, and is free at this moment.
    Freed {
        at: i64,
    },
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

/// Whether a license of these terms explains everything that its clients saw.
///
/// # Errors
/// The first answer that nothing explains.
pub(crate) fn explain(terms: Terms, history: &[Seen]) -> Result<(), Box<Contradiction>> {
    let mut moments: Vec<(i64, bool, usize)> = Vec::with_capacity(2 * history.len());
    for (number, seen) in history.iter().enumerate() {
        // Of two events in the same millisecond the beginning comes first: that allows more orders, never fewer.
        moments.push((seen.from, false, number));
        moments.push((seen.to, true, number));
    }
    moments.sort_unstable();
    let mut possible = HashSet::from([Possible { pool: Pool::new(terms), happened: BTreeSet::new() }]);
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
                let mut happened = it.happened.clone();
                happened.insert(*number);
                let pools = it.pool.after(&history[*number]);
                fresh.extend(pools.into_iter().map(|pool| Possible { pool, happened: happened.clone() }));
            }
        }
        all.insert(it);
    }
    all
}

#[cfg(test)]
mod tests;
