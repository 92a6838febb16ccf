//! `/partner/commissions/{month}`: a partner's statement of a month. `?after=` goes on in a long one.

use backend::commissions::{Balance, Month, Movement, Payout, Statement, StatementLine, find_statement};
use backend::listing::TimePlace;
use backend::text::en::{commissions as text, licenses as words};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::payouts::{COMMISSIONS, month_page};
use crate::components::{Breadcrumb, Card, Column, Crumb, EmptyState, LinkButton, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// Lines on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let month = Month::parse(visit.path.split('/').nth(3).unwrap_or_default()).ok_or(NoPage::NotFound)?;
    let after = visit.query("after").and_then(|place| TimePlace::parse(&place));
    let (cx, id, from) = (visit.viewer_cx(), account.id.clone(), after.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            find_statement(tx, &cx, &id, month, from.as_ref(), limit).await
        })
    });
    let mut found = found.await?.ok_or(NoPage::NotFound)?;
    let goes_on = found.lines.len() > PAGE;
    found.lines.truncate(PAGE);
    let crumbs = vec![Crumb::to(text::TITLE, COMMISSIONS), Crumb::here(text::month(month))];
    let page = month_page(month);
    let downloads = move || {
        let (pdf, csv) = (format!("{page}/statement.pdf"), format!("{page}/statement.csv"));
        view! { <LinkButton href=pdf label=text::PDF /> <LinkButton href=csv label=text::CSV /> }
    };
    let title = text::statement(month);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=title.clone() lead=text::statement_lead(month, found.is_closed) actions=downloads />
        {balances(&found.balances)}
        {lines(&found.lines)}
        {pages(&found, after.is_some(), goes_on)}
        {payouts(&found.payouts, text::NO_PAYOUTS)}
    };
    Ok(Page::new(title, body))
}

fn balances(balances: &[Balance]) -> impl IntoView + use<> {
    let [currency, opening, earned, taken_back, paid_out, closing] = text::BALANCE_COLUMNS;
    let columns = vec![
        Column::text(currency),
        Column::number(opening),
        Column::number(earned),
        Column::number(taken_back),
        Column::number(paid_out),
        Column::number(closing),
    ];
    let row = |it: &Balance| {
        let Movement { currency, earned_minor, taken_back_minor, paid_out_minor } = it.movement;
        let amounts = [it.opening_minor, earned_minor, taken_back_minor, paid_out_minor, it.closing_minor()];
        Row::new().cell(text::code(currency)).amounts(currency.as_str(), &amounts)
    };
    let rows = balances.iter().map(row).collect();
    view! {
        <Card title=text::BALANCES id="balance">
            <Table
                caption=text::BALANCES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_BALANCES /> }
            />
        </Card>
    }
}

fn lines(lines: &[StatementLine]) -> impl IntoView + use<> {
    let [date, client, invoice, what, net, rate, commission] = text::LINE_COLUMNS;
    let columns = vec![
        Column::text(date),
        Column::text(client),
        Column::text(invoice),
        Column::text(what),
        Column::number(net),
        Column::number(rate),
        Column::number(commission),
    ];
    let row = |it: &StatementLine| {
        Row::new()
            .cell(text::day(it.entered_at))
            .cell(text::client(it))
            .cell(it.invoice_number.clone())
            .cell(text::why(it.why))
            .amounts(it.currency.as_str(), &[it.net_minor])
            .cell(text::rate(it.rate_bp))
            .amounts(it.currency.as_str(), &[it.amount_minor])
    };
    let rows = lines.iter().map(row).collect();
    view! {
        <Card title=text::LINES id="lines">
            <Table
                caption=text::LINES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_LINES /> }
            />
        </Card>
    }
}

/// Payouts; where there are none, `empty` says so.
pub(super) fn payouts(payouts: &[Payout], empty: &'static str) -> impl IntoView + use<> {
    let [recorded, sent, reference, amount] = text::PAYOUT_COLUMNS;
    let columns = vec![Column::text(recorded), Column::text(sent), Column::text(reference), Column::number(amount)];
    let row = |it: &Payout| {
        Row::new()
            .cell(text::day(it.created_at))
            .cell(text::day(it.paid_at))
            .cell(text::payout_reference(it))
            .amounts(it.currency.as_str(), &[it.amount_minor])
    };
    let rows = payouts.iter().map(row).collect();
    view! {
        <Card title=text::PAYOUTS id="payouts">
            <Table
                caption=text::PAYOUTS
                caption_hidden=true
                columns
                rows
                empty=move || view! { <EmptyState text=empty /> }
            />
        </Card>
    }
}

fn pages(found: &Statement, is_later: bool, goes_on: bool) -> Option<AnyView> {
    if !is_later && !goes_on {
        return None;
    }
    let page = month_page(found.month);
    let next = found.lines.last().filter(|_| goes_on).map(|last| {
        let query = serde_urlencoded::to_string([("after", last.place().to_string())]).unwrap_or_default();
        (text::LATER.to_owned(), format!("{page}?{query}#lines"))
    });
    let previous = is_later.then(|| (text::FIRST.to_owned(), page));
    let position = text::lines_shown(found.lines.len());
    Some(view! { <Pagination label=text::LINE_PAGES position previous next /> }.into_any())
}
