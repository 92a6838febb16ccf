//! `/staff/signing-keys`: the keys that sign the vendor's leases.

use backend::accounts::{StaffAct, staff_may};
use backend::clock::UnixMs;
use backend::keys::{SigningKeyInfo, SigningKeyStatus, list_signing_keys};
use backend::text::en::{console_keys as text, moments};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::components::{Badge, Column, Dialog, Emphasis, EmptyState, Form, Moment, PageHead, Row, Table, Tone};
use crate::request::Visit;

/// What products build in.
const TRUST_BUNDLE: &str = "/.well-known/trust.json";

/// The page of the keys.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let may = staff_may(role, StaffAct::ManageKeys);
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| Box::pin(async move { list_signing_keys(tx, &vendor_id).await }));
    let keys: Vec<SigningKeyInfo> = found.await?;
    let [key, status, made, does] = text::COLUMNS;
    let mut columns = vec![Column::text(key), Column::text(status), Column::text(made), Column::text(does)];
    if may {
        columns.push(Column::act(text::ACT));
    }
    let rows = keys.iter().map(|key| row(key, may, now)).collect();
    let rotate = move || may.then(rotate);
    let look_only = (!may).then(|| view! { <p class="hint">{text::LOOK_ONLY}</p> });
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD actions=rotate />
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NONE /> }
        />
        {look_only}
        <p class="hint">{text::TRUST} " " <a href=TRUST_BUNDLE download="trust.json">{text::TRUST_LINK}</a></p>
    };
    Ok(Page::new(text::TITLE, body))
}

fn rotate() -> impl IntoView {
    view! {
        <Dialog id="rotate" open=text::ROTATE title=text::ROTATE_TITLE close=text::ROTATE_CLOSE>
            <p>{text::ROTATE_TEXT}</p>
            <Form action="/act/rotate-signing-key" submit=text::ROTATE_SUBMIT />
        </Dialog>
    }
}

fn row(key: &SigningKeyInfo, may: bool, now: UnixMs) -> Row {
    let tone = match key.status {
        SigningKeyStatus::Active => Tone::Good,
        SigningKeyStatus::Next | SigningKeyStatus::Retired => Tone::Neutral,
        SigningKeyStatus::Revoked => Tone::Bad,
    };
    let (datetime, absolute) = (moments::rfc3339(key.created_at), moments::moment(key.created_at, now));
    let row = Row::new()
        .cell(view! { <code>{key.kid.clone()}</code> })
        .cell(view! { <Badge tone word=text::status(key.status) /> })
        .cell(view! { <Moment datetime absolute /> })
        .cell(text::does(key, now));
    match (may, key.status) {
        (false, _) => row,
        (true, SigningKeyStatus::Revoked) => row.blank(),
        (true, _) => row.cell(revoke(key)),
    }
}

fn revoke(key: &SigningKeyInfo) -> impl IntoView + use<> {
    let hidden = vec![("kid".to_owned(), key.kid.clone())];
    let meaning = text::revoke_text(key.status);
    view! {
        <Dialog
            id=format!("revoke-{}", key.kid)
            open=text::REVOKE
            about=text::short(&key.kid)
            emphasis=Emphasis::Quiet
            title=text::revoke_title(&key.kid)
            close=text::REVOKE_CLOSE
        >
            <p>{meaning}</p>
            <Form action="/act/revoke-signing-key" submit=text::REVOKE_SUBMIT emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}
