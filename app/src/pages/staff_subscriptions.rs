//! `/staff/subscriptions`: what subscriptions bring in each month, filtered by what the address says, paged by key. Only for
//! those of the staff who may see it.

use std::collections::BTreeSet;

use backend::accounts::{StaffAct, staff_may};
use backend::billing::earnings::{Earning, EarningFilter, EarningState, PlanEarnings, list_earnings, sum_earnings};
use backend::dashboard::by_currency;
use backend::db::DbError;
use backend::listing::TimePlace;
use backend::text::en::{buying, console_dashboard, console_lists as text, currencies};
use leptos::prelude::*;

use super::invoices::day;
use super::staff_list::{LIMIT, Listing, address, any_of};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Column, EmptyState, Fact, Facts, Field, LinkButton, Money, PageHead, Row, Segmented, Table};
use crate::layout::NavLink;
use crate::request::Visit;

/// The list's address.
const PATH: &str = "/staff/subscriptions";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// The address of the list with a filter.
pub(super) fn href(state: EarningState, plan: Option<&str>, currency: &str) -> String {
    let plan = plan.unwrap_or_default().to_owned();
    address(PATH, EarningFilter { state, plan, currency: currency.to_owned() }.to_address())
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    if !staff_may(role, StaffAct::SeeRevenue) {
        return Err(NoPage::NotFound);
    }
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = EarningFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), TimePlace::parse);
    let listing = listing.keeping("state", filter.state.as_str());
    let wanted = filter.clone();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let found = list_earnings(tx, &vendor_id, &wanted, now, after.as_ref(), LIMIT).await?;
            Ok::<_, DbError>((found, sum_earnings(tx, &vendor_id, now).await?))
        })
    });
    let (mut found, plans) = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [customer, license, seats, since, ends, monthly] = text::EARNING_COLUMNS;
    let columns = vec![
        Column::text(customer),
        Column::text(license),
        Column::number(seats),
        Column::text(since),
        Column::text(ends),
        Column::number(monthly),
    ];
    let rows = found.iter().map(row).collect();
    let download = (!found.is_empty()).then(|| listing.csv());
    let has_any = !plans.is_empty();
    let (views, totals) = (views(&filter), totals(&filter, &plans));
    let form = has_any.then(|| listing.form(move || questions(&filter, &plans)));
    let empty = move || match has_any {
        true => view! { <EmptyState text=text::NONE_OF_THESE action=to_all /> }.into_any(),
        false => view! { <EmptyState text=text::NO_EARNINGS /> }.into_any(),
    };
    let body = view! {
        <PageHead title=text::EARNINGS lead=console_dashboard::REVENUE_LEAD />
        <Segmented label=text::EARNING_VIEWS options=views />
        {form}
        {totals}
        {download}
        <Table caption=text::EARNINGS caption_hidden=true columns rows empty />
        {pages}
    };
    Ok(Page::new(text::EARNINGS, body))
}

fn to_all() -> impl IntoView {
    view! { <LinkButton href=PATH label=text::CLEAR /> }
}

fn views(filter: &EarningFilter) -> Vec<NavLink> {
    let to = |state: EarningState| NavLink {
        label: text::earning_state(state).to_owned(),
        href: address(PATH, EarningFilter { state, ..filter.clone() }.to_address()),
        current: filter.state == state,
    };
    EarningState::ALL.iter().map(|state| to(*state)).collect()
}

/// The sums of what is listed, each currency by itself.
fn totals(filter: &EarningFilter, plans: &[PlanEarnings]) -> Option<AnyView> {
    let meant: Vec<_> = plans.iter().filter(|plan| filter.includes(plan)).cloned().collect();
    let facts: Vec<_> = by_currency(&meant)
        .into_iter()
        .map(|it| (it.currency, it.of(filter.state)))
        .filter(|(_, sum)| sum.subscriptions > 0)
        .map(|(currency, sum)| {
            let value = view! {
                <Money minor=sum.monthly_minor currency=currency.as_str() />
                " "
                <small>{console_dashboard::subscriptions(sum.subscriptions)}</small>
            };
            Fact::new(format!("{}, {}", text::TOTAL, currencies::name(currency)), value)
        })
        .collect();
    (!facts.is_empty()).then(|| view! { <Facts facts /> }.into_any())
}

fn questions(filter: &EarningFilter, plans: &[PlanEarnings]) -> AnyView {
    let of_plans: BTreeSet<_> =
        plans.iter().map(|it| (format!("{}, {}", it.product_name, it.plan_name), it.plan_id.to_string())).collect();
    let plan = any_of(of_plans.into_iter().map(|(name, id)| (id, name)));
    let currencies_there: BTreeSet<_> = plans.iter().map(|it| it.currency.as_str().to_owned()).collect();
    let currency = any_of(currencies_there.into_iter().map(|code| (code.clone(), code.to_uppercase())));
    let (plan_value, currency_value) = (filter.plan.clone(), filter.currency.clone());
    view! {
        <Field name="plan" label=text::PLAN control=plan value=plan_value may_be_empty=true />
        <Field name="currency" label=text::CURRENCY control=currency value=currency_value may_be_empty=true />
    }
    .into_any()
}

fn row(it: &Earning) -> Row {
    let monthly = it.monthly();
    Row::new()
        .cell(view! {
            <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a>
        })
        .cell(view! {
            <a href=format!(
                "{}/{}",
                staff_licenses::PATH,
                it.license_id,
            )>{format!("{}, {}", it.product_name, it.plan_name)}</a>
        })
        .cell(buying::count_of_seats(it.seats))
        .cell(day(it.earning_since))
        .cell(text::earning_end(it))
        .cell(view! { <Money minor=monthly.amount_minor currency=monthly.currency.as_str() /> })
}
