//! Use, as instances report it: present levels against limits, and how often features were used.

use std::collections::BTreeMap;

use sdk::wire::{CheckRequest, InvalidMember, MAX_REPORTED_NAMES, OverLimit};
use serde_json::json;

use super::opening::about;
use super::seats::Holding;
use super::{Instance, Issuer, Refusal, notify, rules, store};
use crate::clock::{SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events;
use crate::ids::VendorId;
use crate::licenses::LicenseView;
use crate::text::en::leases as text;

/// A license's use of each limit at `now`, as its instances last reported it: also those that stand still at this moment, until
/// they were silent for as long as a machine may be. Whoever gave its seat back uses nothing.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn license_usage(
    tx: &mut Tx,
    vendor_id: &VendorId,
    view: &LicenseView,
    now: UnixMs,
) -> Result<BTreeMap<String, i64>, DbError> {
    let silent_ms = view.license.terms.lease.reclaim_after_s.saturating_mul(SECOND_MS);
    let levels = store::list_levels(tx, vendor_id, &view.license.id, now, now.plus(-silent_ms)).await?;
    Ok(rules::usage(&view.license.terms, levels.iter()))
}

/// Refuses reports that name more than can be kept: each feature is a row and an event.
pub(super) fn examine_report(view: &LicenseView, instance: &Instance, request: &CheckRequest) -> Result<(), Refusal> {
    let invalid = |member: &str, reason: String| Err(Refusal::Invalid(InvalidMember::new(member, reason)));
    for (member, report) in [("levels", &request.levels), ("counters", &request.counters)] {
        if report.as_ref().is_some_and(|report| report.len() > MAX_REPORTED_NAMES) {
            return invalid(member, text::too_many_names(MAX_REPORTED_NAMES));
        }
    }
    let counters = request.counters.iter().flatten();
    if view.license.terms.usage_signals && !rules::has_room(&instance.counters.0, counters) {
        return invalid("counters", text::too_many_counters(rules::MOST_COUNTERS));
    }
    Ok(())
}

/// Takes what a check reports into `instance`, which the caller stores, and adds up the use of features.
pub(super) async fn take_report(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    instance: &mut Instance,
    request: &CheckRequest,
) -> Result<(), DbError> {
    if let Some(levels) = &request.levels {
        instance.levels.0.clone_from(levels);
    }
    if !view.license.terms.usage_signals {
        return Ok(());
    }
    let reported = request.counters.iter().flatten();
    for (feature, added) in rules::count(&mut instance.counters.0, reported) {
        let today = store::add_feature_use(tx, cx, &view.license.id, &feature, added).await?;
        let data = json!({ "identity": instance.identity(), "feature": feature, "used_today": today });
        events::record_hourly(tx, cx, "feature.used", about(view, Some(&instance.id)), &feature, &data).await?;
    }
    Ok(())
}

/// The limits that the license's use exceeds now that `instance` has a seat beside the others in `holdings`. Where `instance`
/// alone made it so since it reported `before`, its people are told, once per limit and day.
pub(super) async fn over_limit(
    tx: &mut Tx,
    cx: &Cx,
    issuer: &Issuer,
    view: &LicenseView,
    instance: &Instance,
    before: &BTreeMap<String, i64>,
    holdings: &[Holding],
) -> Result<Option<Vec<OverLimit>>, DbError> {
    let terms = &view.license.terms;
    let exceeded_with = |own: &BTreeMap<String, i64>| {
        let others = holdings.iter().filter(|it| it.id != instance.id.as_str()).map(|it| &it.levels.0);
        rules::over_limit(&terms.limits, &rules::usage(terms, others.chain([own])))
    };
    let over = exceeded_with(&instance.levels.0);
    if over.is_empty() {
        return Ok(None);
    }
    let was_over = exceeded_with(before);
    for exceeded in over.iter().filter(|it| !was_over.iter().any(|was| was.name == it.name)) {
        let key = format!("{}/{}", exceeded.name, cx.now.date());
        let told = events::record_once(tx, cx, "license.limit_exceeded", about(view, None), &key, exceeded).await?;
        if told {
            notify::limit_exceeded(tx, cx, issuer, view, exceeded).await?;
        }
    }
    Ok(Some(over))
}
