//! The clock of test runs: one file, named by `LEASEHOLD_TEST_CLOCK`, that all processes of a test read.
//!
//! It holds an RFC 3339 instant, at which the clock stands still, or a signed number of seconds, by which it runs
//! ahead. This belongs into tests only: whoever can set the variable can hold the time.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use sdk::client::{Clock, SystemClock};

pub(super) struct TestClock {
    path: PathBuf,
    system: SystemClock,
}

impl TestClock {
    pub(super) fn from_environment() -> Option<Self> {
        let path = std::env::var_os("LEASEHOLD_TEST_CLOCK").filter(|path| !path.is_empty())?;
        Some(Self { path: path.into(), system: SystemClock::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Clock for TestClock {
    fn unix_s(&self) -> i64 {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let system = self.system.unix_s();
        match (text.trim().parse::<i64>(), text.trim().parse::<Timestamp>()) {
            (Ok(ahead), _) => system.saturating_add(ahead),
            (_, Ok(instant)) => instant.as_second(),
            _ => system,
        }
    }

    /// Checks become due when the test moves the clock.
    fn monotonic(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.unix_s()).unwrap_or(0))
    }

    fn longest_sleep(&self) -> Duration {
        Duration::from_millis(500)
    }
}
