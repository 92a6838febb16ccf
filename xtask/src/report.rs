//! What a run of checks came to: one line per part, and a last line that other programs can read.

use crate::workspace::unattended;
use std::time::{Duration, Instant};

/// Tests counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed.
    pub(crate) failed: u32,
    /// Tests that did not run.
    pub(crate) skipped: u32,
}

impl Counts {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One check that failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Adds the numbers of cargo's line `test result: ok. 5 passed; 0 failed; 1 ignored; …`; other lines add nothing.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        let result = result.split_once(". ").map_or(result, |(_, numbers)| numbers);
        for part in result.split(';') {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u32>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[derive(Debug)]
struct Part {
    name: String,
    counts: Counts,
    note: String,
    took: Duration,
    left_out: bool,
}

/// The parts of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    parts: Vec<Part>,
}

impl Report {
    /// Runs one part and records what it came to. An error counts as one failure, and the next part still runs.
    ///
    /// # Errors
    /// Only when the run was interrupted.
    pub(crate) fn part(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<Counts>) -> anyhow::Result<Counts> {
        println!("\n━━ {name}");
        let started = Instant::now();
        let (counts, note) = match work() {
            Ok(counts) => (counts, String::new()),
            Err(error) => {
                crate::process::check_interrupted()?;
                eprintln!("{error:#}");
                (Counts::FAILED, format!("{error:#}").lines().next().unwrap_or_default().to_owned())
            }
        };
        let took = started.elapsed();
        println!("{name}: {} passed, {} failed ({:.0} s)", counts.passed, counts.failed, took.as_secs_f32());
        self.parts.push(Part { name: name.to_owned(), counts, note, took, left_out: false });
        Ok(counts)
    }

    /// Records that a part could not run here. In an unattended run this makes the whole run fail.
    pub(crate) fn left_out(&mut self, name: &str, why: &str) {
        println!("\n━━ {name}\n!! LEFT OUT: {why}");
        let counts = Counts { skipped: 1, ..Counts::default() };
        let note = format!("left out: {why}");
        self.parts.push(Part { name: name.to_owned(), counts, note, took: Duration::ZERO, left_out: true });
    }

    /// Prints the table and the last line `N passed, N failed, N skipped`; true when the run counts as good.
    #[must_use]
    pub(crate) fn finish(&self) -> bool {
        self.finish_for(unattended())
    }

    fn finish_for(&self, unattended: bool) -> bool {
        let mut total = Counts::default();
        println!("\n{:<28} {:>7} {:>7} {:>8} {:>7}", "part", "passed", "failed", "skipped", "took");
        for part in &self.parts {
            total += part.counts;
            let Counts { passed, failed, skipped } = part.counts;
            let took = part.took.as_secs_f32();
            println!("{:<28} {passed:>7} {failed:>7} {skipped:>8} {took:>5.0} s  {}", part.name, part.note);
        }
        let left_out = unattended && self.parts.iter().any(|part| part.left_out);
        if left_out {
            println!("A part was left out, and CI is set: this run does not count as good.");
        }
        println!("\n{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
        total.failed == 0 && total.passed > 0 && !left_out
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn cargo_s_result_lines_are_added_up() {
        let mut counts = Counts::default();
        counts.add_cargo_line(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s",
        );
        counts.add_cargo_line("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add_cargo_line("running 7 tests");
        assert_eq!(counts, Counts { passed: 8, failed: 2, skipped: 1 });
    }

    #[test]
    fn a_part_left_out_fails_an_unattended_run_only() {
        let mut report = Report::default();
        report.part("one", || Ok(Counts::PASSED)).unwrap();
        assert!(report.finish_for(true));
        report.left_out("two", "no database here");
        assert!(report.finish_for(false));
        assert!(!report.finish_for(true));
    }

    #[test]
    fn an_error_in_a_part_is_a_failure_of_the_run() {
        let mut report = Report::default();
        report.part("one", || Ok(Counts::PASSED)).unwrap();
        report.part("two", || anyhow::bail!("broken")).unwrap();
        assert!(!report.finish_for(false));
    }

    #[test]
    fn a_run_without_any_test_is_not_good() {
        assert!(!Report::default().finish_for(false));
    }
}
