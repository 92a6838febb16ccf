//! `/account/members/{id}`: what an owner can change about one member. For all others there is no such page.

use backend::accounts::members::{Member, find_member};
use backend::accounts::{Account, Act, Field as Person, Role, may};
use backend::ids::UserId;
use backend::text::en::{accounts as fields, licenses as words, members as text, portal};
use leptos::prelude::*;

use super::invitations::{change_role, remove, role_choices};
use super::members::positions;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::members::{CHANGE, MEMBERS};
use crate::components::{
    Breadcrumb, Card, Choice, Control, Crumb, Dialog, Emphasis, Fact, Facts, Field, Form, Notice, PageHead, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (Some(viewer), Some((account, role))) = (visit.viewer.clone(), visit.account()) else {
        return Err(NoPage::NotFound);
    };
    if !may(role, Act::ManageMembers) {
        return Err(NoPage::NotFound);
    }
    let id = UserId::from_untrusted(visit.path.rsplit('/').next().unwrap_or_default());
    let (vendor_id, account_id) = (visit.vendor.id.clone(), account.id.clone());
    let found =
        visit.state.db.read(|tx| Box::pin(async move { find_member(tx, &vendor_id, &account_id, &id).await })).await?;
    let Some(member) = found else { return Err(NoPage::NotFound) };
    let last_one = (take_refused(CHANGE).await.code("") == Some("last_one"))
        .then(|| view! { <Notice tone=Tone::Bad title=text::LAST_OWNER /> });
    let who = text::called(&member.user);
    let lead = text::member_lead(portal::role_name(member.role), text::role_may(member.role), member.since);
    let others =
        (member.user.id != viewer.user.id).then(|| (hand_over(&account, &member), take_out(&account, &member)));
    let crumbs = vec![Crumb::to(text::MEMBERS, MEMBERS), Crumb::here(who.clone())];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=who.clone() lead=lead />
        {last_one}
        <Facts facts=vec![
            Fact::new(fields::field(Person::Email), member.user.email.clone()),
        ] />
        {new_role(&account, &member)}
        {others}
    };
    Ok(Page::new(who, body))
}

fn hidden(account: &Account, member: &Member) -> Vec<(String, String)> {
    vec![("account_id".to_owned(), account.id.to_string()), ("user_id".to_owned(), member.user.id.to_string())]
}

fn new_role(account: &Account, member: &Member) -> impl IntoView + use<> {
    let options = role_choices(&positions(account), member.role.as_str());
    change_role("/act/change-member-role", "role", options, hidden(account, member))
}

fn hand_over(account: &Account, member: &Member) -> impl IntoView + use<> {
    let who = text::called(&member.user);
    let lesser = Role::ALL.iter().filter(|role| **role != Role::Owner);
    let choices = lesser.map(|role| Choice::new(role.as_str(), portal::role_name(*role))).collect();
    let hidden = hidden(account, member);
    let (title, means) = (text::hand_over_title(&who), text::hand_over_lead(&who, &account.company));
    view! {
        <Card title=text::HAND_OVER lead=means.clone() id="hand-over">
            <div class="acts">
                <Dialog
                    id="hand-over-question"
                    open=text::HAND_OVER_OPEN
                    title=title
                    close=text::STAY_OWNER
                >
                    <p>{means}</p>
                    <Form
                        action="/act/hand-over-account"
                        id="hand-over-form"
                        submit=text::HAND_OVER_ACT
                        emphasis=Emphasis::Danger
                        hidden
                    >
                        <Field
                            name="becomes"
                            label=text::HAND_OVER_BECOMES
                            control=Control::Select(choices)
                            value=Role::Billing.as_str()
                        />
                    </Form>
                </Dialog>
            </div>
        </Card>
    }
}

fn take_out(account: &Account, member: &Member) -> impl IntoView + use<> {
    let who = text::called(&member.user);
    remove("/act/remove-member", &account.company, &who, text::REMOVE_LEAD, hidden(account, member))
}
