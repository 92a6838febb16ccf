//! `/partner/vouchers/{order}`: the vouchers of one order. `?after=` goes on behind that place.

use backend::accounts::{Act, may};
use backend::ids::OrderId;
use backend::text::en::{licenses as words, vouchers as text};
use backend::vouchers::{Batch, ListedVoucher, VoucherStatus, list_vouchers, rules};
use leptos::prelude::*;

use super::invoices::day;
use super::{NoPage, Page, render};
use crate::api::partners::client_page;
use crate::api::vouchers::{REDEEM, VOUCHERS, batch_page, voucher_page};
use crate::components::{
    Badge, Breadcrumb, Column, Crumb, Emphasis, LinkButton, Notice, PageHead, Pagination, Row, Table, Tone,
};
use crate::request::Visit;

/// Vouchers on one page.
const PAGE: usize = 100;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let id = OrderId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let after = visit.query("after").and_then(|place| place.parse().ok()).unwrap_or(0_i64);
    let (cx, wanted) = (visit.viewer_cx(), id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            list_vouchers(tx, &cx, &wanted, after, limit).await
        })
    });
    let found = found.await?.filter(|(batch, _)| batch.partner_id == account.id);
    let (batch, mut vouchers) = found.ok_or(NoPage::NotFound)?;
    let has_more = vouchers.len() > PAGE;
    vouchers.truncate(PAGE);
    let title = text::batch_title(&batch.product_name, &batch.plan_name);
    let page = batch_page(&id);
    let crumbs = vec![Crumb::to(text::TITLE, VOUCHERS), Crumb::here(title.clone())];
    let may_hand_out = may(role, Act::Buy) && batch.open > 0;
    let codes = format!("{page}/codes.csv");
    let download = move || {
        let href = codes.clone();
        may_hand_out.then(|| view! { <LinkButton href label=text::DOWNLOAD emphasis=Emphasis::Plain /> })
    };
    let hint = may_hand_out.then(|| {
        let how_to = text::how_to(&format!("{}{REDEEM}", visit.vendor.origin));
        view! { <Notice title=how_to text=text::DOWNLOAD_HINT /> }
    });
    let columns = text::VOUCHER_COLUMNS.map(Column::text).to_vec();
    let rows = vouchers.iter().map(|listed| row(&batch, listed)).collect();
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead
            title=title.clone()
            lead=text::batch_lead(batch.count(), batch.open, batch.created_at)
            actions=download
        />
        {hint}
        <Table caption=text::TITLE caption_hidden=true columns rows />
        {pages(&vouchers, &page, after > 0, has_more)}
    };
    Ok(Page::new(title, body))
}

/// The colour of a voucher's standing.
pub(super) fn tone(status: VoucherStatus) -> Tone {
    match status {
        VoucherStatus::Open => Tone::Good,
        VoucherStatus::Redeemed => Tone::Neutral,
        VoucherStatus::Void => Tone::Bad,
    }
}

fn row(batch: &Batch, listed: &ListedVoucher) -> Row {
    let voucher = &listed.voucher;
    let href = voucher_page(&batch.order_id, &voucher.id);
    let row = Row::new()
        .cell(view! {
            <a href=href>{text::numbered(voucher.place)}</a>
            " "
            <small class="mono">{voucher.code_hint.clone()}</small>
        })
        .cell(view! { <Badge tone=tone(voucher.status) word=text::status(voucher.status) /> });
    let row = if voucher.note.is_empty() { row.blank() } else { row.cell(voucher.note.clone()) };
    let Some(at) = voucher.redeemed_at else { return row.blank().blank().blank() };
    row.cell(day(at)).cell(redeemer(listed)).cell(text::until(rules::ends_at(voucher, at)))
}

/// Who redeemed a voucher: a client by name, nobody else.
pub(super) fn redeemer(listed: &ListedVoucher) -> AnyView {
    match (&listed.client, &listed.relation_id) {
        (Some(company), Some(relation_id)) => {
            let (href, company) = (client_page(relation_id), company.clone());
            view! { <a href=href>{company}</a> }.into_any()
        }
        _ => text::NO_CLIENT.into_any(),
    }
}

fn pages(vouchers: &[ListedVoucher], page: &str, is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = vouchers
        .last()
        .filter(|_| has_more)
        .map(|last| (text::NEXT.to_owned(), format!("{page}?after={}", last.voucher.place)));
    let previous = is_later.then(|| (text::FIRST.to_owned(), page.to_owned()));
    let position = text::vouchers_shown(vouchers.len());
    Some(view! { <Pagination label=text::PAGES position previous next /> }.into_any())
}
