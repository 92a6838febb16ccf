//! What a catalog's plans must satisfy, prices apart.

use std::collections::BTreeMap;

use super::{CatalogPlan, Check, Fault};
use crate::catalog::catalog_file::{FeatureEnd, LeaseSection, PlanSection};
use crate::catalog::{LeasePolicy, LicenseType, PlanKind, Presentation, Terms};
use crate::clock::{DAY_MS, UnixMs};

/// What every JSON reader holds exactly (RFC 8259 §6).
pub(super) const MAX_LIMIT: i64 = (1 << 53) - 1;

impl Check {
    pub(super) fn plan(&mut self, path: &str, plan: &PlanSection) -> CatalogPlan {
        self.code(format!("{path}.code"), &plan.code);
        self.text(format!("{path}.name"), &plan.name, 60);
        self.range(format!("{path}.included_seats"), plan.included_seats, 1, 1_000_000);
        if plan.kind == PlanKind::Perpetual {
            let included = format!("{path}.included_seats");
            self.expect(plan.included_seats == 1, included, Fault::PerpetualIncludesOneSeat);
        }
        self.range(format!("{path}.max_seats"), plan.max_seats, plan.included_seats.max(1), 1_000_000);
        self.optional_text(format!("{path}.tagline"), &plan.tagline, 120);
        for (at, highlight) in plan.highlights.iter().enumerate() {
            self.text(format!("{path}.highlights.#{}", at + 1), highlight, 120);
        }
        for (name, limit) in &plan.limits {
            self.code(format!("{path}.limits.{name}"), name);
            self.range(format!("{path}.limits.{name}"), *limit, -1, MAX_LIMIT);
        }
        for name in plan.features.keys() {
            self.code(format!("{path}.features.{name}"), name);
        }
        for name in plan.level_aggregation.keys() {
            let known = plan.limits.contains_key(name);
            self.expect(known, format!("{path}.level_aggregation.{name}"), Fault::NotALimit);
        }
        self.range(format!("{path}.payment_grace_days"), plan.payment_grace_days, 0, 90);
        // Stripe allows two years (https://docs.stripe.com/billing/subscriptions/trials).
        self.range(format!("{path}.trial_days"), plan.trial_days, 0, 730);
        let has_trial = plan.kind == PlanKind::Perpetual && plan.trial_days > 0;
        self.expect(!has_trial, format!("{path}.trial_days"), Fault::TrialOfPerpetual);
        let begins = !plan.trial_without_card || plan.trial_days > 0;
        self.expect(begins, format!("{path}.trial_without_card"), Fault::TrialMissing);
        let maintenance = format!("{path}.maintenance_percent");
        match (plan.kind, plan.maintenance_percent) {
            (PlanKind::Perpetual, None) => self.problem(maintenance, Fault::MaintenanceMissing),
            (PlanKind::Perpetual, Some(percent)) => self.range(maintenance, percent, 1, 100),
            (PlanKind::Subscription, Some(_)) => self.problem(maintenance, Fault::MaintenanceOfSubscription),
            (PlanKind::Subscription, None) => {}
        }
        let (surge_seats, surge_minutes) = self.surge(path, plan);
        let terms = Terms {
            limits: plan.limits.clone(),
            features: plan.features.iter().map(|(name, end)| (name.clone(), last_second(*end))).collect(),
            lease: self.lease(&format!("{path}.lease"), &plan.lease),
            enforcement: self.enforcement(&format!("{path}.enforcement"), plan.enforcement.as_ref()),
            addons: BTreeMap::new(),
            packs: BTreeMap::new(),
            level_aggregation: plan.level_aggregation.clone(),
            maintenance_percent: plan.maintenance_percent,
            trial_days: plan.trial_days,
            trial_without_card: plan.trial_without_card,
            card_only: plan.card_only,
            payment_grace_days: plan.payment_grace_days,
            devices_per_user: self.devices(format!("{path}.devices_per_user"), plan),
            surge_seats,
            surge_minutes,
            usage_signals: plan.usage_signals,
        };
        CatalogPlan {
            code: plan.code.clone(),
            name: plan.name.clone(),
            kind: plan.kind,
            license_type: plan.license_type,
            included_seats: plan.included_seats,
            max_seats: plan.max_seats,
            terms,
            presentation: Presentation {
                tagline: plan.tagline.clone(),
                highlights: plan.highlights.clone(),
                recommended: plan.recommended,
            },
            addons: self.addons(path, plan),
            packs: self.packs(path, plan),
            published: plan.published,
            prices: self.prices(path, plan),
        }
    }

    fn devices(&mut self, path: String, plan: &PlanSection) -> Option<i64> {
        let devices = plan.devices_per_user?;
        self.expect(plan.license_type == LicenseType::User, path.as_str(), Fault::DevicesOfOtherType);
        self.range(path, devices, 1, 1_000);
        Some(devices)
    }

    /// Seats and minutes of a surge: both or neither. One that lasted a day would never close, since it may open
    /// again after that.
    fn surge(&mut self, path: &str, plan: &PlanSection) -> (i64, i64) {
        match (plan.surge_seats, plan.surge_minutes) {
            (None, None) => (0, 0),
            (Some(seats), Some(minutes)) => {
                self.range(format!("{path}.surge_seats"), seats, 1, plan.max_seats.max(1));
                self.range(format!("{path}.surge_minutes"), minutes, 5, 720);
                (seats, minutes)
            }
            (seats, _) => {
                let missing = if seats.is_none() { "surge_seats" } else { "surge_minutes" };
                self.problem(format!("{path}.{missing}"), Fault::SurgeIncomplete);
                (0, 0)
            }
        }
    }

    fn lease(&mut self, path: &str, lease: &LeaseSection) -> LeasePolicy {
        const DAY_S: i64 = 86_400;
        let default = LeasePolicy::default();
        let lease_s = lease.lease_s.unwrap_or(default.lease_s);
        let policy = LeasePolicy {
            lease_s,
            check_s: lease.check_s.unwrap_or(lease_s.saturating_mul(3) / 10),
            reclaim_after_s: lease.reclaim_after_s.unwrap_or(default.reclaim_after_s.max(lease_s)),
            max_borrow_s: lease.max_borrow_s.unwrap_or(default.max_borrow_s),
        };
        self.range(format!("{path}.lease_s"), policy.lease_s, 60, 90 * DAY_S);
        self.range(format!("{path}.check_s"), policy.check_s, 10, 30 * DAY_S);
        self.expect(policy.check_s <= policy.lease_s / 3, format!("{path}.check_s"), Fault::CheckTooRare);
        let reclaim = format!("{path}.reclaim_after_s");
        self.expect(policy.reclaim_after_s >= policy.lease_s, reclaim, Fault::ReclaimedBeforeLeaseEnds);
        self.range(format!("{path}.reclaim_after_s"), policy.reclaim_after_s, 60, 400 * DAY_S);
        self.range(format!("{path}.max_borrow_s"), policy.max_borrow_s, 0, 400 * DAY_S);
        let fits = policy.max_borrow_s == 0 || policy.max_borrow_s >= policy.lease_s;
        self.expect(fits, format!("{path}.max_borrow_s"), Fault::BorrowShorterThanLease);
        policy
    }

    fn enforcement(
        &mut self,
        path: &str,
        steps: Option<&Vec<sdk::lease::EnforcementStep>>,
    ) -> sdk::lease::EnforcementPolicy {
        let Some(steps) = steps else { return sdk::lease::EnforcementPolicy::default() };
        sdk::lease::EnforcementPolicy::try_from(steps.clone()).unwrap_or_else(|error| {
            self.problem(path, Fault::Enforcement(error));
            sdk::lease::EnforcementPolicy::default()
        })
    }
}

/// The last second of a feature's last day, in Unix seconds.
pub(super) fn last_second(end: FeatureEnd) -> Option<i64> {
    match end {
        FeatureEnd::Never => None,
        FeatureEnd::After(date) => Some(UnixMs::start_of(date).plus(DAY_MS).seconds() - 1),
    }
}
