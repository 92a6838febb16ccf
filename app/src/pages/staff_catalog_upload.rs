//! `/staff/catalog/upload`: takes the text of a catalog file, shows what it would change, and applies it. The text waits in
//! the session for one rendering; the page looks at it each time anew, so that what it shows is what would happen now.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::{Change, UploadFault, fingerprint, preview_upload};
use backend::text::en::{catalog as words_of_file, console_catalog, console_upload as text, licenses as words, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::api::form::{Refused, take_refused};
use crate::api::staff_catalog::{CATALOG, CHANGED_MEANWHILE, CHECK, DOWNLOAD, file_refusal};
use crate::components::{
    Breadcrumb, Card, Control, Crumb, Emphasis, Field, FieldError, Form, LinkButton, Notice, PageHead, Snippet, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::EditCatalog) {
        return Err(NoPage::NotFound);
    }
    let refused = take_refused(CHECK).await;
    let found = look_at(&visit, &refused).await?;
    let stale = (refused.code("") == Some(CHANGED_MEANWHILE))
        .then(|| view! { <div role="alert"><Notice tone=Tone::Warn title=text::CHANGED_MEANWHILE /></div> });
    let file = refused.typed("file");
    let (outcome, errors) = match &found {
        None => (None, Vec::new()),
        Some(Ok(changes)) => (Some(changes_card(&visit, changes, &file)), Vec::new()),
        Some(Err(fault)) => (Some(fault_card(fault, &visit.vendor.code)), vec![FieldError::new("file", text::FAULTS)]),
    };
    let crumbs = vec![Crumb::to(console_catalog::TITLE, CATALOG), Crumb::here(text::TITLE)];
    let download = || view! { <LinkButton href=DOWNLOAD label=text::DOWNLOAD emphasis=Emphasis::Quiet /> };
    let emphasis = if outcome.is_some() { Emphasis::Plain } else { Emphasis::Primary };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::LEAD actions=download />
        {stale}
        {outcome}
        <Card title=text::FILE id="file">
            <Form
                action="/act/check-catalog"
                id="check-form"
                submit=text::CHECK
                emphasis
                errors_title=portal::refused_answers(errors.len())
                errors
            >
                <Field
                    name="file"
                    label=text::FILE
                    control=Control::Textarea { rows: 20 }
                    value=file
                    hint=text::FILE_HINT
                    autocomplete="off"
                />
            </Form>
        </Card>
    };
    Ok(Page::new(text::TITLE, body))
}

/// What the text that waits would do; `None` where none does.
async fn look_at(visit: &Visit, refused: &Refused) -> Result<Option<Result<Vec<Change>, UploadFault>>, NoPage> {
    if let Some(fault) = file_refusal(refused) {
        return Ok(Some(Err(fault)));
    }
    let file = refused.typed("file");
    if file.is_empty() {
        return Ok(None);
    }
    let cx = visit.staff_cx();
    let found = visit.state.db.read(|tx| Box::pin(async move { preview_upload(tx, &cx, &file).await }));
    Ok(found.await?)
}

fn changes_card(visit: &Visit, changes: &[Change], file: &str) -> AnyView {
    let console_s = (visit.vendor.settings_no > 0).then(|| view! { <p>{words_of_file::CONSOLE_HAS_SETTINGS}</p> });
    if changes.is_empty() {
        return view! { <Card title=text::CHANGES id="changes"><p>{text::NO_CHANGES}</p> {console_s}</Card> }
            .into_any();
    }
    let lines = text::changes(changes).into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let hidden = vec![("file".to_owned(), file.to_owned()), ("seen".to_owned(), fingerprint(file, changes))];
    view! {
        <Card title=text::CHANGES lead=text::CHANGES_LEAD id="changes">
            <ul class="points">{lines}</ul>
            {console_s}
            <Form action="/act/apply-catalog" id="apply-form" submit=text::APPLY hidden />
        </Card>
    }
    .into_any()
}

fn fault_card(fault: &UploadFault, vendor: &str) -> AnyView {
    let (sentences, place) = text::fault(fault, vendor);
    let lines = sentences.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let place = place.map(|code| view! { <Snippet label=text::PLACE code /> });
    view! {
        <Card title=text::FAULTS lead=text::NOTHING_WRITTEN id="faults">
            <ul class="points">{lines}</ul>
            {place}
        </Card>
    }
    .into_any()
}
