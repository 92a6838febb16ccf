//! What the application reports: levels are absolute, counters grow.

use std::collections::BTreeMap;

use super::data_file::Counter;

/// Use as the application last said it.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) levels: BTreeMap<String, i64>,
    pub(super) counters: BTreeMap<String, Counter>,
}

impl Usage {
    pub(super) fn set_level(&mut self, limit: &str, amount: i64) {
        self.levels.insert(limit.to_owned(), amount.max(0));
    }

    pub(super) fn count(&mut self, feature: &str) {
        let counter = self.counters.entry(feature.to_owned()).or_default();
        counter.total = counter.total.saturating_add(1);
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

#[cfg(test)]
mod tests {
    use super::*;

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
