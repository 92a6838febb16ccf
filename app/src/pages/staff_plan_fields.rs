//! The fields of a plan's form, in its parts.

use backend::catalog::editing::{Edit, EditForm, FEATURES, LIMITS, STAGES, Typed, rows, stage_field};
use backend::catalog::{LicenseType, PlanKind};
use backend::text::en::console_editing as text;
use leptos::prelude::*;

use super::staff_catalog_edit::field;
use crate::api::catalog_forms::sent_as;
use crate::components::{Choice, Control, Field};

/// Seats at most.
const SEATS: Control = Control::Number { min: 1, max: 1_000_000 };

/// All fields: those of a new plan ask for what never changes, too.
pub(super) fn fields(edit: &Edit, form: &EditForm) -> AnyView {
    let typed = &form.typed;
    let plan = form.plan.as_ref();
    let is_new = matches!(edit, Edit::NewPlan { .. });
    let fixed = is_new.then(|| fixed(typed, plan.is_none()));
    // Which kind a new one is to be is not known yet.
    let kind = plan.map(|plan| plan.kind);
    view! {
        {fixed}
        {says(typed)}
        {seats(typed)}
        {limits(typed)}
        {features(typed)}
        {sold(typed, kind)}
        {leases(typed)}
        {enforcement(typed)}
    }
    .into_any()
}

/// Questions that belong together.
pub(super) fn part(title: &'static str, fields: AnyView) -> AnyView {
    view! {
        <fieldset class="fields">
            <legend>{title}</legend>
            {fields}
        </fieldset>
    }
    .into_any()
}

fn fixed(typed: &Typed, asks_for_kind: bool) -> AnyView {
    let kinds = PlanKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), text::kind(*kind))).collect();
    let types = LicenseType::ALL.iter().map(|it| Choice::new(it.as_str(), text::license_type(*it))).collect();
    let kind = asks_for_kind.then(|| field(typed, "kind", Control::Select(kinds), false));
    view! {
        {field(typed, "code", Control::Text, false)}
        {kind}
        {field(typed, "license_type", Control::Select(types), false)}
    }
    .into_any()
}

fn says(typed: &Typed) -> AnyView {
    let fields = view! {
        {field(typed, "name", Control::Text, false)}
        {field(typed, "tagline", Control::Text, true)}
        {field(typed, "highlights", Control::Textarea { rows: 5 }, true)}
        {field(typed, "recommended", Control::Checkbox, true)}
        {field(typed, "position", Control::Number { min: 1, max: 1_000 }, false)}
    }
    .into_any();
    part(text::SAYS, fields)
}

fn seats(typed: &Typed) -> AnyView {
    let fields = view! {
        {field(typed, "included_seats", SEATS, false)}
        {field(typed, "max_seats", SEATS, false)}
        {field(typed, "devices_per_user", Control::Number { min: 1, max: 1_000 }, true)}
        {field(typed, "surge_seats", SEATS, true)}
        {field(typed, "surge_minutes", Control::Number { min: 5, max: 720 }, true)}
    }
    .into_any();
    part(text::SEATS, fields)
}

fn limits(typed: &Typed) -> AnyView {
    let (list, columns) = LIMITS;
    let sums = text::SUMS.map(|(value, label)| Choice::new(value, label)).to_vec();
    let rows = rows(typed, list, &columns).into_iter().enumerate().map(|(place, number)| {
        let [name, value, sum] = columns.map(|column| format!("{list}_{column}_{number}"));
        let [name_label, value_label, sum_label] = text::limit_row(place + 1);
        let typed = |field: &str| typed.get(field).cloned().unwrap_or_default();
        let (is_name, is_value, is_sum) = (typed(&name), typed(&value), typed(&sum));
        let control = Control::Select(sums.clone());
        view! {
            <div class="row">
                <Field name=sent_as(&name) label=name_label value=is_name may_be_empty=true autocomplete="off" />
                <Field
                    name=sent_as(&value)
                    label=value_label
                    value=is_value
                    hint=text::LIMIT_HINT
                    may_be_empty=true
                    autocomplete="off"
                />
                <Field name=sent_as(&sum) label=sum_label control value=is_sum may_be_empty=true />
            </div>
        }
    });
    let rows = rows.collect_view();
    part(text::LIMITS, view! { <p class="hint">{text::ROWS_HINT}</p> {rows} }.into_any())
}

/// The list of features.
pub(super) fn features(typed: &Typed) -> AnyView {
    let (list, columns) = FEATURES;
    let rows = rows(typed, list, &columns).into_iter().enumerate().map(|(place, number)| {
        let [name, until] = columns.map(|column| format!("{list}_{column}_{number}"));
        let [name_label, until_label] = text::feature_row(place + 1);
        let typed = |field: &str| typed.get(field).cloned().unwrap_or_default();
        let (is_name, is_until) = (typed(&name), typed(&until));
        view! {
            <div class="row">
                <Field name=sent_as(&name) label=name_label value=is_name may_be_empty=true autocomplete="off" />
                <Field
                    name=sent_as(&until)
                    label=until_label
                    control=Control::Day
                    value=is_until
                    hint=text::UNTIL_HINT
                    may_be_empty=true
                />
            </div>
        }
    });
    let rows = rows.collect_view();
    part(text::FEATURES, view! { <p class="hint">{text::ROWS_HINT}</p> {rows} }.into_any())
}

/// What only one kind of plan has is asked of that kind alone.
fn sold(typed: &Typed, kind: Option<PlanKind>) -> AnyView {
    let trial = (kind != Some(PlanKind::Perpetual)).then(|| {
        view! {
            {field(typed, "trial_days", Control::Number { min: 0, max: 730 }, true)}
            {field(typed, "trial_without_card", Control::Checkbox, true)}
        }
    });
    let maintenance = (kind != Some(PlanKind::Subscription))
        .then(|| field(typed, "maintenance_percent", Control::Number { min: 1, max: 100 }, true));
    let fields = view! {
        {trial}
        {maintenance}
        {field(typed, "payment_grace_days", Control::Number { min: 0, max: 90 }, false)}
        {field(typed, "card_only", Control::Checkbox, true)}
        {field(typed, "usage_signals", Control::Checkbox, true)}
    }
    .into_any();
    part(text::SOLD, fields)
}

fn leases(typed: &Typed) -> AnyView {
    let seconds = |name: &str| field(typed, name, Control::Text, true);
    let fields = view! {
        {seconds("lease_s")}
        {seconds("check_s")}
        {seconds("reclaim_after_s")}
        {seconds("max_borrow_s")}
    }
    .into_any();
    part(text::LEASES, fields)
}

fn enforcement(typed: &Typed) -> AnyView {
    let steps = STAGES.map(|stage| field(typed, &stage_field(stage), Control::Text, true));
    part(
        text::ENFORCEMENT,
        view! { <p class="hint">{text::ENFORCEMENT_HINT}</p> {steps.into_iter().collect_view()} }.into_any(),
    )
}
