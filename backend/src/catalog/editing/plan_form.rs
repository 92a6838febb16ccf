//! The fields of a plan, its prices apart.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sdk::lease::{EnforcementPolicy, EnforcementStep, Stage};

use super::super::catalog_file::{FeatureEnd, LeaseSection, PlanSection};
use super::super::rules::Fault;
use super::super::{LeasePolicy, LevelAggregation, LicenseType, PlanKind};
use super::reading::{Reading, read_number, row_field};
use super::{EditFault, Typed};

/// The list of limits and its columns: name, maximum, and how the levels of instances add up.
pub const LIMITS: (&str, [&str; 3]) = ("limit", ["name", "value", "sum"]);
/// The list of features and its columns: name and last day.
pub const FEATURES: (&str, [&str; 2]) = ("feature", ["name", "until"]);
/// What is typed for a limit that is none.
pub const UNLIMITED: &str = "unlimited";
/// What an application does, mildest first: a field each says after how many seconds.
pub const STAGES: [Stage; 4] = [Stage::Warn, Stage::BlockNew, Stage::LockAdmin, Stage::Stop];

/// The field that says when a stage begins.
#[must_use]
pub fn stage_field(stage: Stage) -> String {
    format!("after_{}", stage.as_str())
}

/// The fields of a plan as it is.
pub(super) fn write(section: &PlanSection, position: i64) -> Typed {
    let optional = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let flag = |set: bool| if set { "true".to_owned() } else { String::new() };
    let lease = &section.lease;
    let mut typed: Typed = [
        ("name", section.name.clone()),
        ("tagline", section.tagline.clone()),
        ("highlights", section.highlights.join("\n")),
        ("recommended", flag(section.recommended)),
        ("position", (position + 1).to_string()),
        ("included_seats", section.included_seats.to_string()),
        ("max_seats", section.max_seats.to_string()),
        ("lease_s", optional(lease.lease_s)),
        ("check_s", optional(lease.check_s)),
        ("reclaim_after_s", optional(lease.reclaim_after_s)),
        ("max_borrow_s", optional(lease.max_borrow_s)),
        ("trial_days", section.trial_days.to_string()),
        ("trial_without_card", flag(section.trial_without_card)),
        ("card_only", flag(section.card_only)),
        ("payment_grace_days", section.payment_grace_days.to_string()),
        ("maintenance_percent", optional(section.maintenance_percent)),
        ("devices_per_user", optional(section.devices_per_user)),
        ("surge_seats", optional(section.surge_seats)),
        ("surge_minutes", optional(section.surge_minutes)),
        ("usage_signals", flag(section.usage_signals)),
    ]
    .into_iter()
    .map(|(field, text)| (field.to_owned(), text))
    .collect();
    for stage in STAGES {
        let step = section.enforcement.iter().flatten().find(|step| step.stage == stage);
        typed.insert(stage_field(stage), optional(step.map(|step| step.after_s)));
    }
    for (row, (name, limit)) in section.limits.iter().enumerate() {
        let aggregation = section.level_aggregation.get(name).copied().unwrap_or(LevelAggregation::Max);
        let limit = if *limit == -1 { UNLIMITED.to_owned() } else { limit.to_string() };
        for (column, text) in LIMITS.1.into_iter().zip([name.clone(), limit, aggregation.as_str().to_owned()]) {
            typed.insert(row_field(LIMITS.0, column, row), text);
        }
    }
    for (row, (name, end)) in section.features.iter().enumerate() {
        let until = match end {
            FeatureEnd::Never => String::new(),
            FeatureEnd::After(day) => day.to_string(),
        };
        for (column, text) in FEATURES.1.into_iter().zip([name.clone(), until]) {
            typed.insert(row_field(FEATURES.0, column, row), text);
        }
    }
    typed
}

/// The fields of a new plan, perhaps like another one.
pub(super) fn write_new(like: Option<&PlanSection>, position: i64) -> Typed {
    let section = like.cloned().unwrap_or_else(blank);
    let (kind, license_type) = (section.kind, section.license_type);
    let mut typed = write(&PlanSection { name: String::new(), recommended: false, ..section }, position);
    typed.insert("code".to_owned(), String::new());
    typed.insert("license_type".to_owned(), license_type.as_str().to_owned());
    if like.is_none() {
        typed.insert("kind".to_owned(), kind.as_str().to_owned());
    }
    typed
}

/// The section of a new plan, which is not published.
pub(super) fn read_new(reading: &mut Reading<'_>, like: Option<PlanSection>) -> PlanSection {
    let is_like = like.is_some();
    let mut section = PlanSection { code: reading.text("code"), published: false, ..like.unwrap_or_else(blank) };
    if !is_like {
        match PlanKind::parse(&reading.text("kind")) {
            Some(kind) => section.kind = kind,
            None => reading.problem("kind", EditFault::NotAChoice),
        }
    }
    match LicenseType::parse(&reading.text("license_type")) {
        Some(license_type) => section.license_type = license_type,
        None => reading.problem("license_type", EditFault::NotAChoice),
    }
    read(reading, section)
}

/// The section of a plan with what was typed; `base` is the plan as it was, or what a new one begins with. Code, kind, license
/// type, prices, add-ons and packs stay those of `base`, and so does whether it is published.
pub(super) fn read(reading: &mut Reading<'_>, base: PlanSection) -> PlanSection {
    let text = reading.text("highlights");
    let highlights = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    for member in ["lease_s", "check_s", "reclaim_after_s", "max_borrow_s"] {
        reading.place(format!("lease.{member}"), member);
    }
    let mut section = PlanSection {
        name: reading.text("name"),
        tagline: reading.text("tagline"),
        highlights,
        recommended: reading.flag("recommended"),
        included_seats: reading.number("included_seats"),
        max_seats: reading.number("max_seats"),
        lease: LeaseSection {
            lease_s: reading.optional_number("lease_s"),
            check_s: reading.optional_number("check_s"),
            reclaim_after_s: reading.optional_number("reclaim_after_s"),
            max_borrow_s: reading.optional_number("max_borrow_s"),
        },
        enforcement: enforcement(reading),
        trial_days: reading.optional_number("trial_days").unwrap_or(0),
        trial_without_card: reading.flag("trial_without_card"),
        card_only: reading.flag("card_only"),
        payment_grace_days: reading.number("payment_grace_days"),
        maintenance_percent: reading.optional_number("maintenance_percent"),
        devices_per_user: reading.optional_number("devices_per_user"),
        surge_seats: reading.optional_number("surge_seats"),
        surge_minutes: reading.optional_number("surge_minutes"),
        usage_signals: reading.flag("usage_signals"),
        ..base
    };
    limits(reading, &mut section);
    section.features = features(reading, "");
    section
}

/// The steps that have a time; the default policy where none has.
fn enforcement(reading: &mut Reading<'_>) -> Option<Vec<EnforcementStep>> {
    reading.place("enforcement", stage_field(Stage::Warn));
    let mut steps = Vec::new();
    for stage in STAGES {
        let after_s = reading.optional_number(&stage_field(stage));
        steps.extend(after_s.map(|after_s| EnforcementStep { stage, after_s }));
    }
    Some(steps).filter(|steps| !steps.is_empty())
}

fn limits(reading: &mut Reading<'_>, section: &mut PlanSection) {
    let before = std::mem::take(&mut section.level_aggregation);
    section.limits.clear();
    for row in reading.numbers(LIMITS.0, &LIMITS.1) {
        let [name_field, value_field, sum_field] = LIMITS.1.map(|column| row_field(LIMITS.0, column, row));
        let (name, value) = (reading.text(&name_field), reading.text(&value_field));
        if name.is_empty() {
            if !value.is_empty() {
                reading.problem(name_field, EditFault::Rule(Fault::Missing));
            }
            continue;
        }
        let limit = if value.eq_ignore_ascii_case(UNLIMITED) { Some(-1) } else { read_number(&value) };
        if limit.is_none() {
            reading.problem(value_field.as_str(), EditFault::NotALimit);
        }
        reading.place(format!("limits.{name}"), value_field);
        if reading.text(&sum_field) == LevelAggregation::Sum.as_str() {
            section.level_aggregation.insert(name.clone(), LevelAggregation::Sum);
        } else if before.get(&name) == Some(&LevelAggregation::Max) {
            // Said though it is the default: then that is no difference.
            section.level_aggregation.insert(name.clone(), LevelAggregation::Max);
        }
        if section.limits.insert(name, limit.unwrap_or(0)).is_some() {
            reading.problem(name_field, EditFault::Rule(Fault::Duplicate));
        }
    }
}

/// The features that were typed; `below` is where the file has them.
pub(super) fn features(reading: &mut Reading<'_>, below: &str) -> BTreeMap<String, FeatureEnd> {
    let mut features = BTreeMap::new();
    for row in reading.numbers(FEATURES.0, &FEATURES.1) {
        let [name_field, until_field] = FEATURES.1.map(|column| row_field(FEATURES.0, column, row));
        let (name, until) = (reading.text(&name_field), reading.text(&until_field));
        if name.is_empty() {
            if !until.is_empty() {
                reading.problem(name_field, EditFault::Rule(Fault::Missing));
            }
            continue;
        }
        let end = match until.parse::<Date>() {
            _ if until.is_empty() => FeatureEnd::Never,
            Ok(day) => FeatureEnd::After(day),
            Err(_) => {
                reading.problem(until_field, EditFault::NotADate);
                FeatureEnd::Never
            }
        };
        reading.place(format!("{below}features.{name}"), name_field.as_str());
        if features.insert(name, end).is_some() {
            reading.problem(name_field, EditFault::Rule(Fault::Duplicate));
        }
    }
    features
}

/// What a new plan begins with.
fn blank() -> PlanSection {
    let lease = LeasePolicy::default();
    PlanSection {
        code: String::new(),
        name: String::new(),
        kind: PlanKind::Subscription,
        license_type: LicenseType::Floating,
        included_seats: 1,
        max_seats: 10,
        published: false,
        tagline: String::new(),
        highlights: Vec::new(),
        recommended: false,
        limits: BTreeMap::new(),
        features: BTreeMap::new(),
        level_aggregation: BTreeMap::new(),
        maintenance_percent: None,
        trial_days: 0,
        trial_without_card: false,
        card_only: false,
        payment_grace_days: 14,
        devices_per_user: None,
        surge_seats: None,
        surge_minutes: None,
        usage_signals: false,
        lease: LeaseSection {
            lease_s: Some(lease.lease_s),
            check_s: Some(lease.check_s),
            reclaim_after_s: Some(lease.reclaim_after_s),
            max_borrow_s: Some(lease.max_borrow_s),
        },
        enforcement: Some(EnforcementPolicy::default().steps().to_vec()),
        prices: BTreeMap::new(),
        addons: Vec::new(),
        packs: Vec::new(),
    }
}
