//! `/account/second-factor?next=`: setting it up, its recovery codes, turning it off.

use backend::accounts::{
    RecoveryCodes, RelyingParty, SecondFactor, TotpSecret, User, find_second_factor, needs_second_factor,
};
use backend::text::en::{passkeys, portal, portal_accounts, second_factor as text};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::{NoPage, Page, account_factor_reset, render};
use crate::api::form::take_refused;
use crate::api::next::with_next;
use crate::api::passkeys::NEW_PASSKEY;
use crate::api::refusal::errors_of;
use crate::api::second_factor::{SECOND_FACTOR, codes_to_keep, secret_to_set};
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{
    Breadcrumb, Card, CopyWords, Crumb, Dialog, Emphasis, Field, FieldError, Form, KeyBox, LinkButton, PageHead,
    PostButton, QrCode, Snippet,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let next = visit.query("next").unwrap_or_default();
    let (cx, user_id) = (visit.viewer_cx(), viewer.user.id.clone());
    let read = visit.state.db.read(move |tx| Box::pin(async move { find_second_factor(tx, &cx, &user_id).await }));
    let factor = read.await?;
    let must = needs_second_factor(&viewer.user, &viewer.memberships);
    let session = |error: tower_sessions::session::Error| NoPage::Failed(error.to_string());
    let body = match factor {
        Some(factor) => match codes_to_keep(&visit, &viewer.user.id).await.map_err(session)? {
            Some(codes) => new_codes(&visit, &viewer.user, &codes, next),
            None => {
                let reset = account_factor_reset::notice(&visit).await?;
                standing(&factor, must, reset)
            }
        },
        None => {
            let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
            if fresh.is_none() {
                redirect(&confirm_first(&with_next(SECOND_FACTOR, &next)));
                return Ok(Page::new(text::SECOND_FACTOR, ()));
            }
            let secret = secret_to_set(&visit, &viewer.user.id).await.map_err(session)?;
            let errors = errors_of(&take_refused("set-second-factor").await);
            set_up(&visit, &viewer.user, &secret, must, errors, next)
        }
    };
    Ok(Page::new(text::SECOND_FACTOR, body))
}

fn way_up() -> impl IntoView {
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::SECOND_FACTOR)];
    view! { <Breadcrumb label=text::YOU_ARE_HERE crumbs /> }
}

/// The secret for the app, and the question for its code.
fn set_up(
    visit: &Visit,
    user: &User,
    secret: &TotpSecret,
    must: bool,
    errors: Vec<FieldError>,
    next: String,
) -> AnyView {
    let uri = secret.key_uri(&visit.vendor.name, &user.email);
    let plain = secret.expose();
    let groups: Vec<_> = plain.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let groups = groups.join(" ");
    let goes_on = next.clone();
    let copy = Some(words(text::COPY_SECRET));
    view! {
        {way_up()}
        <PageHead title=text::SECOND_FACTOR lead=text::set_up_lead(must) />
        <div class="row">
            <Card title=text::TAKE_SECRET lead=text::TAKE_SECRET_LEAD id="secret-card">
                <QrCode text=uri.clone() title=text::QR_CODE />
                <KeyBox id="secret" label=text::SECRET key=groups copy />
                <p><a href=uri>{text::OPEN_APP}</a></p>
            </Card>
            <Card title=text::SHOW_CODE lead=text::show_code_lead() id="code-card">
                <Form
                    action="/act/set-second-factor"
                    submit=text::SET_UP
                    errors_title=portal::refused_answers(errors.len())
                    errors
                    hidden=vec![("next".to_owned(), next)]
                >
                    <Field name="code" label=text::CODE autocomplete="one-time-code" />
                </Form>
            </Card>
        </div>
        {must.then(|| instead(visit, &goes_on)).flatten()}
    }
    .into_any()
}

/// The other way to have a second factor; nothing where the portal cannot have passkeys.
fn instead(visit: &Visit, next: &str) -> Option<AnyView> {
    RelyingParty::of(&visit.vendor)?;
    let href = with_next(NEW_PASSKEY, next);
    let card = view! {
        <Card title=passkeys::ADD_TITLE lead=passkeys::INSTEAD id="passkey">
            <div class="acts">
                <LinkButton href label=passkeys::ADD />
            </div>
        </Card>
    };
    Some(card.into_any())
}

/// The codes, this once.
fn new_codes(visit: &Visit, user: &User, codes: &RecoveryCodes, next: String) -> AnyView {
    let file = text::codes_file(&visit.vendor.name, &user.email, codes.expose());
    // A form's encoding of blanks is none of an address.
    let encoded = serde_urlencoded::to_string([("", file)]).unwrap_or_default().replace('+', "%20");
    let file = format!("data:text/plain;charset=utf-8,{}", encoded.trim_start_matches('='));
    let copy = Some(words(text::COPY_CODES));
    view! {
        {way_up()}
        <PageHead title=text::NEW_CODES lead=text::NEW_CODES_LEAD />
        <Snippet label=text::NEW_CODES code=codes.expose().join("\n") copy />
        <div class="acts">
            <PostButton
                action="/act/keep-recovery-codes"
                label=text::CODES_KEPT
                hidden=vec![("next".to_owned(), next)]
                emphasis=Emphasis::Primary
            />
            <a class=Emphasis::Plain.class() href=file download=text::CODES_FILE>
                {text::SAVE_CODES}
            </a>
        </div>
    }
    .into_any()
}

/// What there is, and what can be done with it.
fn standing(factor: &SecondFactor, must: bool, reset: Option<AnyView>) -> AnyView {
    view! {
        {way_up()}
        <PageHead title=text::SECOND_FACTOR lead=text::on_lead(factor) />
        {reset}
        <Card title=text::RECOVERY_CODES_TITLE lead=text::codes_left(factor.codes_left) id="codes">
            <div class="acts">
                <Dialog id="renew-codes" open=text::RENEW_CODES_OPEN title=text::RENEW_CODES_TITLE close=portal::CANCEL>
                    <p>{text::RENEW_CODES_HINT}</p>
                    <PostButton action="/act/renew-recovery-codes" label=text::RENEW_CODES emphasis=Emphasis::Danger />
                </Dialog>
            </div>
        </Card>
        <Card title=text::TURN_OFF_TITLE lead=text::turn_off_lead(must) id="off">
            <div class="acts">
                <Dialog id="turn-off" open=text::TURN_OFF_OPEN title=text::TURN_OFF_QUESTION close=portal::CANCEL>
                    <p>{text::TURN_OFF_HINT}</p>
                    <PostButton action="/act/remove-second-factor" label=text::TURN_OFF emphasis=Emphasis::Danger />
                </Dialog>
            </div>
        </Card>
    }
    .into_any()
}

fn words([label, copied, failed]: [&str; 3]) -> CopyWords {
    CopyWords { label: label.to_owned(), copied: copied.to_owned(), failed: failed.to_owned() }
}
