//! `/messages/new`: writing to the vendor. `?about=` names the license, instance, invoice or order that it is about; a
//! partner also names licenses of its clients.

use backend::messages::{About, AboutKind, find_subject_of_new};
use backend::text::en::{licenses as words, messages as text, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::messages::{MESSAGES, OPEN, errors_of, new_page};
use crate::components::{Breadcrumb, Card, Control, Crumb, Emphasis, Fact, Facts, Field, Form, LinkButton, PageHead};
use crate::request::Visit;

/// The form.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let (cx, asked) = (visit.viewer_cx(), visit.query("about").unwrap_or_default());
    let for_account = account.id.to_string();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { find_subject_of_new(tx, &cx, &account.id, &asked).await }))
        .await?;
    // Every page leads here with whatever its address names: a client's license, something deleted, something mistyped.
    let about = found.unwrap_or_else(About::nothing);
    let refused = take_refused(OPEN).await;
    let errors = errors_of(&refused);
    let is_about = about.kind != AboutKind::Nothing;
    let subject_of = is_about.then(|| {
        let mut facts = vec![Fact::new(text::ABOUT, text::about(about.kind, &about.name))];
        facts.extend(about.client.as_ref().map(|client| Fact::new(text::CLIENT, client.company.clone())));
        view! { <Facts facts /> }
    });
    // The client of a partner may be another account of the same person's: what is written is for the one that is shown.
    let hidden = vec![("about".to_owned(), about.id), ("for_account".to_owned(), for_account)];
    let crumbs = vec![Crumb::to(text::TITLE, MESSAGES), Crumb::here(text::NEW_TITLE)];
    let lead = text::new_lead(&visit.vendor.name, &viewer.user.email);
    let otherwise = move || {
        is_about.then(|| view! { <LinkButton href=new_page("") label=text::ABOUT_NOTHING emphasis=Emphasis::Quiet /> })
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::NEW_TITLE lead />
        <Card title=text::TEXT id="write">
            {subject_of}
            <Form
                action="/act/open-conversation"
                id="message"
                submit=text::SEND
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=otherwise
            >
                <Field name="subject" label=text::SUBJECT value=refused.typed("subject") />
                <Field
                    name="text"
                    label=text::TEXT
                    control=Control::Textarea { rows: 10 }
                    value=refused.typed("text")
                    hint=text::TEXT_HINT
                />
            </Form>
        </Card>
    };
    Ok(Page::new(text::NEW_TITLE, body))
}
