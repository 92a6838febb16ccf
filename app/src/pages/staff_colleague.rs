//! `/staff/people/{id}`: what an administrator can change about one colleague. For all others there is no such page.

use backend::accounts::members::find_colleague;
use backend::accounts::{Field, StaffAct, StaffRole, User, staff_may};
use backend::ids::UserId;
use backend::text::en::{accounts, licenses as words, members as text};
use leptos::prelude::*;

use super::invitations::role_choices;
use super::staff_people::positions;
use super::{NoPage, Page, render, staff_role};
use crate::api::form::take_refused;
use crate::api::members::CHANGE;
use crate::api::staff_people::PEOPLE;
use crate::components::{
    Breadcrumb, Card, ChoiceCards, Crumb, Dialog, Emphasis, Fact, Facts, Form, Notice, PageHead, Tone,
};
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
    let remove = remove(&user, &visit.vendor.name);
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=who.clone() lead=lead />
        {last_one}
        <Facts facts=vec![Fact::new(accounts::field(Field::Email), user.email.clone())] />
        {change_role(&user, role)}
        {remove}
    };
    Ok(Page::new(who, body))
}

fn hidden(user: &User) -> Vec<(String, String)> {
    vec![("colleague_id".to_owned(), user.id.to_string())]
}

fn change_role(user: &User, role: StaffRole) -> impl IntoView + use<> {
    let (options, hidden) = (role_choices(&positions(), role.as_str()), hidden(user));
    view! {
        <Card title=text::CHANGE_ROLE lead=text::CHANGE_ROLE_LEAD id="role">
            <Form
                action="/act/change-staff-role"
                id="role-form"
                submit=text::CHANGE_ROLE_ACT
                hidden
            >
                <ChoiceCards name="staff_role" legend=text::CHANGE_ROLE_LEGEND options />
            </Form>
        </Card>
    }
}

fn remove(user: &User, vendor: &str) -> impl IntoView + use<> {
    let (heading, title) = (text::remove(&text::staff_of(vendor)), text::remove_title(&text::called(user)));
    let hidden = hidden(user);
    view! {
        <Card title=heading lead=text::REMOVE_COLLEAGUE_LEAD id="remove">
            <div class="acts">
                <Dialog
                    id="remove-question"
                    open=text::REMOVE_OPEN
                    title=title
                    close=text::KEEP
                >
                    <p>{text::REMOVE_COLLEAGUE_LEAD}</p>
                    <Form action="/act/remove-colleague" submit=text::REMOVE_ACT emphasis=Emphasis::Danger hidden />
                </Dialog>
            </div>
        </Card>
    }
}
