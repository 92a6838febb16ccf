//! The sandbox's time: the system's, or the test clock file that the whole product shares.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

/// Environment variable that names the test clock file.
pub(crate) const TEST_CLOCK: &str = "LEASEHOLD_TEST_CLOCK";

/// Reads the time anew at each call, so that a changed file counts at once.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    file: Option<PathBuf>,
}

impl Clock {
    /// A clock over `file`, or over the file that the environment names.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        let file = file.or_else(|| std::env::var_os(TEST_CLOCK).filter(|name| !name.is_empty()).map(PathBuf::from));
        Self { file }
    }

    /// The file, when there is one to write.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Now, in Unix seconds. A missing, empty or unreadable file means system time.
    #[expect(clippy::disallowed_methods, reason = "the one place where the sandbox asks the system for the time")]
    pub(crate) fn now(&self) -> i64 {
        let system = Timestamp::now();
        let content = self.file.as_deref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        shifted(system, content.trim()).as_second()
    }

    /// Moves the clock by whole seconds: a standing clock is set further, a running one shifted further.
    ///
    /// # Errors
    /// No test clock file is set, or it cannot be written.
    pub(crate) fn advance(&self, seconds: i64) -> anyhow::Result<()> {
        let Some(file) = self.file() else { anyhow::bail!("no test clock file: set {TEST_CLOCK}") };
        let content = std::fs::read_to_string(file).unwrap_or_default();
        let content = content.trim();
        let next = if let Ok(instant) = content.parse::<Timestamp>() {
            instant.checked_add(SignedDuration::from_secs(seconds))?.to_string()
        } else {
            format!("{:+}", content.parse::<i64>().unwrap_or(0) + seconds)
        };
        Ok(std::fs::write(file, next)?)
    }

    /// Writes an instant or an offset as given, after checking that it is one; the empty text is system time.
    ///
    /// # Errors
    /// No test clock file is set, it cannot be written, or `content` is neither instant nor offset.
    pub(crate) fn set(&self, content: &str) -> anyhow::Result<()> {
        let Some(file) = self.file() else { anyhow::bail!("no test clock file: set {TEST_CLOCK}") };
        let content = content.trim();
        if !content.is_empty() && content.parse::<Timestamp>().is_err() && content.parse::<i64>().is_err() {
            anyhow::bail!("neither an RFC 3339 instant nor an offset in seconds: {content}");
        }
        Ok(std::fs::write(file, content)?)
    }
}

fn shifted(system: Timestamp, content: &str) -> Timestamp {
    if let Ok(instant) = content.parse::<Timestamp>() {
        return instant;
    }
    let offset = content.parse::<i64>().unwrap_or(0);
    system.checked_add(SignedDuration::from_secs(offset)).unwrap_or(system)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::shifted;

    #[test]
    fn an_instant_stands_still_and_an_offset_shifts() {
        let system = Timestamp::UNIX_EPOCH;
        assert_eq!(shifted(system, "2026-11-21T10:00:00Z").as_second(), 1_795_255_200);
        assert_eq!(shifted(system, "+86400").as_second(), 86_400);
        assert_eq!(shifted(system, "-60").as_second(), -60);
        assert_eq!(shifted(system, ""), system);
    }
}
