//! `/account/audit`: who changed what in the account. `?area=`, `?person=`, `?object=`, `?from=` and `?to=` narrow the list,
//! `?after=` goes on.

use backend::audit::AuditScope;
use backend::text::en::audit as text;
use leptos::prelude::*;

use super::{NoPage, Page, audit_log, render};
use crate::components::PageHead;
use crate::request::Visit;

/// The log's address.
pub(super) const PATH: &str = "/account/audit";

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let log = audit_log::body(&visit, PATH, AuditScope::Account(account.id)).await?;
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD />
        {log}
    };
    Ok(Page::new(text::TITLE, body))
}
