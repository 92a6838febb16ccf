//! What the application reports: levels are absolute, counters grow.

use std::collections::BTreeMap;

use super::data_file::Counter;
use crate::wire::{MAX_REPORTED_NAMES, validate_name};

/// Use as the application last said it.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) levels: BTreeMap<String, i64>,
    pub(super) counters: BTreeMap<String, Counter>,
}

impl Usage {
    pub(super) fn set_level(&mut self, limit: &str, amount: i64) {
        if self.levels.contains_key(limit) || has_room(limit, self.levels.len()) {
            self.levels.insert(limit.to_owned(), amount.max(0));
        }
    }

    pub(super) fn count(&mut self, feature: &str) {
        if self.counters.contains_key(feature) || has_room(feature, self.counters.len()) {
            let counter = self.counters.entry(feature.to_owned()).or_default();
            counter.total = counter.total.saturating_add(1);
        }
    }

    /// Totals to send: cumulative, so that a retry adds nothing.
    pub(super) fn totals(&self) -> BTreeMap<String, i64> {
        self.counters.iter().map(|(name, counter)| (name.clone(), counter.total)).collect()
    }

    /// A server has taken these totals.
    pub(super) fn reported(&mut self, totals: &BTreeMap<String, i64>) {
        for (name, total) in totals {
            if let Some(counter) = self.counters.get_mut(name) {
                counter.reported = *total;
            }
        }
    }

    /// An activation began a new epoch, in which the server counts from zero: only what it has not seen yet remains.
    pub(super) fn begin_epoch(&mut self) {
        for counter in self.counters.values_mut() {
            *counter = Counter { total: counter.total - counter.reported, reported: 0 };
        }
        self.counters.retain(|_, counter| counter.total != 0);
    }
}

/// Whether a name can be reported beside so many others. A check that names too many is refused, and so is one with a name that
/// is none: what the application says of its use must not cost it its lease.
fn has_room(name: &str, beside: usize) -> bool {
    beside < MAX_REPORTED_NAMES && validate_name("", name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_would_refuse_is_not_reported() {
        let mut usage = Usage::default();
        for n in 0..150 {
            usage.count(&format!("feature-{n}"));
            usage.set_level(&format!("limit-{n}"), n);
        }
        usage.count("");
        usage.count("feature-7");
        usage.set_level("limit-7", 70);
        assert_eq!((usage.totals().len(), usage.levels.len()), (100, 100));
        assert_eq!((usage.totals().get("feature-7"), usage.levels.get("limit-7")), (Some(&2), Some(&70)));
        usage = Usage::default();
        usage.count("two\nlines");
        usage.set_level("", 1);
        assert_eq!((usage.totals().len(), usage.levels.len()), (0, 0));
    }

    #[test]
    fn a_retry_adds_nothing_and_a_new_epoch_keeps_only_what_was_not_reported() {
        let mut usage = Usage::default();
        usage.count("export");
        usage.count("export");
        let sent = usage.totals();
        assert_eq!((sent.get("export"), usage.totals()), (Some(&2), sent.clone()));
        usage.count("export");
        usage.reported(&sent);
        usage.begin_epoch();
        assert_eq!(usage.totals().get("export"), Some(&1));
        usage.reported(&usage.totals());
        usage.begin_epoch();
        assert!(usage.totals().is_empty());
    }
}
