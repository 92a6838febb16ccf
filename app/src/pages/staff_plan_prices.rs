//! `/staff/catalog/plans/{id}/prices`: the prices of a plan, what Stripe knows of them, and the form that changes them. For
//! all but administrators there is no such page.

use backend::catalog::editing::{Edit, EditForm, NEW_OFFERS, Typed, amount_field, new_offer_field, offers, priced};
use backend::catalog::{BillingInterval, Plan, PlanKind, Price, PriceRole, price_name};
use backend::ids::PlanId;
use backend::text::en::{console_editing as text, portal};
use leptos::prelude::*;

use super::staff_catalog_edit::{crumbs, show};
use super::staff_option_edit::options;
use super::{NoPage, Page, render};
use crate::api::catalog_forms::{page_of, sent_as};
use crate::components::{
    Card, Choice, Column, Control, EmptyState, Field, Fold, LinkButton, Notice, PageHead, Row, Table,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let id = PlanId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
    let shown = show(&visit, Edit::Prices(id)).await?;
    let Some(plan) = &shown.form.plan else { return Err(NoPage::NotFound) };
    let has_stripe = visit.state.stripe.of(&visit.vendor.id).is_some();
    let title = text::prices_of(&plan.name);
    let to_plan = page_of(&Edit::Plan(plan.id.clone()));
    let actions = move || view! { <LinkButton href=to_plan.clone() label=text::TO_PLAN /> };
    let lead = (!plan.published).then_some(text::IS_DRAFT);
    let is_waiting = has_stripe && plan.prices.iter().any(|price| price.stripe_price_id.is_none());
    let waiting = is_waiting.then(|| view! { <Notice title=text::WAITING text=text::WAITING_MEANS /> });
    let form = shown.body(fields);
    let form = match shown.is_review() {
        true => form,
        false => view! {
            <Card title=text::CHANGE_PRICES lead=text::CHANGE_PRICES_LEAD id="change">
                {form}
            </Card>
            {options(plan)}
        }
        .into_any(),
    };
    let body = view! {
        {crumbs(&title)}
        <PageHead title=title.clone() lead actions />
        {waiting}
        {current(plan, has_stripe)}
        {form}
    };
    Ok(Page::new(title, body))
}

fn current(plan: &Plan, has_stripe: bool) -> impl IntoView + use<> {
    let [what, paid, amount, stripe] = text::PRICE_COLUMNS;
    let columns = vec![Column::text(what), Column::text(paid), Column::number(amount), Column::text(stripe)];
    let row = |price: &Price| {
        let known = match (&price.stripe_price_id, has_stripe) {
            (Some(_), _) => text::AT_STRIPE,
            (None, true) => text::WAITING,
            (None, false) => text::NO_STRIPE,
        };
        Row::new()
            .cell(text::price_for(plan, price.role, &price.option))
            .cell(text::offer(price.interval, price.unit_amount.currency.as_str()))
            .cell(text::price(price))
            .cell(known)
    };
    let rows = plan.prices.iter().map(row).collect();
    view! {
        <Card title=text::CURRENT_PRICES lead=text::CURRENT_LEAD id="prices">
            <Table
                caption=text::CURRENT_PRICES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_PRICES /> }
            />
        </Card>
    }
}

fn fields(_: &Edit, form: &EditForm) -> AnyView {
    let (Some(plan), typed) = (&form.plan, &form.typed) else { return ().into_any() };
    let (offers, priced) = (offers(plan), priced(plan));
    let known = offers.iter().map(|(currency, interval)| {
        let offer = text::offer(*interval, currency);
        let fields = priced.iter().map(|(role, option)| {
            let name = amount_field(currency, *interval, *role, option);
            amount(typed, name, text::amount(plan, *role, option, &offer))
        });
        let fields = fields.collect_view();
        view! {
            <fieldset class="fields">
                <legend>{offer.clone()}</legend>
                {fields}
            </fieldset>
        }
    });
    let known = known.collect_view();
    let new = (0..NEW_OFFERS).map(|number| new_offer(typed, plan, &priced, number)).collect_view();
    // What was refused must be in sight.
    let open = offers.is_empty() || typed.keys().any(|field| field.starts_with("offer_"));
    view! {
        {known}
        <Fold summary=text::ADD_OFFER open=open>
            <div class="fields">{new}</div>
        </Fold>
    }
    .into_any()
}

fn new_offer(typed: &Typed, plan: &Plan, priced: &[(PriceRole, String)], number: usize) -> AnyView {
    let title = text::new_offer(number + 1);
    let (currency, interval) = (new_offer_field(number, "currency"), new_offer_field(number, "interval"));
    let text_of = |field: &str| typed.get(field).cloned().unwrap_or_default();
    let (is_currency, is_interval) = (text_of(&currency), text_of(&interval));
    let intervals: &[BillingInterval] = match plan.kind {
        PlanKind::Subscription => &[BillingInterval::Month, BillingInterval::Year],
        PlanKind::Perpetual => &[BillingInterval::Once],
    };
    let intervals = intervals.iter().map(|it| Choice::new(it.as_str(), text::interval(*it))).collect();
    let fields = priced.iter().map(|(role, option)| {
        let name = new_offer_field(number, &price_name(*role, option));
        amount(typed, name, text::amount(plan, *role, option, &title))
    });
    let fields = fields.collect_view();
    view! {
        <fieldset class="fields">
            <legend>{title.clone()}</legend>
            <Field
                name=sent_as(&currency)
                label=format!("{}: {title}", text::label("currency"))
                value=is_currency
                hint=text::CURRENCY_HINT
                may_be_empty=true
                autocomplete="off"
            />
            <Field
                name=sent_as(&interval)
                label=format!("{}: {title}", text::label("interval"))
                control=Control::Select(intervals)
                value=is_interval
                may_be_empty=true
            />
            {fields}
        </fieldset>
    }
    .into_any()
}

fn amount(typed: &Typed, name: String, label: String) -> AnyView {
    let value = typed.get(&name).cloned().unwrap_or_default();
    view! {
        <Field
            name=sent_as(&name)
            label
            value
            hint=text::AMOUNT_HINT
            optional=portal::OPTIONAL
            autocomplete="off"
        />
    }
    .into_any()
}
