//! `/account/partners`: who orders for the account and sees what it has, and what it keeps of a partnership of its own that
//! is over.

use backend::accounts::{Act, ActsAs, may};
use backend::db::DbError;
use backend::partners::{PartnerOf, find_partner, list_partners_of};
use backend::text::en::{commissions, partner_relations as text, vouchers};
use leptos::prelude::*;

use super::invoices::day;
use super::{NoPage, Page, render};
use crate::api::partners::relation_page;
use crate::api::payouts::COMMISSIONS;
use crate::api::vouchers::VOUCHERS;
use crate::components::{Card, Column, EmptyState, LinkButton, PageHead, Row, Table};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let cx = visit.viewer_cx();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let partners = list_partners_of(tx, &cx, &account.id).await?;
            let own = find_partner(tx, &cx.vendor_id, &account.id).await?;
            Ok::<_, DbError>((partners, own))
        })
    });
    let (partners, own) = found.await?;
    let former = own.filter(|own| !own.is_live()).map(|_| former(role));
    let row = |partner: &PartnerOf| {
        let href = relation_page(&partner.id);
        Row::new().cell(view! { <a href=href>{partner.company.clone()}</a> }).cell(day(partner.accepted_at))
    };
    let rows = partners.iter().map(row).collect();
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
        {former}
    };
    Ok(Page::new(text::PARTNERS, body))
}

/// What stays its own once the account is a partner no more.
fn former(role: ActsAs) -> AnyView {
    let earned =
        may(role, Act::SeeInvoices).then(|| view! { <LinkButton href=COMMISSIONS label=commissions::TITLE /> });
    view! {
        <Card title=text::FORMER lead=text::FORMER_LEAD id="former">
            <div class="acts">
                <LinkButton href=VOUCHERS label=vouchers::TITLE />
                {earned}
            </div>
        </Card>
    }
    .into_any()
}
