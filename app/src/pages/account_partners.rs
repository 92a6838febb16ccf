//! `/account/partners`: who orders for the account and sees what it has.

use backend::partners::{PartnerOf, list_partners_of};
use backend::text::en::partners as text;
use leptos::prelude::*;

use super::invoices::day;
use super::{NoPage, Page, render};
use crate::api::partners::relation_page;
use crate::components::{Column, EmptyState, PageHead, Row, Table};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let cx = visit.viewer_cx();
    let found = visit.state.db.read(|tx| Box::pin(async move { list_partners_of(tx, &cx, &account.id).await }));
    let row = |partner: &PartnerOf| {
        let href = relation_page(&partner.id);
        Row::new().cell(view! { <a href=href>{partner.company.clone()}</a> }).cell(day(partner.accepted_at))
    };
    let rows = found.await?.iter().map(row).collect();
    let columns = text::PARTNER_COLUMNS.map(Column::text).to_vec();
    let body = view! {
        <PageHead title=text::PARTNERS lead=text::PARTNERS_LEAD />
        <Table
            caption=text::PARTNERS
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NO_PARTNERS /> }
        />
    };
    Ok(Page::new(text::PARTNERS, body))
}
