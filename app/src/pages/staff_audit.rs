//! `/staff/audit`: every change at the vendor. `?area=`, `?person=`, `?object=`, `?customer=`, `?from=` and `?to=` narrow the list,
//! `?after=` goes on.

use backend::audit::AuditScope;
use backend::text::en::audit as text;
use leptos::prelude::*;

use super::staff_list::address;
use super::{NoPage, Page, audit_log, render, staff_role};
use crate::components::PageHead;
use crate::request::Visit;

/// The log's address.
pub(super) const PATH: &str = "/staff/audit";

/// The log narrowed to what concerns the account with this id.
pub(super) fn of_customer(id: &str) -> String {
    address(PATH, [("customer", id.to_owned())])
}

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let log = audit_log::body(&visit, PATH, AuditScope::Vendor).await?;
    let body = view! {
        <PageHead title=text::TITLE lead=text::STAFF_LEAD />
        {log}
    };
    Ok(Page::new(text::TITLE, body))
}
