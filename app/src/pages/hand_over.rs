//! `/licenses/{id}/hand-over`: offers a license to another account.

use backend::accounts::Act;
use backend::handovers::{find_obstacle, find_open_handover};
use backend::text::en::{handovers as text, licenses as words, portal};
use leptos::prelude::*;

use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::handovers::{ASK, handover_errors};
use crate::components::{Breadcrumb, Card, Control, Emphasis, EmptyState, Field, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The page that hands a license over.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let (cx, license) = (visit.viewer_cx(), own.license().clone());
    let (waiting, obstacle) = visit
        .state
        .db
        .read(|tx| {
            Box::pin(async move {
                let waiting = find_open_handover(tx, &cx, &license.id).await?;
                Ok::<_, NoPage>((waiting, find_obstacle(tx, &cx, &license).await?))
            })
        })
        .await?;
    let sentence = match (&waiting, obstacle) {
        _ if !own.may(Act::TransferLicenses) => Some(text::OWNERS_ONLY.to_owned()),
        (Some(handover), _) => Some(format!("{} {}", text::waits(handover), text::waits_next(handover))),
        (None, obstacle) => obstacle.map(|obstacle| text::obstacle(obstacle).to_owned()),
    };
    let crumbs = own.crumbs(text::ASK_TITLE);
    let href = own.href();
    let content = match sentence {
        Some(sentence) => {
            let back = move || {
                let href = href.clone();
                view! { <LinkButton href label=text::BACK emphasis=Emphasis::Primary /> }
            };
            view! { <EmptyState text=sentence action=back /> }.into_any()
        }
        None => form(&own).await,
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::ASK_TITLE lead=text::ASK_LEAD />
        {content}
    };
    Ok(Page::new(text::ASK_TITLE, body))
}

async fn form(own: &OwnLicense) -> AnyView {
    let refused = take_refused(ASK).await;
    let errors = handover_errors(&refused);
    let points = text::POINTS.map(|point| view! { <li>{point}</li> }).collect_view();
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    let href = own.href();
    let back = move || {
        let href = href.clone();
        view! { <LinkButton href label=text::BACK /> }
    };
    view! {
        <Card title=text::MEANS>
            <ul class="points">{points}</ul>
            <Form
                action="/act/ask-handover"
                id="hand-over"
                submit=text::ASK_SUBMIT
                emphasis=Emphasis::Danger
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=back
            >
                <Field
                    name="email"
                    label=text::EMAIL
                    control=Control::Email
                    value=refused.typed("email")
                    hint=text::EMAIL_HINT
                />
            </Form>
        </Card>
    }
    .into_any()
}
