//! What time it is for the client.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a client reads the time. Replace it to run a product on a test clock.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, Unix seconds. It may be wrong and may jump.
    fn unix_s(&self) -> i64;

    /// Time since some fixed moment; never jumps.
    fn monotonic(&self) -> Duration;

    /// Longest sleep after which the background task looks at the clock again. A test clock that can jump wants a
    /// short one.
    fn longest_sleep(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that hands the time out as a value")]
    fn unix_s(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A moment that both clocks agree on; the client's time runs on from there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    /// What time it was, Unix seconds.
    unix_s: i64,
    /// The monotonic clock at that time.
    monotonic: Duration,
    /// Seconds that the wall clock was ahead, where a fresh lease told the time.
    skew_s: Option<i64>,
}

impl Anchor {
    /// Nothing fresh is known: the wall clock counts, but it may not fall behind the highest time seen before.
    pub(super) fn at_start(clock: &dyn Clock, high_water: i64) -> Self {
        Self { unix_s: clock.unix_s().max(high_water), monotonic: clock.monotonic(), skew_s: None }
    }

    /// A fresh lease was signed at `iat`: from now on it tells the time, also downwards.
    pub(super) fn at_fresh_lease(clock: &dyn Clock, iat: i64) -> Self {
        Self { unix_s: iat, monotonic: clock.monotonic(), skew_s: Some(clock.unix_s().saturating_sub(iat)) }
    }

    /// Seconds that the wall clock was ahead of the server, where that is known.
    pub(super) fn skew_s(&self) -> Option<i64> {
        self.skew_s
    }

    /// What time it will be, or was, at a moment of the monotonic clock, Unix seconds.
    pub(super) fn at(&self, monotonic: Duration) -> i64 {
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        match monotonic.checked_sub(self.monotonic) {
            Some(after) => self.unix_s.saturating_add(seconds(after)),
            None => self.unix_s.saturating_sub(seconds(self.monotonic.saturating_sub(monotonic))),
        }
    }

    /// The client's time, Unix seconds. It always moves on, even where the wall clock stands behind.
    pub(super) fn now(&self, clock: &dyn Clock) -> i64 {
        let passed = clock.monotonic().saturating_sub(self.monotonic).as_secs();
        let here = self.unix_s.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
        if self.skew_s.is_some() { here } else { here.max(clock.unix_s()) }
    }
}
