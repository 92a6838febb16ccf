//! `/claim` and `/claim/{code}`: a product waits for its license key, and a person decides.

use backend::accounts::{Account, Act, may};
use backend::claims::rules::{Standing, shown_user_code, standing};
use backend::claims::{Candidate, Claim, ClaimView, LookUp, list_candidates, look_up_claim};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::text::en::{accounts as limits, claims as text, moments, portal};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::own_license::name_of;
use super::{NoPage, Page, render};
use crate::api::claims::{DECIDE, ENTER, keep_waiting, seeker};
use crate::api::form::{Refused, take_refused};
use crate::components::{
    Card, ChoiceCard, ChoiceCards, Emphasis, Fact, Facts, Field, FieldError, Form, LinkButton, Moment, Notice,
    PageHead, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let Some(code) = visit.path.strip_prefix("/claim/").map(ToOwned::to_owned) else {
        return Ok(enter(&take_refused(ENTER).await, None));
    };
    let (cx, master, seeker) = (visit.viewer_cx(), visit.state.master.clone(), seeker(&visit, &account));
    let (typed, account_id) = (code.clone(), account.id.clone());
    // Looking up counts guesses, so it writes.
    let found = visit.state.db.write(move |tx| {
        Box::pin(async move {
            let found = look_up_claim(tx, &cx, &master, &seeker, &typed).await?;
            let candidates = match &found {
                LookUp::Found(view) if standing(&view.claim, cx.now) == Standing::Open => {
                    list_candidates(tx, &cx, &account_id, &view.claim, cx.now).await?
                }
                _ => Vec::new(),
            };
            Ok::<_, DbError>((found, candidates))
        })
    });
    let now = visit.state.clock.now();
    let (view, candidates) = match found.await? {
        (LookUp::Found(view), candidates) => (*view, candidates),
        (LookUp::Unknown, _) => {
            status(StatusCode::NOT_FOUND);
            return Ok(enter(&Refused::new(ENTER).value("code", &code), Some(text::CODE_UNKNOWN.to_owned())));
        }
        (LookUp::Limited { retry_after_s }, _) => {
            status(StatusCode::TOO_MANY_REQUESTS);
            let options: ResponseOptions = expect_context();
            options.insert_header(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            return Ok(enter(&Refused::new(ENTER), Some(limits::limited(retry_after_s))));
        }
    };
    let refused = take_refused(DECIDE).await;
    Ok(match standing(&view.claim, now) {
        Standing::Open if !may(role, Act::SeeKeys) => not_yours(&account, &view, now),
        Standing::Open => {
            keep_waiting(&visit, &view.claim).await;
            match candidates.as_slice() {
                [] => none(&account, &view, now),
                candidates => choose(&account, &view, candidates, &refused, now),
            }
        }
        // What another account decided is not this one's to see.
        Standing::Approved | Standing::Declined if view.claim.account_id.as_ref() != Some(&account.id) => {
            over(text::ENDED_TITLE, text::ENDED_LEAD, &refused)
        }
        Standing::Approved => approved(&view.claim, &refused),
        Standing::Declined => over(text::DECLINED_TITLE, text::DECLINED_LEAD, &refused),
        Standing::Ended => over(text::ENDED_TITLE, text::ENDED_LEAD, &refused),
    })
}

fn status(status: StatusCode) {
    expect_context::<ResponseOptions>().set_status(status);
}

/// Asks for a code; `general` says what was the matter with the last one.
fn enter(refused: &Refused, general: Option<String>) -> Page {
    let malformed = refused.code("code").map(|_| FieldError::new("code", text::CODE_MALFORMED));
    let errors: Vec<FieldError> = malformed.into_iter().chain(general.map(FieldError::general)).collect();
    let typed = refused.typed("code");
    let body = view! {
        <div class="column">
            <PageHead title=text::ENTER_TITLE lead=text::ENTER_LEAD />
            <Form
                action="/act/enter-claim"
                submit=text::GO_ON
                errors_title=portal::refused_answers(errors.len())
                errors
            >
                <Field name="code" label=text::CODE_LABEL hint=text::CODE_HINT value=typed autocomplete="off" />
            </Form>
        </div>
    };
    Page::new(text::ENTER_TITLE, body)
}

fn asks(view: &ClaimView, now: UnixMs) -> impl IntoView + use<> {
    let [code, product, who, address, asked, until] = text::ASKS_LABELS;
    let claim = &view.claim;
    let moment = |at: UnixMs| {
        let (datetime, absolute) = (at.timestamp().to_string(), moments::moment(at, now));
        view! { <Moment datetime absolute /> }
    };
    let user_code = shown_user_code(&claim.user_code);
    let facts = vec![
        Fact::new(code, view! { <strong class="mono">{user_code}</strong> }),
        Fact::new(product, text::product_version(&view.product.name, &claim.version)),
        Fact::new(who, text::identity(&claim.identity)),
        Fact::new(address, claim.address.clone()),
        Fact::new(asked, moment(claim.created_at)),
        Fact::new(until, moment(claim.expires_at)),
    ];
    view! {
        <Card title=text::ASKS_TITLE>
            <Facts facts />
        </Card>
    }
}

fn choose(account: &Account, view: &ClaimView, candidates: &[Candidate], refused: &Refused, now: UnixMs) -> Page {
    let title = text::ask_title(&view.product.name);
    let options = candidates.iter().enumerate().map(|(place, candidate)| {
        let license = &candidate.view.license;
        let ends = license.ends_at.map(UnixMs::date);
        ChoiceCard {
            value: license.id.to_string(),
            name: name_of(&candidate.view),
            price: None,
            detail: Some(text::candidate_detail(license.license_type, license.seats, candidate.free(), ends)),
            chosen: place == 0,
        }
    });
    let options = options.collect();
    let errors: Vec<FieldError> = said(refused).map(FieldError::general).into_iter().collect();
    let hidden = vec![
        ("account_id".to_owned(), account.id.to_string()),
        ("code".to_owned(), shown_user_code(&view.claim.user_code)),
    ];
    let body = view! {
        <PageHead title=title.clone() lead=text::ask_lead(&account.company) />
        <Notice tone=Tone::Warn title=text::WARNING text=text::WARNING_TEXT />
        <div class="row">
            {asks(view, now)}
            <Card title=text::CHOOSE_TITLE>
                <Form
                    action="/act/approve-claim"
                    id="claim"
                    submit=text::APPROVE
                    errors
                    hidden
                    beside=|| {
                        view! {
                            <button type="submit" class=Emphasis::Plain.class() formaction="/act/decline-claim">
                                {text::DECLINE}
                                <span class="visually-hidden">" " {text::DECLINE_ABOUT}</span>
                            </button>
                        }
                    }
                >
                    <ChoiceCards name="license_id" legend=text::CHOOSE_LEGEND options />
                </Form>
                <p class="hint">{text::BUY_ANOTHER_TEXT}</p>
                <div class="acts">
                    <LinkButton href="/" label=text::BUY_ANOTHER emphasis=Emphasis::Quiet />
                </div>
            </Card>
        </div>
    };
    Page::new(title, body)
}

fn none(account: &Account, view: &ClaimView, now: UnixMs) -> Page {
    let title = text::ask_title(&view.product.name);
    let body = view! {
        <PageHead title=title.clone() />
        <div class="row">
            {asks(view, now)}
            <Card title=text::none_title(&view.product.name) lead=text::none_text(&account.company)>
                <div class="acts">
                    <LinkButton href="/" label=text::BUY_ONE emphasis=Emphasis::Primary />
                </div>
            </Card>
        </div>
    };
    Page::new(title, body)
}

fn not_yours(account: &Account, view: &ClaimView, now: UnixMs) -> Page {
    let title = text::ask_title(&view.product.name);
    let body = view! {
        <PageHead title=title.clone() />
        <Notice tone=Tone::Warn title=text::not_yours(&account.company) text=text::NOT_YOURS_TEXT />
        {asks(view, now)}
    };
    Page::new(title, body)
}

fn approved(claim: &Claim, refused: &Refused) -> Page {
    let href = claim.license_id.as_ref().map(|id| format!("/licenses/{id}"));
    let sentence = said(refused).map(|title| view! { <Notice tone=Tone::Warn title /> });
    let body = view! {
        <div class="column">
            {sentence}
            <PageHead title=text::APPROVED_TITLE lead=text::APPROVED_LEAD />
            <div class="acts">{href.map(|href| view! { <LinkButton href label=text::TO_LICENSE /> })}</div>
        </div>
    };
    Page::new(text::APPROVED_TITLE, body)
}

fn over(title: &'static str, lead: &'static str, refused: &Refused) -> Page {
    let sentence = said(refused).map(|title| view! { <Notice tone=Tone::Warn title /> });
    let body = view! {
        <div class="column">
            {sentence}
            <PageHead title lead />
            <div class="acts">
                <LinkButton href="/claim" label=text::ENTER_ANOTHER />
            </div>
        </div>
    };
    Page::new(title, body)
}

fn said(refused: &Refused) -> Option<&'static str> {
    match refused.code("")? {
        "unfit" => Some(text::UNFIT),
        "decided_before" => Some(text::DECIDED_BEFORE),
        _ => None,
    }
}
