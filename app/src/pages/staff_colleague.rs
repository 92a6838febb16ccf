//! `/staff/people/{id}`: what an administrator can change about one colleague. For all others there is no such page.

use backend::accounts::members::find_colleague;
use backend::accounts::{Field, StaffAct, staff_may};
use backend::ids::UserId;
use backend::text::en::{accounts, factor_resets, licenses as words, members as text};
use leptos::prelude::*;

use super::invitations::{change_role, remove, role_choices};
use super::staff_people::positions;
use super::{NoPage, Page, render, staff_role};
use crate::api::factor_resets::factor_page;
use crate::api::form::take_refused;
use crate::api::members::CHANGE;
use crate::api::staff_people::PEOPLE;
use crate::components::{Breadcrumb, Crumb, Fact, Facts, LinkButton, Notice, PageHead, Tone};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::ManageStaff) {
        return Err(NoPage::NotFound);
    }
    let id = UserId::from_untrusted(visit.path.rsplit('/').next().unwrap_or_default());
    let vendor_id = visit.vendor.id.clone();
    let found = visit.state.db.read(|tx| Box::pin(async move { find_colleague(tx, &vendor_id, &id).await })).await?;
    let Some((user, role)) = found else { return Err(NoPage::NotFound) };
    let last_one = (take_refused(CHANGE).await.code("") == Some("last_one"))
        .then(|| view! { <Notice tone=Tone::Bad title=text::LAST_ADMIN /> });
    let who = text::called(&user);
    let lead = text::colleague_lead(accounts::staff_role(role), text::staff_may(role));
    let crumbs = vec![Crumb::to(text::STAFF, PEOPLE), Crumb::here(who.clone())];
    let hidden = vec![("colleague_id".to_owned(), user.id.to_string())];
    let options = role_choices(&positions(), role.as_str());
    let new_role = change_role("/act/change-staff-role", "staff_role", options, hidden.clone());
    let staff = text::staff_of(&visit.vendor.name);
    let take_out = remove("/act/remove-colleague", &staff, &who, text::REMOVE_COLLEAGUE_LEAD, hidden);
    let factor = factor_page(&user.id);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=who.clone() lead=lead />
        {last_one}
        <Facts facts=vec![Fact::new(accounts::field(Field::Email), user.email.clone())] />
        <p class="acts">
            <LinkButton href=factor label=factor_resets::TITLE />
        </p>
        {new_role}
        {take_out}
    };
    Ok(Page::new(who, body))
}
