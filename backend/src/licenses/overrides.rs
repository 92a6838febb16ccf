//! What a license has instead of its plan's limits and features.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::{Terms, is_code};

/// Most names in the parts of an override together.
const MAX_NAMES: usize = 100;

/// Limits and features of one license that differ from its plan's. They outlive changes of plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Limit name to maximum; -1 is unlimited. Wins over the plan's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, i64>,
    /// Feature name to its last UTC moment in Unix seconds, or none. Wins over the plan's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub features: BTreeMap<String, Option<i64>>,
    /// Features of the plan that the license does not have.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub remove_features: BTreeSet<String>,
}

/// What is wrong with an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideFault {
    /// Not how a catalog names limits and features: a lower-case letter, then letters, digits, `_` and `-`.
    Name(String),
    /// A limit below -1.
    Limit(String),
    /// An end before 1970.
    End(String),
    /// A feature that is given and taken away at once.
    Contradiction(String),
    /// More than `max` names.
    TooMany {
        /// Most names.
        max: usize,
    },
}

impl Overrides {
    /// The plan's terms with what differs in their place.
    #[must_use]
    pub fn apply(&self, plan: &Terms) -> Terms {
        let mut terms = plan.clone();
        terms.features.retain(|name, _| !self.remove_features.contains(name));
        terms.limits.extend(self.limits.iter().map(|(name, limit)| (name.clone(), *limit)));
        terms.features.extend(self.features.iter().map(|(name, end)| (name.clone(), *end)));
        terms
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.features.is_empty() && self.remove_features.is_empty()
    }

    /// Whether this can be granted.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), OverrideFault> {
        let names = self.limits.keys().chain(self.features.keys()).chain(&self.remove_features);
        if names.clone().count() > MAX_NAMES {
            return Err(OverrideFault::TooMany { max: MAX_NAMES });
        }
        if let Some(name) = names.into_iter().find(|name| !is_code(name)) {
            return Err(OverrideFault::Name(name.clone()));
        }
        if let Some((name, _)) = self.limits.iter().find(|(_, limit)| **limit < -1) {
            return Err(OverrideFault::Limit(name.clone()));
        }
        if let Some((name, _)) = self.features.iter().find(|(_, end)| end.is_some_and(|end| end < 0)) {
            return Err(OverrideFault::End(name.clone()));
        }
        match self.features.keys().find(|name| self.remove_features.contains(*name)) {
            Some(name) => Err(OverrideFault::Contradiction(name.clone())),
            None => Ok(()),
        }
    }
}

/// The limits and features of which `after` has less than `before`, by name.
#[must_use]
pub(super) fn losses(before: &Terms, after: &Terms) -> Vec<String> {
    // What is unlimited is more than any number; what is not named allows none.
    let limit = |terms: &Terms, name: &str| match terms.limits.get(name) {
        Some(-1) => i64::MAX,
        Some(limit) => *limit,
        None => 0,
    };
    // A feature without an end outlasts any; one that is not there has ended.
    let end = |terms: &Terms, name: &str| terms.features.get(name).map_or(i64::MIN, |end| end.unwrap_or(i64::MAX));
    let limits = before.limits.keys().filter(|name| limit(after, name) < limit(before, name));
    let features = before.features.keys().filter(|name| end(after, name) < end(before, name));
    limits.chain(features).cloned().collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn limits(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
        of.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect()
    }

    fn features(of: &[(&str, Option<i64>)]) -> BTreeMap<String, Option<i64>> {
        of.iter().map(|(name, end)| ((*name).to_owned(), *end)).collect()
    }

    fn plan() -> Terms {
        Terms {
            limits: limits(&[("devices", 10), ("assets", 10)]),
            features: features(&[("branding", None), ("beta", Some(500))]),
            ..Terms::default()
        }
    }

    #[test]
    fn what_differs_wins_and_the_rest_is_the_plans() {
        let overrides = Overrides {
            limits: limits(&[("devices", 25), ("users", -1)]),
            features: features(&[("beta", None), ("audit", Some(9))]),
            remove_features: BTreeSet::from(["branding".to_owned(), "unknown".to_owned()]),
        };
        let terms = overrides.apply(&plan());
        assert_eq!(terms.limits, limits(&[("assets", 10), ("devices", 25), ("users", -1)]));
        assert_eq!(terms.features, features(&[("audit", Some(9)), ("beta", None)]));
        assert_eq!(terms.lease, plan().lease);
        assert_eq!(Overrides::default().apply(&plan()), plan());
    }

    #[test]
    fn what_is_less_than_before_is_named_and_what_is_more_is_not() {
        let before = plan();
        let lost = |overrides: Overrides| losses(&before, &overrides.apply(&before));
        assert_eq!(lost(Overrides::default()), Vec::<String>::new());
        let more = Overrides {
            limits: limits(&[("devices", -1), ("users", 5)]),
            features: features(&[("beta", None), ("audit", Some(9))]),
            ..Overrides::default()
        };
        assert_eq!(lost(more.clone()), Vec::<String>::new());
        let less = Overrides {
            limits: limits(&[("devices", 9)]),
            features: features(&[("beta", Some(499))]),
            remove_features: BTreeSet::from(["branding".to_owned()]),
        };
        assert_eq!(lost(less), ["devices", "beta", "branding"]);
        // What was granted on top and is taken back is a loss too.
        assert_eq!(losses(&more.apply(&before), &before), ["devices", "users", "audit", "beta"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let fault = |overrides: Overrides| overrides.check().unwrap_err();
        let with = |name: &str, limit| Overrides { limits: limits(&[(name, limit)]), ..Overrides::default() };
        assert_eq!(with("devices", -1).check(), Ok(()));
        assert_eq!(fault(with("devices", -2)), OverrideFault::Limit("devices".to_owned()));
        for name in ["", "Devices", "a b", "é", &"x".repeat(41)] {
            assert_eq!(fault(with(name, 1)), OverrideFault::Name(name.to_owned()));
        }
        let ended = Overrides { features: features(&[("beta", Some(-1))]), ..Overrides::default() };
        assert_eq!(fault(ended), OverrideFault::End("beta".to_owned()));
        let both = Overrides {
            features: features(&[("beta", None)]),
            remove_features: BTreeSet::from(["beta".to_owned()]),
            ..Overrides::default()
        };
        assert_eq!(fault(both), OverrideFault::Contradiction("beta".to_owned()));
        let many = Overrides { limits: (0..101).map(|n| (format!("l{n}"), 1)).collect(), ..Overrides::default() };
        assert_eq!(fault(many), OverrideFault::TooMany { max: 100 });
    }

    #[test]
    fn nothing_that_differs_is_stored_as_an_empty_object() {
        assert_eq!(serde_json::to_string(&Overrides::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Overrides>("{}").unwrap(), Overrides::default());
        assert!(serde_json::from_str::<Overrides>(r#"{"limit":{}}"#).is_err());
    }

    proptest! {
        #[test]
        fn applying_twice_is_applying_once(devices in -1_i64..100, users in -1_i64..100, removed: bool, given: bool) {
            let overrides = Overrides {
                limits: limits(&[("devices", devices), ("users", users)]),
                features: if given { features(&[("audit", None)]) } else { BTreeMap::new() },
                remove_features: if removed { BTreeSet::from(["beta".to_owned()]) } else { BTreeSet::new() },
            };
            let once = overrides.apply(&plan());
            prop_assert_eq!(overrides.apply(&once), once);
        }
    }
}
