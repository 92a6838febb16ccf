//! `/partner/commissions`: what a partner has earned, month by month. `?before=` goes on from a month.

use backend::accounts::AccountKind;
use backend::commissions::{Month, MonthSum, Months, list_months};
use backend::text::en::commissions as text;
use leptos::prelude::*;

use super::partner_tabs::partner_tabs;
use super::{NoPage, Page, render};
use crate::api::partners::CLIENTS;
use crate::api::payouts::{COMMISSIONS, month_page};
use crate::components::{Card, Column, EmptyState, Fact, Facts, LinkButton, Money, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let before = visit.query("before").and_then(|month| Month::parse(&month));
    let (cx, id) = (visit.viewer_cx(), account.id.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { list_months(tx, &cx, &id, before).await }));
    let found = found.await?.ok_or(NoPage::NotFound)?;
    let current = month_page(found.current);
    let open = move || view! { <LinkButton href=current.clone() label=text::OPEN_CURRENT /> };
    let is_first = before.is_none();
    // Who is a partner no more has no clients any more.
    let has_clients = account.kind == AccountKind::Partner;
    let empty = move || match (is_first, has_clients) {
        (true, true) => {
            let action = || view! { <LinkButton href=CLIENTS label=text::TO_CLIENTS /> };
            view! { <EmptyState text=text::NO_MONTHS action /> }.into_any()
        }
        (true, false) => view! { <EmptyState text=text::NOTHING_OWED /> }.into_any(),
        (false, _) => view! { <EmptyState text=text::NO_OLDER_MONTHS /> }.into_any(),
    };
    let [month, earned, taken_back, paid_out] = text::MONTH_COLUMNS;
    let columns =
        vec![Column::text(month), Column::number(earned), Column::number(taken_back), Column::number(paid_out)];
    let rows = found.sums.iter().map(|sum| row(sum, found.current)).collect();
    let body = view! {
        {partner_tabs(&visit)}
        <PageHead title=text::TITLE lead=text::LEAD actions=open />
        {owed(&found)}
        <Table caption=text::MONTHS caption_hidden=true columns rows empty />
        {pages(&found, is_first)}
    };
    Ok(Page::new(text::TITLE, body))
}

fn owed(found: &Months) -> impl IntoView + use<> {
    let facts: Vec<Fact> = found
        .owed
        .iter()
        .map(|it| {
            let amount = view! { <Money minor=it.amount_minor currency=it.currency.as_str() /> };
            Fact::new(text::code(it.currency), amount)
        })
        .collect();
    let nothing = facts.is_empty().then(|| view! { <p>{text::NOTHING_OWED}</p> });
    let facts = (!facts.is_empty()).then(|| view! { <Facts facts /> });
    let is_back = found.owed.iter().any(|it| it.amount_minor < 0);
    let back = is_back.then(|| view! { <p class="hint">{text::OWED_BACK}</p> });
    view! { <Card title=text::OWED id="owed">{nothing} {facts} {back}</Card> }
}

fn row(sum: &MonthSum, current: Month) -> Row {
    let (href, it) = (month_page(sum.month), sum.movement);
    Row::new()
        .cell(view! { <a href=href>{text::month_so_far(sum.month, sum.month == current)}</a> })
        .amounts(it.currency.as_str(), &[it.earned_minor, it.taken_back_minor, it.paid_out_minor])
}

fn pages(found: &Months, is_first: bool) -> Option<AnyView> {
    if is_first && found.older.is_none() {
        return None;
    }
    let next = found.older.map(|month| (text::OLDER.to_owned(), format!("{COMMISSIONS}?before={month}")));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), COMMISSIONS.to_owned()));
    let position = text::months_shown(found.sums.len());
    Some(view! { <Pagination label=text::MONTH_PAGES position previous next /> }.into_any())
}
