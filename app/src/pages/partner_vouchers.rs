//! `/partner/vouchers`: the vouchers that a partner has bought, order by order. `?after=` goes on in a long list.

use backend::accounts::{Act, may};
use backend::listing::TimePlace;
use backend::text::en::vouchers as text;
use backend::vouchers::{Batch, list_batches};
use leptos::prelude::*;

use super::invoices::day;
use super::partner_tabs::partner_tabs;
use super::{NoPage, Page, render};
use crate::api::vouchers::{BUY, VOUCHERS, batch_page};
use crate::components::{Column, Emphasis, EmptyState, LinkButton, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// Batches on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let after = visit.query("after").and_then(|place| TimePlace::parse(&place));
    let (cx, id, from) = (visit.viewer_cx(), account.id.clone(), after.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            list_batches(tx, &cx, &id, from.as_ref(), limit).await
        })
    });
    let view = found.await?.ok_or(NoPage::NotFound)?;
    let mut batches = view.batches;
    let has_more = batches.len() > PAGE;
    batches.truncate(PAGE);
    let pages = pages(&batches, after.is_some(), has_more);
    let may_buy = view.is_partner && may(role, Act::Buy);
    let buy = move || may_buy.then(|| view! { <LinkButton href=BUY label=text::BUY emphasis=Emphasis::Primary /> });
    let [ordered, plan, number, redeemed, open, void] = text::BATCH_COLUMNS;
    let columns = vec![
        Column::text(ordered),
        Column::text(plan),
        Column::number(number),
        Column::number(redeemed),
        Column::number(open),
        Column::number(void),
    ];
    let rows = batches.iter().map(row).collect();
    let empty = if may_buy { text::NONE } else { text::NONE_TO_BUY };
    let body = view! {
        {partner_tabs(&visit)}
        <PageHead title=text::TITLE lead=text::LEAD actions=buy />
        <Table
            caption=text::TITLE
            caption_hidden=true
            columns
            rows
            empty=move || view! { <EmptyState text=empty /> }
        />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(batch: &Batch) -> Row {
    let (href, plan) = (batch_page(&batch.order_id), text::product_plan(&batch.product_name, &batch.plan_name));
    Row::new()
        .cell(day(batch.created_at))
        .cell(view! { <a href=href>{plan}</a> " " <small>{text::term(batch.term)}</small> })
        .cell(batch.count().to_string())
        .cell(batch.redeemed.to_string())
        .cell(batch.open.to_string())
        .cell(batch.void.to_string())
}

fn pages(batches: &[Batch], is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = batches.last().filter(|_| has_more).map(|last| {
        let place = TimePlace::new(last.created_at, last.order_id.as_str()).to_string();
        let query = serde_urlencoded::to_string([("after", place)]).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{VOUCHERS}?{query}"))
    });
    let previous = is_later.then(|| (text::NEWEST.to_owned(), VOUCHERS.to_owned()));
    let position = text::batches_shown(batches.len());
    Some(view! { <Pagination label=text::PAGES position previous next /> }.into_any())
}
