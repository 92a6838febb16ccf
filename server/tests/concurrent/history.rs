//! Whether what clients saw of one license can be explained by one pool of seats that does one thing at a time.
//!
//! A history is *linearizable* when every call can be given a moment between its beginning and its answer, such that
//! the calls, taken in the order of those moments, are answered as a simple sequential pool answers them. A call that
//! was never answered (the server was killed) may have happened or not. The search keeps every state in which the
//! pool may be, together with the open calls that have happened in it, and goes from answer to answer; where no state
//! is left, the history is wrong. (M. Herlihy and J. Wing, "Linearizability", 1990; the search follows
//! G. Lowe, "Testing for linearizability", 2017.)
//!
//! The pool itself is in `history/pool.rs`, and what its instances prove themselves with in `history/lineage.rs`. All
//! times are Unix milliseconds of the servers' clock.

mod lineage;
mod pool;
mod span;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use self::lineage::Secrets;
use self::pool::Pool;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
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

/// The place of a secret in its instance's chain: epochs begin with activations, and `n` counts within one. Every secret
/// says it, though only a test reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub epoch: i64,
    pub n: i64,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `nonce` tells a retry, and `borrows` whether the lease is to last for [`BORROW`].
    Activate {
        node: Node,
        nonce: u64,
        borrows: bool,
        /// A secret from before, which a conflict lets in once.
        shows: Option<Position>,
    },
    Check {
        node: Node,
        borrows: bool,
        shows: Position,
        nonce: u64,
    },
    Release {
        node: Node,
        shows: Position,
    },
    /// One node frees the seat of another.
    Deactivate {
        by: Node,
        shows: Position,
        node: Node,
    },
    SetSeats(usize),
    Suspend,
    Reinstate,
    Revoke,
    /// The owner decides a conflict: the copy that runs stays, or the next one gets in.
    Decide {
        node: Node,
        keeps: bool,
    },
    /// A server that answers from memory was killed, or somebody else wrote to its database: what is not stored yet may
    /// be lost.
    Forget,
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
    /// How many seats it says that the license has.
    pub seats: usize,
    /// The secret that came with it.
    pub next: Position,
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
    LicenseRevoked,
    /// The seat was given back, and is free at this moment.
    Freed {
        at: i64,
    },
    /// It is done.
    Done,
    /// There was nothing to do.
    Nothing,
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

impl Seen {
    /// Whether what all instances of the license have shown was written with this answer at the latest: anything but a
    /// plain check goes through the database.
    fn surely_writes(&self) -> bool {
        let Some(answer) = self.answer else { return false };
        match self.call {
            Call::Activate { .. } | Call::Release { .. } | Call::Deactivate { .. } => true,
            Call::Check { borrows, .. } => borrows || !matches!(answer, Answer::Lease(_)),
            // These are done from outside the servers.
            Call::SetSeats(_) | Call::Suspend | Call::Reinstate | Call::Revoke | Call::Decide { .. } | Call::Forget => {
                false
            }
        }
    }

    /// Whether it leaves the pool as it is, whenever it happens. So it happens as soon as it can be answered like that:
    /// whatever follows, follows then as well.
    fn never_changes_anything(&self) -> bool {
        matches!(
            (self.call, self.answer),
            (
                Call::Activate { .. },
                Some(
                    Answer::SeatsExhausted
                        | Answer::InstanceConflict
                        | Answer::InstanceDeactivated
                        | Answer::LicenseSuspended
                        | Answer::LicenseRevoked
                )
            ) | (Call::Decide { .. }, Some(Answer::Nothing))
        )
    }

    /// Whether a client made it, and not the vendor, the owner or nobody.
    pub(crate) fn is_of_client(&self) -> bool {
        matches!(self.call, Call::Activate { .. } | Call::Check { .. } | Call::Release { .. } | Call::Deactivate { .. })
    }

    /// A word for what was answered.
    pub(crate) fn word(&self) -> &'static str {
        match (self.call, self.answer) {
            (_, None) => "unanswered",
            (_, Some(Answer::Lease(Lease { borrowed: true, .. }))) => "borrowed",
            (_, Some(Answer::Lease(_))) => "lease",
            (_, Some(Answer::SeatsExhausted)) => "seats_exhausted",
            (_, Some(Answer::InstanceReleased)) => "instance_released",
            (_, Some(Answer::InstanceDeactivated)) => "instance_deactivated",
            (_, Some(Answer::InstanceStale)) => "instance_stale",
            (_, Some(Answer::InstanceConflict)) => "instance_conflict",
            (_, Some(Answer::LicenseSuspended)) => "license_suspended",
            (_, Some(Answer::LicenseRevoked)) => "license_revoked",
            (_, Some(Answer::Freed { at })) if at > self.to => "free later",
            (_, Some(Answer::Freed { .. })) => "free at once",
            (Call::Decide { keeps: true, .. }, Some(Answer::Done)) => "decided to keep",
            (Call::Decide { keeps: false, .. }, Some(Answer::Done)) => "decided to let in",
            (Call::Forget, Some(_)) => "memory lost",
            (_, Some(Answer::Done)) => "changed",
            (_, Some(Answer::Nothing)) => "nothing to decide",
        }
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

impl Possible {
    fn with_loss(mut self) -> Self {
        self.pool.may_lose_memory();
        self
    }
}

/// Whether a license of these terms explains everything that its clients saw. Answers what copies surely have come to.
///
/// # Errors
/// The first answer that nothing explains.
pub(crate) fn explain(terms: Terms, history: &[Seen]) -> Result<BTreeSet<&'static str>, Box<Contradiction>> {
    let mut moments: Vec<(i64, bool, usize)> = Vec::with_capacity(2 * history.len());
    for (number, seen) in history.iter().enumerate() {
        // Of two events in the same millisecond the beginning comes first: that allows more orders, never fewer.
        moments.push((seen.from, false, number));
        moments.push((seen.to, true, number));
    }
    moments.sort_unstable();
    let losses: Vec<Seen> = history.iter().filter(|seen| seen.call == Call::Forget).copied().collect();
    let may_be_lost: Vec<bool> =
        history.iter().map(|seen| losses.iter().any(|loss| loss.from <= seen.to && seen.from <= loss.to)).collect();
    let pool = Pool::new(terms, !losses.is_empty());
    let mut possible = HashSet::from([Possible { pool, happened: BTreeSet::new() }]);
    let mut met = BTreeSet::new();
    let mut open: BTreeSet<usize> = BTreeSet::new();
    for (now, is_end, number) in moments {
        if history[number].call == Call::Forget {
            // What is open now and happens before it is lost as well: that is seen to when it happens.
            if !is_end {
                possible = possible.into_iter().map(Possible::with_loss).collect();
            }
            continue;
        }
        if !is_end {
            open.insert(number);
            continue;
        }
        let answered = history[number].answer.is_some();
        let before = possible.iter().next().map(|it| format!("{:?}", it.pool)).unwrap_or_default();
        possible = happen(possible, &open, history, &may_be_lost, number);
        assert!(
            possible.len() < MANY,
            "too many open questions: {:?}",
            open.iter().map(|it| history[*it]).collect::<Vec<_>>()
        );
        open.remove(&number);
        let written = history[number].surely_writes().then_some(history[number].from);
        possible = possible
            .into_iter()
            .filter(|it| !answered || it.happened.contains(&number))
            .map(|mut it| {
                it.happened.remove(&number);
                if let Some(moment) = written {
                    it.pool.store_until(moment);
                }
                it.pool.forget(now);
                it
            })
            .collect();
        possible = merged(possible);
        if possible.is_empty() {
            let mut before_it: Vec<Seen> = history.iter().filter(|seen| seen.from <= now).copied().collect();
            before_it.sort_unstable_by_key(|seen| seen.to);
            let before_it = before_it.split_off(before_it.len().saturating_sub(30));
            return Err(Box::new(Contradiction { at: history[number], before: before_it, pool: before }));
        }
        met.extend(surely_met(&possible));
    }
    Ok(met)
}

/// The same states, where those that differ only in which secret of one instance is the newest are one: a state says
/// anyway of which secrets one is it. What memory may lose is then kept of all of them, which allows more, never less.
fn merged(mut possible: HashSet<Possible>) -> HashSet<Possible> {
    let nodes: BTreeSet<Node> = possible.iter().flat_map(|it| it.pool.nodes()).collect();
    for node in nodes {
        let mut same: HashMap<Possible, Secrets> = HashMap::new();
        for mut it in possible {
            let secrets = it.pool.take_secrets(node);
            same.entry(it).or_default().extend(secrets);
        }
        let with_secrets = |(mut it, secrets): (Possible, Secrets)| {
            it.pool.put_secrets(node, secrets);
            it
        };
        possible = same.into_iter().map(with_secrets).collect();
    }
    possible
}

/// What copies have come to in all of these states.
fn surely_met(possible: &HashSet<Possible>) -> BTreeSet<&'static str> {
    let mut all = possible.iter().map(|it| it.pool.words());
    let mut common = all.next().unwrap_or_default();
    for words in all {
        if common.is_empty() {
            break;
        }
        common.retain(|word| words.contains(word));
    }
    common
}

/// Adds whatever open calls may do, in any order, until the one that ends now has happened: what may happen after it is
/// tried when the next one ends.
fn happen(
    possible: HashSet<Possible>,
    open: &BTreeSet<usize>,
    history: &[Seen],
    may_be_lost: &[bool],
    until: usize,
) -> HashSet<Possible> {
    let mut all = HashSet::new();
    let mut fresh: Vec<Possible> = possible.into_iter().collect();
    while let Some(mut it) = fresh.pop() {
        it.happened.extend(open.iter().filter(|number| {
            let seen = &history[**number];
            seen.never_changes_anything() && !it.pool.after(seen).is_empty()
        }));
        if all.contains(&it) {
            continue;
        }
        if !it.happened.contains(&until) {
            for number in open.iter().filter(|number| !it.happened.contains(number)) {
                let mut happened = it.happened.clone();
                happened.insert(*number);
                for pool in it.pool.after(&history[*number]) {
                    // What was not answered and changed nothing need not have happened.
                    if history[*number].answer.is_some() || pool != it.pool {
                        let after = Possible { pool, happened: happened.clone() };
                        fresh.push(if may_be_lost[*number] { after.with_loss() } else { after });
                    }
                }
            }
        }
        all.insert(it);
    }
    all
}

#[cfg(test)]
mod tests;
