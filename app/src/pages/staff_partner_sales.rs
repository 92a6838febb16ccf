//! What partners sold, on the console's first page: each sum leads to the orders that it is of.

use backend::billing::earnings::rules::month_start;
use backend::clock::UnixMs;
use backend::dashboard::{SalesRow, sales_by_currency, sales_by_partner};
use backend::listing::Days;
use backend::orders::OrderStatus;
use backend::orders::search::{OrderFilter, PartnerSales, SoldBy};
use backend::text::en::{console_dashboard as text, currencies};
use leptos::prelude::*;

use super::staff_list::address;
use super::{staff_campaigns, staff_orders};
use crate::components::{Card, Column, EmptyState, LinkButton, Money, Row, Table};

/// Partners that are shown.
const PARTNERS: usize = 10;

/// What partners sold this month: by currency, and by partner.
pub(super) fn partner_sales_card(sales: &[PartnerSales], now: UnixMs) -> AnyView {
    if sales.is_empty() {
        let action = || view! { <LinkButton href=staff_campaigns::PATH label=text::TO_CAMPAIGNS /> };
        return view! {
            <Card title=text::SALES lead=text::SALES_LEAD id="partner-sales">
                <EmptyState text=text::NO_SALES action />
            </Card>
        }
        .into_any();
    }
    let [currency, partner] = text::SALES_FIRST;
    let columns = |first: &'static str| {
        let [for_clients, with_codes] = text::SALES_COLUMNS;
        vec![Column::text(first), Column::number(for_clients), Column::number(with_codes)]
    };
    let sums: Vec<Row> = sales_by_currency(sales)
        .iter()
        .map(|it| {
            let name = currencies::name(it.currency);
            cells(Row::new().cell(name.clone()), it, &name, now)
        })
        .collect();
    let of_partners: Vec<Row> = sales_by_partner(sales, PARTNERS)
        .iter()
        .map(|it| {
            let name = it.partner.as_ref().map(|(_, company)| company.clone()).unwrap_or_default();
            let first = view! { {name.clone()} " " <small>{currencies::name(it.currency)}</small> };
            cells(Row::new().cell(first), it, &name, now)
        })
        .collect();
    view! {
        <Card title=text::SALES lead=text::SALES_LEAD id="partner-sales">
            <Table caption=text::SALES_CAPTION columns=columns(currency) rows=sums />
            <Table caption=text::PARTNERS_CAPTION columns=columns(partner) rows=of_partners />
        </Card>
    }
    .into_any()
}

fn cells(row: Row, sales: &SalesRow, name: &str, now: UnixMs) -> Row {
    SoldBy::ALL.iter().fold(row, |row, sold| {
        let sum = sales.of(*sold);
        if sum.orders == 0 {
            return row.blank();
        }
        let filter = OrderFilter {
            status: Some(OrderStatus::Paid),
            days: Days { from: Some(month_start(now).date()), to: None },
            partner: sales.partner.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default(),
            sold: Some(*sold),
            currency: Some(sales.currency),
            ..OrderFilter::default()
        };
        let (href, about) = (address(staff_orders::PATH, filter.to_address()), text::about_sales(*sold, name));
        let about = format!(" {about}");
        row.cell(view! {
            <a href=href>
                <Money minor=sum.net_minor currency=sales.currency.as_str() />
                <span class="visually-hidden">{about}</span>
            </a>
            " "
            <small>{text::orders(sum.orders)}</small>
        })
    })
}
