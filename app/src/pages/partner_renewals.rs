//! `/partner/renewals`: what of a partner's clients renews or ends soon. `?after=` goes on in a long list.

use backend::accounts::{Act, may};
use backend::ids::AccountId;
use backend::partners::{Renewal, RenewalPlace, list_renewals};
use backend::text::en::{licenses as words, partner_orders, partners as text};
use leptos::prelude::*;

use super::invoices::day;
use super::{NoPage, Page, render};
use crate::api::client_additions::client_license_page;
use crate::api::partners::{CLIENTS, RENEWALS, client_page};
use crate::components::{
    Breadcrumb, Column, Crumb, Emphasis, EmptyState, LinkButton, PageHead, Pagination, Row, Table,
};
use crate::request::Visit;

/// Renewals on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let after = visit.query("after").and_then(|place| RenewalPlace::parse(&place));
    let (cx, id, from) = (visit.viewer_cx(), account.id.clone(), after.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            list_renewals(tx, &cx, &id, from.as_ref(), limit).await
        })
    });
    let mut renewals = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = renewals.len() > PAGE;
    renewals.truncate(PAGE);
    let pages = pages(&renewals, after.is_some(), has_more);
    let crumbs = vec![Crumb::to(text::CLIENTS, CLIENTS), Crumb::here(text::RENEWALS)];
    let mut columns = text::RENEWAL_COLUMNS.map(Column::text).to_vec();
    let orders = may(role, Act::Buy);
    if orders {
        columns.push(Column::act(text::ACT));
    }
    let rows = renewals.iter().map(|renewal| row(renewal, &account.id, orders)).collect();
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::RENEWALS lead=text::RENEWALS_LEAD />
        <Table
            caption=text::RENEWALS
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NO_RENEWALS /> }
        />
        {pages}
    };
    Ok(Page::new(text::RENEWALS, body))
}

fn row(renewal: &Renewal, partner_id: &AccountId, orders: bool) -> Row {
    let client = client_page(&renewal.relation_id);
    let license = client_license_page(&renewal.relation_id, &renewal.license_id);
    let act = next_step(renewal, partner_id, &client, &license);
    let row = Row::new()
        .cell(day(renewal.due_at))
        .cell(view! { <a href=client>{renewal.company.clone()}</a> })
        .cell(view! { <a href=license>{text::license_name(renewal)}</a> })
        .cell(text::happens(renewal));
    let row = match &renewal.payer_id {
        Some(payer_id) => row.cell(text::paid_by(payer_id == partner_id)),
        None => row.blank(),
    };
    match act {
        _ if !orders => row,
        Some(act) => row.cell(act),
        None => row.blank(),
    }
}

/// The way to go on with what ends; a subscription that renews goes on by itself.
fn next_step(renewal: &Renewal, partner_id: &AccountId, client: &str, license: &str) -> Option<AnyView> {
    let pays = renewal.payer_id.as_ref() == Some(partner_id);
    let (href, label) = match (renewal.is_cancelled, renewal.ends_at) {
        (Some(false), _) => return None,
        (Some(true), _) if pays => (format!("{client}#licenses"), text::KEEP_RENEWING),
        (None, None) => (format!("{license}/updates"), partner_orders::RENEW_UPDATES),
        (Some(true), _) | (None, Some(_)) => (format!("{client}#order"), text::ORDER_ANOTHER),
    };
    let about = format!("{}, {}", text::license_name(renewal), renewal.company);
    Some(view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }.into_any())
}

fn pages(renewals: &[Renewal], is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = renewals.last().filter(|_| has_more).map(|last| {
        let query = serde_urlencoded::to_string([("after", last.place().to_string())]).unwrap_or_default();
        (text::LATER.to_owned(), format!("{RENEWALS}?{query}"))
    });
    let previous = is_later.then(|| (text::SOONEST.to_owned(), RENEWALS.to_owned()));
    let position = text::renewals_shown(renewals.len());
    Some(view! { <Pagination label=text::RENEWAL_PAGES position previous next /> }.into_any())
}
