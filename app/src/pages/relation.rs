//! `/relations/{id}`: the client decides here about a partner, and ends the relation. For everybody else there is nothing
//! here; the partner has a page of its own.

use backend::accounts::{Act, may};
use backend::ids::RelationId;
use backend::partners::{RelationStatus, RelationView, Side, find_relation};
use backend::text::en::{partner_relations as text, partners, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::partners::{ACCEPT, relation_errors, relation_page};
use crate::components::{Card, Dialog, Emphasis, EmptyState, Form, LinkButton, Notice, PageHead, PostButton, Tone};
use crate::request::Visit;

/// The page of a relation.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let id = RelationId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
    let cx = visit.viewer_cx();
    let found = visit.state.db.read(|tx| Box::pin(async move { find_relation(tx, &cx, &id).await })).await?;
    let found = found.filter(|found| found.side == Side::Client).ok_or(NoPage::NotFound)?;
    let partner = found.partner.company.clone();
    let (title, lead, content) = match found.status {
        RelationStatus::Invited => {
            (text::INVITATION.to_owned(), text::invitation_lead(&partner), decision(&visit, &found).await)
        }
        RelationStatus::Active => {
            let since = found.relation.accepted_at.unwrap_or(found.relation.created_at);
            (partner.clone(), text::partner_lead(&partner, since), lasts(&visit, &found))
        }
        status => {
            let over = view! { <EmptyState text=text::over(status) /> }.into_any();
            (partner.clone(), String::new(), over)
        }
    };
    let lead = (!lead.is_empty()).then_some(lead);
    let body = view! {
        <div class="column">
            <PageHead title=title.clone() lead=lead />
            {content}
        </div>
    };
    Ok(Page::new(title, body))
}

fn points() -> AnyView {
    let points = text::POINTS.map(|point| view! { <li>{point}</li> }).collect_view();
    view! { <ul class="points">{points}</ul> }.into_any()
}

async fn decision(visit: &Visit, found: &RelationView) -> AnyView {
    let refused = take_refused(ACCEPT).await;
    let errors = relation_errors(&refused);
    let Some((account, role)) = visit.account() else { return ().into_any() };
    let hidden = vec![("relation_id".to_owned(), found.relation.id.to_string())];
    let decline = {
        let hidden = hidden.clone();
        move || {
            let hidden = hidden.clone();
            view! { <PostButton action="/act/end-relation" label=text::DECLINE hidden emphasis=Emphasis::Quiet /> }
        }
    };
    let (stands_in_the_way, action) = if !found.is_confirmed {
        (Some(text::CONFIRM_FIRST), Some(("/account", text::TO_ACCOUNT)))
    } else if account.id == found.relation.partner_id {
        (Some(text::OWN_ACCOUNT), None)
    } else if !may(role, Act::ManageRelations) {
        (Some(text::NOT_OWNER), None)
    } else {
        (None, None)
    };
    if let Some(sentence) = stands_in_the_way {
        let acts = move || {
            let way = action.map(|(href, label)| view! { <LinkButton href label emphasis=Emphasis::Primary /> });
            view! { {way} {decline()} }
        };
        return view! {
            <Notice tone=Tone::Warn title=sentence action=acts />
            <Card title=text::MEANS>{points()}</Card>
        }
        .into_any();
    }
    let mut accepted = hidden;
    accepted.push(("for_account".to_owned(), account.id.to_string()));
    view! {
        <Card title=text::MEANS>
            {points()}
            <Form
                action="/act/accept-relation"
                id="accept"
                submit=text::accept(&account.company)
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=accepted
            />
            {decline()}
        </Card>
    }
    .into_any()
}

fn lasts(visit: &Visit, found: &RelationView) -> AnyView {
    let ends = visit.account().filter(|(account, role)| {
        Some(&account.id) == found.relation.client_id.as_ref() && may(*role, Act::ManageRelations)
    });
    let end = ends.map(|_| {
        let hidden = vec![
            ("relation_id".to_owned(), found.relation.id.to_string()),
            ("back".to_owned(), relation_page(&found.relation.id)),
        ];
        let partner = found.partner.company.clone();
        view! {
            <Dialog id="end" open=partners::END_ASK about=partner.clone() title=partners::END close=partners::KEEP>
                <p>{text::client_end_text(&partner)}</p>
                <Form action="/act/end-relation" submit=partners::END emphasis=Emphasis::Danger hidden />
            </Dialog>
        }
    });
    view! { <Card title=text::MEANS>{points()} {end}</Card> }.into_any()
}
