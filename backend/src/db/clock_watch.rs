//! Whether this node's clock may judge seats: "now" for seats is the database's clock, and a node further than
//! [`MAX_CLOCK_SKEW_MS`] away from it would take seats for free that others hold.
//!
//! The database's clock is read every few seconds, and told on by the clock of this machine that nobody sets. So whoever
//! asks in between asks nobody, and a clock that is set forward is noticed by the next call, not by the next reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::{Db, DbError};
use crate::clock::{Clock, MAX_CLOCK_SKEW_MS, MINUTE_MS, SECOND_MS, UnixMs};

/// How often the database's clock is read.
const READ_EVERY: Duration = Duration::from_secs(2);
/// After so long without a reading the difference is not known any more. Two clocks drift apart by far less than a second
/// meanwhile, and a database that is slow for a while must not keep good instances from their leases.
const KNOWN_FOR_MS: i64 = 5 * MINUTE_MS;
/// A reading that took longer says too little, unless it shows even so that the clocks are near each other.
const SLOWEST_READING_MS: i64 = SECOND_MS;
/// Nothing was read yet.
const NEVER: i64 = i64::MIN;

/// Tells how far this node's clock is from the database's. Cheap to clone and to ask.
#[derive(Clone)]
pub struct ClockWatch(Option<Arc<Watched>>);

struct Watched {
    clock: Clock,
    /// What the times below count from, on the clock that nobody sets.
    began: Instant,
    /// The database's time when this process began to watch.
    origin_at: AtomicI64,
    /// When that was read, in milliseconds since then.
    read_ms: AtomicI64,
}

impl ClockWatch {
    /// For a process whose clock is the only one: always ready.
    #[must_use]
    pub fn alone() -> Self {
        Self(None)
    }

    /// For a clock beside that of a database: not ready before that was read.
    #[must_use]
    pub fn beside(clock: Clock) -> Self {
        let (origin_at, read_ms) = (AtomicI64::new(NEVER), AtomicI64::new(NEVER));
        Self(Some(Arc::new(Watched { clock, began: Instant::now(), origin_at, read_ms })))
    }

    /// For a node on this database. SQLite has no clock of its own, and a test clock stands for the database's as well.
    #[must_use]
    pub fn of(db: &Db, clock: &Clock) -> Self {
        if db.has_clock() && !clock.is_test() { Self::beside(clock.clone()) } else { Self::alone() }
    }

    /// Milliseconds by which this clock is ahead of the database's; `None` while that is not known.
    #[must_use]
    pub fn ahead_ms(&self) -> Option<i64> {
        let Some(watched) = &self.0 else { return Some(0) };
        let (origin_at, read_ms) = (watched.origin_at.load(Ordering::SeqCst), watched.read_ms.load(Ordering::SeqCst));
        let passed_ms = as_ms(watched.began.elapsed());
        let is_known = origin_at != NEVER && read_ms != NEVER && passed_ms.saturating_sub(read_ms) <= KNOWN_FOR_MS;
        is_known.then(|| watched.clock.now().0.saturating_sub(origin_at.saturating_add(passed_ms)))
    }

    /// Whether seats may be judged by this clock now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ahead_ms().is_some_and(|ahead_ms| ahead_ms.abs() <= MAX_CLOCK_SKEW_MS)
    }

    /// Notes that the database's clock shows this now.
    pub fn note(&self, theirs: UnixMs) {
        self.note_at(theirs, Instant::now());
    }

    fn note_at(&self, theirs: UnixMs, at: Instant) {
        let Some(watched) = &self.0 else { return };
        let since_ms = as_ms(at.saturating_duration_since(watched.began));
        watched.origin_at.store(theirs.0.saturating_sub(since_ms), Ordering::SeqCst);
        watched.read_ms.store(since_ms, Ordering::SeqCst);
    }

    /// Reads the database's clock.
    ///
    /// # Errors
    /// [`DbError`] when the database does not answer; what was known before counts for a while.
    pub async fn read(&self, db: &Db) -> Result<(), DbError> {
        let Some(watched) = &self.0 else { return Ok(()) };
        if let Some((before, theirs, after)) = db.read_clock().await? {
            let took = after.saturating_duration_since(before);
            let at = before + took / 2;
            let ahead_ms = watched.clock.now().0.saturating_sub(theirs.0).saturating_sub(as_ms(at.elapsed()));
            if tells(ahead_ms, as_ms(took)) {
                self.note_at(theirs, at);
            }
        }
        Ok(())
    }

    /// Reads it now and from then on; `None` where there is nothing to read.
    pub async fn start(&self, db: &Db) -> Option<JoinHandle<()>> {
        self.0.as_ref()?;
        if let Err(error) = self.read(db).await {
            tracing::warn!(%error, "the database's clock could not be read");
        }
        Some(tokio::spawn(read_regularly(self.clone(), db.clone())))
    }
}

async fn read_regularly(watch: ClockWatch, db: Db) {
    let mut tick = tokio::time::interval(READ_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut was_ready = true;
    loop {
        tick.tick().await;
        if let Err(error) = watch.read(&db).await {
            tracing::warn!(%error, "the database's clock could not be read");
        }
        let is_ready = watch.is_ready();
        if is_ready != was_ready {
            let ahead_ms = watch.ahead_ms();
            if is_ready {
                tracing::info!(ahead_ms, "this clock is near the database's again");
            } else {
                tracing::error!(
                    ahead_ms,
                    "this clock is too far from the database's: no licensing call is answered and no job is done"
                );
            }
        }
        was_ready = is_ready;
    }
}

/// Whether a reading counts that found this clock ahead by so much: half of what it took is by how much it may be wrong.
fn tells(ahead_ms: i64, took_ms: i64) -> bool {
    took_ms <= SLOWEST_READING_MS || ahead_ms.saturating_abs().saturating_add(took_ms / 2) <= MAX_CLOCK_SKEW_MS
}

fn as_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_255_200_000);
    /// Longer than any of these tests takes: the watch goes on while a fixed clock stands.
    const A_WHILE_MS: i64 = 2_000;

    #[test]
    fn a_clock_is_ready_while_it_is_known_to_be_within_five_seconds() {
        let clock = Clock::fixed(NOW);
        let watch = ClockWatch::beside(clock.clone());
        assert!(!watch.is_ready(), "nothing was read yet");
        for (ahead_ms, ready) in [
            (0, true),
            (5_000, true),
            (-5_000 + A_WHILE_MS, true),
            (5_000 + A_WHILE_MS, false),
            (-5_001, false),
            (180_000, false),
            (-180_000, false),
        ] {
            watch.note(NOW.plus(-ahead_ms));
            assert_eq!(watch.is_ready(), ready, "{ahead_ms} ms ahead");
        }
        watch.note(NOW);
        clock.set(NOW.plus(180_000));
        assert!(!watch.is_ready(), "a clock that was set forward since then");
        clock.set(NOW);
        assert!(watch.is_ready());
    }

    #[test]
    fn a_slow_reading_counts_where_the_clocks_are_near_whatever_it_may_be_wrong_by() {
        for (ahead_ms, took_ms, counts) in [
            (0, 900, true),
            (180_000, 900, true),
            (0, 10_000, true),
            (3_000, 4_000, true),
            (-3_000, 4_000, true),
            (3_001, 4_000, false),
            (-3_001, 4_000, false),
            (0, 10_002, false),
            (i64::MIN, i64::MAX, false),
        ] {
            assert_eq!(tells(ahead_ms, took_ms), counts, "{ahead_ms} ms ahead, read in {took_ms} ms");
        }
    }

    #[test]
    fn a_database_that_does_not_answer_for_minutes_keeps_nobody_from_a_lease() {
        let watch = ClockWatch::beside(Clock::fixed(NOW));
        let Some(watched) = &watch.0 else { unreachable!("it is beside another") };
        watch.note(NOW);
        watched.read_ms.store(-4 * MINUTE_MS, Ordering::SeqCst);
        assert!(watch.is_ready());
    }

    #[test]
    fn what_was_read_long_ago_is_not_known_any_more() {
        let watch = ClockWatch::beside(Clock::fixed(NOW));
        let Some(watched) = &watch.0 else { unreachable!("it is beside another") };
        watch.note(NOW);
        watched.read_ms.store(-KNOWN_FOR_MS - 1, Ordering::SeqCst);
        assert_eq!(watch.ahead_ms(), None);
        assert!(!watch.is_ready());
        assert!(ClockWatch::alone().is_ready());
    }
}
