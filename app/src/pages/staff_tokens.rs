//! `/staff/tokens`: the vendor's own API tokens.

use backend::accounts::{StaffAct, staff_may};
use backend::text::en::tokens as text;
use backend::tokens::Holder;
use leptos::prelude::*;

use super::token_list::{Side, load_tokens};
use super::{NoPage, Page, render, staff_role};
use crate::api::tokens::CREATE_FOR_VENDOR;
use crate::components::PageHead;
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::ManageTokens) {
        return Ok(Page::new(text::TITLE, view! { <PageHead title=text::TITLE lead=text::NOT_YOURS_OF_STAFF /> }));
    }
    let side = Side {
        holder: Holder::Vendor,
        lead: text::VENDOR_LEAD,
        create: CREATE_FOR_VENDOR,
        revoke: "/act/revoke-vendor-token",
        days_hint: text::vendor_days_hint(),
    };
    load_tokens(&visit, side).await
}
