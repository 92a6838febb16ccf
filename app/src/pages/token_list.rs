//! The tokens of a holder, the form that makes one, and the new one, once: what the two pages share.

use backend::clock::UnixMs;
use backend::text::en::{moments, portal, tokens as text};
use backend::tokens::rules::MAX_DAYS;
use backend::tokens::{Holder, ListedToken, list_tokens};
use leptos::prelude::*;

use super::{NoPage, Page};
use crate::api::form::take_refused;
use crate::api::tokens::{Shown, TokenForm, errors_of, field_of, take_draft, take_new};
use crate::components::{
    Badge, Card, Column, Control, CopyWords, Dialog, Emphasis, EmptyState, Field, FieldError, Form, KeyBox, LinkButton,
    Moment, Notice, PageHead, Row, Table, Tone,
};
use crate::request::Visit;

/// Whose tokens a page shows, and what differs between the two pages.
pub(super) struct Side {
    pub(super) holder: Holder,
    pub(super) lead: &'static str,
    /// The form that makes one.
    pub(super) create: &'static str,
    /// Where the form that revokes one is sent to.
    pub(super) revoke: &'static str,
    pub(super) days_hint: String,
}

/// The page of these tokens. For whoever may not see them it does not exist; its page has asked before.
pub(super) async fn load_tokens(visit: &Visit, side: Side) -> Result<Page, NoPage> {
    let (cx, holder, now) = (visit.viewer_cx(), side.holder.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| Box::pin(async move { list_tokens(tx, &cx, &holder).await }));
    let tokens: Vec<ListedToken> = found.await?.ok_or(NoPage::NotFound)?;
    let new = shown(take_new(visit).await);
    let refused = take_refused(side.create).await;
    let errors = errors_of(&refused);
    let typed = match TokenForm::of_refused(&refused) {
        Some(typed) => typed,
        None => take_draft(visit, side.create).await.unwrap_or_else(TokenForm::fresh),
    };
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=side.lead
            actions=|| view! { <LinkButton href="/docs/api#management" label=text::TO_DOCS emphasis=Emphasis::Plain /> }
        />
        {new}
        {orphans(&tokens, now)}
        {list(&tokens, side.revoke, now)}
        {form(&side, &typed, errors)}
    };
    Ok(Page::new(text::TITLE, body))
}

/// The new token, where one was just made.
fn shown(shown: Shown) -> Option<AnyView> {
    match shown {
        Shown::Nothing => None,
        Shown::Lost => Some(view! { <Notice tone=Tone::Warn title=text::SHOWN_LOST /> }.into_any()),
        Shown::Token(token) => {
            let [label, copied, failed] = text::COPY.map(str::to_owned);
            let (copy, key) = (Some(CopyWords { label, copied, failed }), token.expose().to_owned());
            let card = view! {
                <Card title=text::SHOWN_TITLE id="new">
                    <KeyBox id="new-token" label=text::SHOWN_LABEL key copy hint=text::SHOWN_HINT />
                </Card>
            };
            Some(card.into_any())
        }
    }
}

/// That some were made by people who have left.
fn orphans(tokens: &[ListedToken], now: UnixMs) -> Option<impl IntoView + use<>> {
    let count = tokens.iter().filter(|it| it.is_orphan() && it.token.is_live(now)).count();
    let title = text::orphans_title(count);
    (count > 0).then(|| view! { <Notice tone=Tone::Warn title text=text::ORPHANS_TEXT /> })
}

fn list(tokens: &[ListedToken], revoke: &'static str, now: UnixMs) -> impl IntoView + use<> {
    let [token, may, made, used, ends] = text::COLUMNS;
    let columns = vec![
        Column::text(token),
        Column::text(may),
        Column::text(made),
        Column::text(used),
        Column::text(ends),
        Column::act(text::ACT),
    ];
    let rows = tokens.iter().map(|listed| row(listed, revoke, now)).collect();
    view! {
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=|| view! { <EmptyState text=text::NONE /> }
        />
    }
}

fn row(listed: &ListedToken, revoke: &'static str, now: UnixMs) -> Row {
    let token = &listed.token;
    let scopes = token.scopes.0.iter().map(|scope| view! { <li>{text::scope(*scope)}</li> }).collect_view();
    let maker = listed.maker().unwrap_or(text::OPERATOR).to_owned();
    let left = listed.is_orphan().then(|| view! { " " <small>{text::HAS_LEFT}</small> });
    let used = match (token.last_used_at, &token.last_used_address) {
        (Some(at), Some(address)) => {
            view! { <Moment datetime=moments::rfc3339(at) absolute=text::used(at, address, now) /> }.into_any()
        }
        _ => text::NEVER_USED.into_any(),
    };
    let ended = match (token.is_live(now), token.revoked_at) {
        (true, _) => None,
        (false, Some(_)) => Some(view! { <Badge tone=Tone::Bad word=text::REVOKED /> " " }),
        (false, None) => Some(view! { <Badge tone=Tone::Neutral word=text::ENDED /> " " }),
    };
    let ends_at = token.revoked_at.unwrap_or(token.expires_at);
    let row = Row::new()
        .cell(view! { {token.name.clone()} " " <small><code>{format!("{}…", token.hint)}</code></small> })
        .cell(view! { <ul class="plain">{scopes}</ul> })
        .cell(view! { {maker} {left} })
        .cell(used)
        .cell(view! { {ended} <Moment datetime=moments::rfc3339(ends_at) absolute=text::ends(token, now) /> });
    if token.is_live(now) { row.cell(revocation(listed, revoke)) } else { row.blank() }
}

fn revocation(listed: &ListedToken, action: &'static str) -> impl IntoView + use<> {
    let token = &listed.token;
    let hidden = vec![("token_id".to_owned(), token.id.to_string())];
    view! {
        <Dialog
            id=format!("revoke-{}", token.id)
            open=text::REVOKE
            about=token.name.clone()
            emphasis=Emphasis::Quiet
            title=text::revoke_title(&token.name)
            close=text::REVOKE_CLOSE
        >
            <p>{text::REVOKE_TEXT}</p>
            <Form action=action submit=text::REVOKE_SUBMIT emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}

fn form(side: &Side, typed: &TokenForm, errors: Vec<FieldError>) -> impl IntoView + use<> {
    let boxes = side.holder.scopes().iter().map(|scope| {
        let value = typed.ticked(*scope).to_owned();
        view! {
            <Field
                name=field_of(*scope)
                label=text::scope(*scope)
                control=Control::Checkbox
                value
                hint=text::scope_hint(*scope)
                may_be_empty=true
            />
        }
    });
    let boxes = boxes.collect_view();
    let action = format!("/act/{}", side.create);
    let (name, days, days_hint) = (typed.name.clone(), typed.days.clone(), side.days_hint.clone());
    view! {
        <Card title=text::NEW_TITLE lead=text::NEW_LEAD id="make">
            <Form
                action=action
                id="make-token"
                submit=text::NEW_SUBMIT
                errors_title=portal::refused_answers(errors.len())
                errors
            >
                <Field name="name" label=text::NAME value=name hint=text::NAME_HINT autocomplete="off" />
                <fieldset class="fields">
                    <legend>{text::SCOPES}</legend>
                    {boxes}
                </fieldset>
                <Field
                    name="days"
                    label=text::DAYS
                    control=Control::Number { min: 1, max: MAX_DAYS }
                    value=days
                    hint=days_hint
                />
            </Form>
        </Card>
    }
}
