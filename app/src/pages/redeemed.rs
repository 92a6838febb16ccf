//! `/redeem/{voucher}`: the license that came of a voucher, with its key for whoever has just redeemed it.

use backend::ids::VoucherId;
use backend::text::en::{claims, redeeming as text};
use backend::vouchers::find_redeemed;
use leptos::prelude::*;

use super::order::key_card;
use super::{NoPage, Page, render};
use crate::api::claims::waiting_page;
use crate::api::orders::session_hash;
use crate::api::vouchers::REDEEM;
use crate::components::{Emphasis, LinkButton, Notice, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let id = visit.path.strip_prefix(REDEEM).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    let id = VoucherId::from_untrusted(id);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let hash = session_hash(&visit).unwrap_or_default();
    // A look at the key is recorded.
    let found =
        visit.state.db.write(move |tx| Box::pin(async move { find_redeemed(tx, &cx, &master, &id, &hash).await }));
    let found = found.await?.filter(|found| found.view.license.account_id == account.id);
    let found = found.ok_or(NoPage::NotFound)?;
    let view = found.view;
    let to_license = format!("/licenses/{}", view.license.id);
    let lead = text::done_lead(&view.product_name, &view.plan_name, found.key.is_some());
    // Where the key is shown, copying it is what the page is for.
    let emphasis = if found.key.is_some() { Emphasis::Plain } else { Emphasis::Primary };
    let key = found.key.map(|key| key_card(&visit.vendor.origin, key.expose(), &view.product_code));
    // A product that waits for this license gets its key without anybody copying it.
    let waits = waiting_page(&visit).await.map(|href| {
        let go_on = move || view! { <LinkButton href=href.clone() label=claims::GO_ON_CLAIM /> };
        view! { <Notice title=claims::waits(&view.product_name) action=go_on /> }
    });
    let body = view! {
        <PageHead
            title=text::DONE_TITLE
            lead
            actions=move || view! { <LinkButton href=to_license.clone() label=text::TO_LICENSE emphasis /> }
        />
        {waits}
        {key}
    };
    Ok(Page::new(text::DONE_TITLE, body))
}
