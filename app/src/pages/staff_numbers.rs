//! The numbers of the console's first page, each with the way to the list of what it counts.

use backend::billing::earnings::rules::month_start;
use backend::billing::earnings::{EarningState, PlanEarnings, Sum};
use backend::clock::UnixMs;
use backend::dashboard::{DENIED_WITHIN, Dashboard, ENDS_WITHIN, by_currency};
use backend::leases::denials::DenialFilter;
use backend::leases::instance_list::{InstanceFilter, LeaseState};
use backend::licenses::search::{LicenseFilter, ListedStatus};
use backend::listing::Days;
use backend::orders::search::{ListedOrder, OrderFilter};
use backend::text::en::{buying, console, console_dashboard as text, console_lists, currencies, licenses, moments};
use leptos::prelude::*;

use super::staff_list::address;
use super::{staff_customers, staff_denials, staff_instances, staff_licenses, staff_orders, staff_subscriptions};
use crate::components::{Badge, Card, Column, EmptyState, Fact, Facts, LinkButton, Moment, Money, Row, Table};

/// A number that leads to what it counts; `about` is said after it, not shown.
pub(super) fn number(count: i64, href: String, about: &str) -> AnyView {
    let about = format!(" {about}");
    view! {
        <a href=href>
            {licenses::number(count)}
            <span class="visually-hidden">{about}</span>
        </a>
    }
    .into_any()
}

/// Licenses and what runs on them.
pub(super) fn licenses_card(dashboard: &Dashboard) -> AnyView {
    let active = LicenseFilter { status: Some(ListedStatus::Active), ..LicenseFilter::default() };
    let ending = LicenseFilter { ends: Some(ENDS_WITHIN), ..active.clone() };
    let live = InstanceFilter { state: Some(LeaseState::Live), ..InstanceFilter::default() };
    let facts = [
        (text::ACTIVE, dashboard.active_licenses, address(staff_licenses::PATH, active.to_address(None))),
        (text::ENDING, dashboard.ending_licenses, address(staff_licenses::PATH, ending.to_address(None))),
        (text::LIVE, dashboard.live_instances, address(staff_instances::PATH, live.to_address())),
    ];
    let facts = facts.into_iter().map(|(name, count, href)| Fact::new(name, number(count, href, name))).collect();
    view! {
        <Card title=text::LICENSES lead=text::ENDING_LEAD id="licenses">
            <Facts facts />
        </Card>
    }
    .into_any()
}

/// Who was refused, by reason.
pub(super) fn denials_card(dashboard: &Dashboard) -> AnyView {
    let [why, entries, calls] = text::DENIAL_COLUMNS;
    let columns = vec![Column::text(why), Column::number(entries), Column::number(calls)];
    let rows = dashboard
        .denials
        .iter()
        .map(|it| {
            let filter = DenialFilter { code: it.code.clone(), within: Some(DENIED_WITHIN) };
            let (href, why) = (address(staff_denials::PATH, filter.to_address()), console_lists::denial(&it.code));
            Row::new().cell(why.clone()).cell(number(it.entries, href, &why)).cell(licenses::number(it.times))
        })
        .collect();
    view! {
        <Card title=text::DENIALS lead=text::DENIALS_LEAD id="denials">
            <Table
                caption=text::DENIALS
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_DENIALS /> }
            />
        </Card>
    }
    .into_any()
}

/// What subscriptions bring in: by currency, and by plan.
pub(super) fn revenue_card(plans: &[PlanEarnings]) -> AnyView {
    if plans.is_empty() {
        return view! {
            <Card title=text::REVENUE lead=text::REVENUE_LEAD id="revenue">
                <EmptyState text=text::NO_REVENUE />
            </Card>
        }
        .into_any();
    }
    let sums = by_currency(plans).into_iter().map(|it| {
        let (name, code) = (currencies::name(it.currency), it.currency.as_str().to_owned());
        let cells = EarningState::ALL.iter().map(|state| {
            let href = staff_subscriptions::href(*state, None, &code);
            earned(it.of(*state), &code, href, text::about_sum(*state, &name))
        });
        cells.fold(Row::new().cell(name.clone()), Row::cell)
    });
    let of_plans = plans.iter().map(|it| {
        let (name, code) = (format!("{}, {}", it.product_name, it.plan_name), it.currency.as_str().to_owned());
        let cells = EarningState::ALL.iter().map(|state| {
            let href = staff_subscriptions::href(*state, Some(it.plan_id.as_str()), &code);
            earned(it.of(*state), &code, href, text::about_sum(*state, &name))
        });
        let first = view! { {name.clone()} " " <small>{currencies::name(it.currency)}</small> };
        cells.fold(Row::new().cell(first), Row::cell)
    });
    let columns = |labels: [&'static str; 4]| {
        let [first, now, new, ended] = labels;
        vec![Column::text(first), Column::number(now), Column::number(new), Column::number(ended)]
    };
    let (sums, of_plans): (Vec<_>, Vec<_>) = (sums.collect(), of_plans.collect());
    view! {
        <Card title=text::REVENUE lead=text::REVENUE_LEAD id="revenue">
            <Table caption=text::REVENUE_CAPTION columns=columns(text::REVENUE_COLUMNS) rows=sums />
            <Table caption=text::PLANS_CAPTION columns=columns(text::PLAN_COLUMNS) rows=of_plans />
        </Card>
    }
    .into_any()
}

/// A sum that leads to the subscriptions that it is of.
fn earned(sum: Sum, currency: &str, href: String, about: String) -> AnyView {
    let about = format!(" {about}");
    view! {
        <a href=href>
            <Money minor=sum.monthly_minor currency=currency />
            <span class="visually-hidden">{about}</span>
        </a>
        " "
        <small>{text::subscriptions(sum.subscriptions)}</small>
    }
    .into_any()
}

/// Orders of this month, and the newest.
pub(super) fn orders_card(dashboard: &Dashboard) -> AnyView {
    let now = dashboard.now;
    let days = Days { from: Some(month_start(now).date()), to: None };
    let month = OrderFilter { days, ..OrderFilter::default() };
    let placed =
        number(dashboard.orders_this_month, address(staff_orders::PATH, month.to_address()), text::ORDERS_THIS_MONTH);
    let campaigns = dashboard.campaigns.iter().map(|it| {
        let name = text::with_campaign(&it.name);
        let filter = OrderFilter { campaign: it.campaign_id.to_string(), ..month.clone() };
        let count = number(it.orders, address(staff_orders::PATH, filter.to_address()), &name);
        Fact::new(name, count)
    });
    let facts = std::iter::once(Fact::new(text::ORDERS_THIS_MONTH, placed)).chain(campaigns).collect();
    let [customer, plan, placed, state, amount] = text::ORDER_COLUMNS;
    let columns = vec![
        Column::text(customer),
        Column::text(plan),
        Column::text(placed),
        Column::text(state),
        Column::number(amount),
    ];
    let rows = dashboard.latest_orders.iter().map(|order| latest(order, now)).collect();
    let empty = || {
        let action = || view! { <LinkButton href="/" label=text::TO_PRICE_LIST /> };
        view! { <EmptyState text=text::NO_ORDERS action /> }
    };
    view! {
        <Card title=text::ORDERS id="orders">
            <Facts facts />
            <Table caption=text::LATEST columns rows empty />
        </Card>
    }
    .into_any()
}

fn latest(order: &ListedOrder, now: UnixMs) -> Row {
    let (plan, seats) = (order.plan_name.clone(), buying::count_of_seats(order.seats));
    let (datetime, absolute) = (moments::rfc3339(order.created_at), moments::moment(order.created_at, now));
    Row::new()
        .cell(view! { <a href=format!("{}/{}", staff_customers::PATH, order.account_id)>{order.company.clone()}</a> })
        .cell(view! { <a href=format!("{}/{}", staff_orders::PATH, order.id)>{plan}</a> " " <small>{seats}</small> })
        .cell(view! { <Moment datetime absolute /> })
        .cell(view! { <Badge tone=staff_orders::tone(order.status) word=console::order_status(order.status) /> })
        .cell(view! { <Money minor=order.amount_minor currency=order.currency.as_str() /> })
}
