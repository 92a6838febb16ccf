//! `/staff/partners`: everybody who is a partner or was one, with what it sells and what it is owed for those
//! who may see that. `?after=` goes on in a
//! long list.

use backend::commissions::{ListedPartner, Total, list_partners};
use backend::listing::TimePlace;
use backend::money::Money as Amount;
use backend::text::en::{commissions, console_payouts as text};
use leptos::prelude::*;

use super::staff_list::{LIMIT, Listing};
use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::api::partners::partner_page;
use crate::components::{Badge, Column, EmptyState, LinkButton, PageHead, Row, Table, Tone};
use crate::request::Visit;

/// The list's address.
const PATH: &str = "/staff/partners";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let cx = visit.staff_cx();
    let (listing, after) = Listing::asked(&visit, PATH, Vec::new(), TimePlace::parse);
    let found = visit.state.db.read(|tx| Box::pin(async move { list_partners(tx, &cx, after.as_ref(), LIMIT).await }));
    let mut found = found.await?.ok_or(NoPage::NotFound)?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [partner, terms, since, sales, commission, owed] = text::COLUMNS;
    let mut columns = vec![Column::text(partner), Column::text(terms), Column::text(since)];
    let sees_money = found.iter().any(|it| it.totals.is_some());
    if sees_money {
        columns.extend([Column::number(sales), Column::number(commission), Column::number(owed)]);
    }
    let lead = if sees_money { text::LEAD } else { text::LEAD_WITHOUT_MONEY };
    let rows = found.iter().map(row).collect();
    let body = view! {
        <PageHead title=text::TITLE lead=lead />
        <Table
            caption=text::TITLE
            caption_hidden=true
            columns
            rows
            empty=|| {
                let action = || view! { <LinkButton href=staff_customers::PATH label=text::TO_CUSTOMERS /> };
                view! { <EmptyState text=text::NONE_YET action /> }
            }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(it: &ListedPartner) -> Row {
    let href = partner_page(&it.account_id);
    let former = it.ended_at.map(|_| view! { " " <Badge tone=Tone::Neutral word=text::FORMER /> });
    let row = Row::new()
        .cell(view! { <a href=href>{it.company.clone()}</a> {former} })
        .cell(text::terms(it.terms))
        .cell(text::day(it.since));
    let Some(totals) = &it.totals else { return row };
    let amounts = |of: fn(&Total) -> Amount| {
        let each: Vec<String> = totals.iter().map(|total| commissions::amount(of(total))).collect();
        if each.is_empty() { text::NOTHING.to_owned() } else { each.join(", ") }
    };
    row.cell(amounts(|total| Amount::new(total.sales_minor, total.currency)))
        .cell(amounts(|total| Amount::new(total.earned_minor, total.currency)))
        .cell(amounts(Total::owed))
}
