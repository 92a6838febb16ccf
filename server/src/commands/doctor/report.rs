//! What the doctor says: a line for each check, and whether all is well in the end.

use anyhow::{Result, bail};
use backend::stripe::checkup::{Finding, Severity};
use backend::text::en;

/// Lines as they are printed, and how many of them are bad.
#[derive(Default)]
pub(crate) struct Report {
    checks: usize,
    failed: usize,
    doubtful: usize,
    lines: Vec<String>,
}

impl Report {
    /// One check; what it found is handed on.
    pub(crate) fn note<T>(&mut self, what: &str, outcome: Result<(T, String)>) -> Option<T> {
        self.checks += 1;
        match outcome {
            Ok((value, said)) => {
                self.say(format!("✓ {what}: {said}"));
                Some(value)
            }
            Err(error) => {
                self.failed += 1;
                self.say(format!("✗ {what}: {error:#}"));
                None
            }
        }
    }

    /// One finding about an account at Stripe.
    pub(crate) fn find(&mut self, what: &str, finding: &Finding) {
        self.checks += 1;
        let sign = match finding.severity() {
            Severity::Fine => "✓",
            Severity::ByHand => "·",
            Severity::Doubtful => {
                self.doubtful += 1;
                "!"
            }
            Severity::Broken => {
                self.failed += 1;
                "✗"
            }
        };
        self.say(format!("{sign} {what}: {}", en::stripe_checkup::finding(finding)));
    }

    fn say(&mut self, line: String) {
        println!("{line}");
        self.lines.push(line);
    }

    /// Everything that was said.
    #[cfg(test)]
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// # Errors
    /// When any check failed; what is only doubtful does not fail.
    pub(crate) fn end(&self) -> Result<()> {
        if self.doubtful > 0 {
            println!("{} of {} checks leave a doubt (!).", self.doubtful, self.checks);
        }
        match self.failed {
            0 => Ok(()),
            count => bail!("{count} of {} checks failed.", self.checks),
        }
    }
}
