//! `/staff/catalog/plans/{id}/addon[?code=CODE]` and `/staff/catalog/plans/{id}/pack[?limit=LIMIT]`: the forms for what is sold
//! on top of a plan, new ones where none is named. For all but administrators there are no such pages.

use backend::catalog::editing::{
    Edit, EditForm, MORE, TIER, Typed, WITHDRAWN, addon_price_field, offers, packable, rows, tier_list,
};
use backend::catalog::{AddonPer, Plan, TierMode};
use backend::ids::PlanId;
use backend::text::en::console_editing as text;
use leptos::prelude::*;

use super::staff_catalog_edit::{crumbs, field, show};
use super::staff_plan_fields::{features, part};
use super::{NoPage, Page, render};
use crate::api::catalog_forms::{page_of, sent_as};
use crate::components::{Card, Choice, Control, EmptyState, Fact, Facts, Field, LinkButton, PageHead};
use crate::request::Visit;

/// The form of an add-on.
pub fn addon_page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let edit = Edit::Addon { plan_id: plan_of(&visit), code: visit.query("code").unwrap_or_default() };
        load(visit, edit).await
    })
}

/// The form of a pack.
pub fn pack_page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let edit = Edit::Pack { plan_id: plan_of(&visit), limit: visit.query("limit").unwrap_or_default() };
        load(visit, edit).await
    })
}

fn plan_of(visit: &Visit) -> PlanId {
    PlanId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default())
}

async fn load(visit: Visit, edit: Edit) -> Result<Page, NoPage> {
    let shown = show(&visit, edit).await?;
    let Some(plan) = &shown.form.plan else { return Err(NoPage::NotFound) };
    let (title, lead) = match &shown.edit {
        Edit::Addon { code, .. } => match plan.addon(code) {
            Some(addon) => (text::change(&addon.name), text::ADDON_LEAD),
            None => (text::new_addon(&plan.name), text::ADDON_LEAD),
        },
        Edit::Pack { limit, .. } if !limit.is_empty() => (text::change_pack(limit, &plan.name), text::PACK_LEAD),
        _ => (text::new_pack(&plan.name), text::PACK_LEAD),
    };
    let to_plan = page_of(&Edit::Plan(plan.id.clone()));
    let actions = move || view! { <LinkButton href=to_plan.clone() label=text::TO_PLAN /> };
    let body = shown.body(fields);
    let body = view! {
        {crumbs(&title)}
        <PageHead title=title.clone() lead actions />
        {body}
    };
    Ok(Page::new(title, body))
}

fn fields(edit: &Edit, form: &EditForm) -> AnyView {
    let Some(plan) = &form.plan else { return ().into_any() };
    match edit {
        Edit::Addon { code, .. } => addon_fields(&form.typed, plan, code.is_empty()),
        Edit::Pack { limit, .. } => pack_fields(&form.typed, plan, limit.is_empty()),
        _ => ().into_any(),
    }
}

fn addon_fields(typed: &Typed, plan: &Plan, is_new: bool) -> AnyView {
    let code = is_new.then(|| field(typed, "code", Control::Text, false));
    let per = AddonPer::ALL.iter().map(|per| Choice::new(per.as_str(), text::per(*per))).collect();
    let prices = offers(plan).into_iter().map(|(currency, interval)| {
        let label = text::offer(interval, &currency);
        line(typed, &addon_price_field(&currency, interval), label, text::AMOUNT_HINT)
    });
    let prices = prices.collect_view();
    view! {
        {code}
        {field(typed, "name", Control::Text, false)}
        {field(typed, "description", Control::Text, true)}
        {field(typed, "per", Control::Select(per), false)}
        {more(typed)}
        {features(typed)}
        {part(text::ADDON_PRICES, view! { {no_prices(plan)} {prices} }.into_any())}
        {(!is_new).then(|| field(typed, WITHDRAWN, Control::Checkbox, true))}
    }
    .into_any()
}

/// What an add-on adds to limits.
fn more(typed: &Typed) -> AnyView {
    let (list, columns) = MORE;
    let rows = rows(typed, list, &columns).into_iter().enumerate().map(|(place, number)| {
        let [name, value] = columns.map(|column| format!("{list}_{column}_{number}"));
        let [name_label, value_label] = text::more_row(place + 1);
        view! {
            <div class="row">
                {line(typed, &name, name_label, "")} {line(typed, &value, value_label, text::LIMIT_HINT)}
            </div>
        }
    });
    let rows = rows.collect_view();
    part(text::MORE, view! { <p class="hint">{text::ROWS_HINT}</p> {rows} }.into_any())
}

fn pack_fields(typed: &Typed, plan: &Plan, is_new: bool) -> AnyView {
    let limits = packable(plan).into_iter().map(|limit| Choice::new(limit.clone(), limit)).collect();
    let limit = is_new.then(|| field(typed, "limit", Control::Select(limits), false));
    let modes = TierMode::ALL.iter().map(|mode| Choice::new(mode.as_str(), text::tier_mode(*mode))).collect();
    let tiers = offers(plan).into_iter().map(|(currency, interval)| {
        let (list, offer) = (tier_list(&currency, interval), text::offer(interval, &currency));
        let rows = rows(typed, &list, &TIER).into_iter().enumerate().map(|(place, number)| {
            let [up_to, each] = TIER.map(|column| format!("{list}_{column}_{number}"));
            let [up_to_label, each_label] = text::tier_row(place + 1, &offer);
            view! {
                <div class="row">
                    {line(typed, &up_to, up_to_label, text::UP_TO_HINT)} {line(typed, &each, each_label, text::AMOUNT_HINT)}
                </div>
            }
        });
        let rows = rows.collect_view();
        part_named(offer.clone(), rows.into_any())
    });
    let tiers = tiers.collect_view();
    view! {
        {limit}
        {field(typed, "size", Control::Text, false)}
        {field(typed, "max", Control::Number { min: 1, max: 10_000 }, false)}
        {field(typed, "mode", Control::Select(modes), false)}
        {no_prices(plan)}
        {tiers}
        {(!is_new).then(|| field(typed, WITHDRAWN, Control::Checkbox, true))}
    }
    .into_any()
}

fn part_named(title: String, fields: AnyView) -> AnyView {
    view! {
        <fieldset class="fields">
            <legend>{title}</legend>
            {fields}
        </fieldset>
    }
    .into_any()
}

/// What is sold on top is sold where its plan is.
fn no_prices(plan: &Plan) -> Option<AnyView> {
    plan.prices.is_empty().then(|| view! { <p class="hint">{text::PRICES_FIRST}</p> }.into_any())
}

/// A field that may be left empty, by its name in the form.
fn line(typed: &Typed, name: &str, label: String, hint: &'static str) -> AnyView {
    let value = typed.get(name).cloned().unwrap_or_default();
    let hint = Some(hint).filter(|hint| !hint.is_empty());
    view! { <Field name=sent_as(name) label value hint may_be_empty=true autocomplete="off" /> }.into_any()
}

/// What is sold on top of a plan, each with the way to its form, and the ways to new ones.
pub(super) fn options(plan: &Plan) -> AnyView {
    let addon = |code: &str| page_of(&Edit::Addon { plan_id: plan.id.clone(), code: code.to_owned() });
    let pack = |limit: &str| page_of(&Edit::Pack { plan_id: plan.id.clone(), limit: limit.to_owned() });
    let addons = plan.addons.iter().filter(|it| it.offered).map(|it| {
        let (href, name) = (addon(&it.code), it.name.clone());
        Fact::new(text::ADDON, view! { <a href=href>{name}</a> })
    });
    let packs = plan.packs.iter().filter(|it| it.offered).map(|it| {
        let (href, name) = (pack(&it.limit), text::pack_of(it.size, &it.limit));
        Fact::new(text::PACK, view! { <a href=href>{name}</a> })
    });
    let facts: Vec<Fact> = addons.chain(packs).collect();
    let list = if facts.is_empty() {
        view! { <EmptyState text=text::NO_OPTIONS /> }.into_any()
    } else {
        view! { <Facts facts /> }.into_any()
    };
    let new_addon = addon("");
    let new_pack = (!packable(plan).is_empty()).then(|| view! { <LinkButton href=pack("") label=text::NEW_PACK /> });
    view! {
        <Card title=text::OPTIONS lead=text::OPTIONS_LEAD id="options">
            {list} <div class="acts">
                <LinkButton href=new_addon label=text::NEW_ADDON />
                {new_pack}
            </div>
        </Card>
    }
    .into_any()
}
