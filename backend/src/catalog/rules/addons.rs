//! What a catalog's add-ons must satisfy.

use std::collections::BTreeSet;

use super::plan::{MAX_LIMIT, last_second};
use super::{Check, Fault, label};
use crate::catalog::Addon;
use crate::catalog::catalog_file::{AddonSection, PlanSection};

impl Check {
    pub(super) fn addons(&mut self, path: &str, plan: &PlanSection) -> Vec<Addon> {
        let mut codes = BTreeSet::new();
        (plan.addons.iter().enumerate())
            .map(|(at, addon)| {
                let path = format!("{path}.addons.{}", label(&addon.code, at));
                self.expect(codes.insert(&addon.code), format!("{path}.code"), Fault::Duplicate);
                self.addon(&path, addon, plan)
            })
            .collect()
    }

    fn addon(&mut self, path: &str, addon: &AddonSection, plan: &PlanSection) -> Addon {
        self.code(format!("{path}.code"), &addon.code);
        self.text(format!("{path}.name"), &addon.name, 60);
        self.optional_text(format!("{path}.description"), &addon.description, 120);
        let gives = !addon.features.is_empty() || !addon.limits.is_empty();
        self.expect(gives, path, Fault::GivesNothing);
        for (name, end) in &addon.features {
            let path = format!("{path}.features.{name}");
            self.code(path.clone(), name);
            let has = plan.features.get(name).is_some_and(|present| last_second(*present).is_none() || present == end);
            self.expect(!has, path, Fault::PlanHasIt);
        }
        for (name, more) in &addon.limits {
            let path = format!("{path}.limits.{name}");
            self.code(path.clone(), name);
            self.expect(*more != 0, path.as_str(), Fault::GivesNothing);
            self.range(path.clone(), *more, -1, MAX_LIMIT);
            self.expect(plan.limits.get(name) != Some(&-1), path, Fault::PlanHasIt);
        }
        Addon {
            code: addon.code.clone(),
            name: addon.name.clone(),
            description: addon.description.clone(),
            per: addon.per,
            features: addon.features.iter().map(|(name, end)| (name.clone(), last_second(*end))).collect(),
            limits: addon.limits.clone(),
            offered: true,
        }
    }
}
