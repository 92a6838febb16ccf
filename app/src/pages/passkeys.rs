//! `/account/passkeys`: a person's own passkeys.

use backend::accounts::{Passkey, RelyingParty, list_passkeys};
use backend::clock::UnixMs;
use backend::text::en::{moments, passkeys as text, portal, portal_accounts};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::passkeys::NEW_PASSKEY;
use crate::api::refusal::errors_of;
use crate::components::{
    Badge, Breadcrumb, Card, Column, Crumb, Dialog, Emphasis, EmptyState, Field, Form, LinkButton, Moment, Notice,
    PageHead, Row, Table, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    if RelyingParty::of(&visit.vendor).is_none() {
        return Err(NoPage::NotFound);
    }
    let cx = visit.viewer_cx();
    let now = cx.now;
    let read = visit.state.db.read(move |tx| Box::pin(async move { list_passkeys(tx, &cx, &viewer.user.id).await }));
    let passkeys = read.await?;
    let refused = errors_of(&take_refused("rename-passkey").await).into_iter().next();
    let refused = refused.map(|error| view! { <Notice tone=Tone::Bad title=error.message /> });
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::PASSKEYS)];
    let body = view! {
        <Breadcrumb label=text::YOU_ARE_HERE crumbs />
        <PageHead title=text::PASSKEYS lead=text::LEAD />
        {refused}
        {list(&passkeys, now)}
    };
    Ok(Page::new(text::PASSKEYS, body))
}

fn list(passkeys: &[Passkey], now: UnixMs) -> impl IntoView + use<> {
    let [passkey, added, used, change] = text::COLUMNS;
    let columns = vec![Column::text(passkey), Column::text(added), Column::text(used), Column::act(change)];
    let rows = passkeys.iter().map(|passkey| row(passkey, now)).collect();
    view! {
        <Card title=text::LIST id="list">
            <Table caption=text::LIST caption_hidden=true columns rows empty=|| view! { <EmptyState text=text::NONE /> } />
            <div class="acts">
                <LinkButton href=NEW_PASSKEY label=text::ADD emphasis=Emphasis::Primary />
            </div>
        </Card>
    }
}

fn row(passkey: &Passkey, now: UnixMs) -> Row {
    let backed_up = passkey.backed_up.then(|| view! { " " <Badge tone=Tone::Neutral word=text::BACKED_UP /> });
    let used = match passkey.last_used_at {
        Some(at) => view! { <Moment datetime=moments::rfc3339(at) absolute=text::used(at, now) /> }.into_any(),
        None => text::NEVER_USED.into_any(),
    };
    let added = moments::rfc3339(passkey.created_at);
    Row::new()
        .cell(view! { {passkey.name.clone()} {backed_up} })
        .cell(view! { <Moment datetime=added absolute=text::added(passkey) /> })
        .cell(used)
        .cell(view! { {renaming(passkey)} " " {removal(passkey)} })
}

fn renaming(passkey: &Passkey) -> impl IntoView + use<> {
    let hidden = vec![("passkey_id".to_owned(), passkey.id.to_string())];
    let (form, value) = (format!("rename-form-{}", passkey.id), passkey.name.clone());
    view! {
        <Dialog
            id=format!("rename-{}", passkey.id)
            open=text::RENAME_OPEN
            about=passkey.name.clone()
            emphasis=Emphasis::Quiet
            title=text::rename_title(&passkey.name)
            close=portal::CANCEL
        >
            <Form action="/act/rename-passkey" id=form submit=text::RENAME hidden>
                <Field name="name" label=text::NAME value autocomplete="off" />
            </Form>
        </Dialog>
    }
}

fn removal(passkey: &Passkey) -> impl IntoView + use<> {
    let hidden = vec![("passkey_id".to_owned(), passkey.id.to_string())];
    view! {
        <Dialog
            id=format!("remove-{}", passkey.id)
            open=text::REMOVE_OPEN
            about=passkey.name.clone()
            emphasis=Emphasis::Quiet
            title=text::remove_title(&passkey.name)
            close=text::KEEP
        >
            <p>{text::REMOVE_TEXT}</p>
            <Form action="/act/remove-passkey" submit=text::REMOVE emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}
