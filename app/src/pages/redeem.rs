//! `/redeem`: a voucher's code is entered, and whoever may buy for an account sees what it is before it is redeemed. Nobody is
//! told anything about a code before logging in. `?code=` is what a link leads here with: the code is taken out of the address
//! at once. `?another=1` asks for another code.

use backend::accounts::{Account, Act, ActsAs, may};
use backend::text::en::{accounts as limits, portal, redeeming as text};
use backend::vouchers::{LookUp, VoucherCode, VoucherOffer, look_up_voucher, rules};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, redirect};

use super::{NoPage, Page, render};
use crate::api::entered_voucher::{forget_code, keep_code, kept_code};
use crate::api::form::{Refused, take_refused};
use crate::api::next::with_next;
use crate::api::vouchers::{ENTER, REDEEM, REDEEM_ANOTHER, seeker};
use crate::components::{Card, Emphasis, Fact, Facts, Field, FieldError, Form, LinkButton, Notice, PageHead, Tone};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if let Some(typed) = visit.query("code").filter(|typed| !typed.trim().is_empty()) {
        let Some(code) = VoucherCode::parse(&typed) else {
            return Ok(enter(&Refused::new(ENTER).value("code", &typed).problem("code", "malformed"), None));
        };
        keep_code(&visit, &code).await.map_err(|error| NoPage::Failed(error.to_string()))?;
        redirect(REDEEM);
        return Ok(Page::new(text::TITLE, ()));
    }
    let kept = kept_code(&visit).await.map_err(|error| NoPage::Failed(error.to_string()))?;
    let Some(code) = kept.filter(|_| visit.query("another").is_none()) else {
        return Ok(enter(&take_refused(ENTER).await, None));
    };
    let Some((account, role)) = visit.account() else { return Ok(who(visit.viewer.is_some())) };
    let (cx, master, seeker) = (visit.viewer_cx(), visit.state.master.clone(), seeker(&visit, &account.id));
    let text_of = code.expose().to_owned();
    // Looking up counts guesses, so it writes.
    let found = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { look_up_voucher(tx, &cx, &master, &seeker, &text_of).await }));
    Ok(match found.await? {
        LookUp::Open(offer) => offered(&visit, &account, role, &offer, &code),
        LookUp::Redeemed(Some(license_id)) => over(text::REDEEMED_BY_YOU, Some(format!("/licenses/{license_id}"))),
        LookUp::Redeemed(None) => over(text::REDEEMED, None),
        LookUp::Void => over(text::VOID, None),
        LookUp::Unknown => {
            status(StatusCode::NOT_FOUND);
            // Every look at it would count as a guess.
            forget_code(&visit).await.map_err(|error| NoPage::Failed(error.to_string()))?;
            enter(&Refused::new(ENTER).value("code", code.expose()), Some(text::UNKNOWN.to_owned()))
        }
        LookUp::Limited { retry_after_s } => {
            status(StatusCode::TOO_MANY_REQUESTS);
            let options: ResponseOptions = expect_context();
            options.insert_header(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            enter(&Refused::new(ENTER).value("code", code.expose()), Some(limits::limited(retry_after_s)))
        }
        LookUp::NotAllowed => return Err(NoPage::NotFound),
    })
}

fn status(status: StatusCode) {
    expect_context::<ResponseOptions>().set_status(status);
}

/// Asks for a code; `general` says what was the matter with the last one.
fn enter(refused: &Refused, general: Option<String>) -> Page {
    let malformed = refused.code("code").map(|_| FieldError::new("code", text::MALFORMED));
    let wrong = general.map(|sentence| FieldError::new("code", sentence));
    let errors: Vec<FieldError> = malformed.into_iter().chain(wrong).collect();
    let typed = refused.typed("code");
    let body = view! {
        <div class="column">
            <PageHead title=text::TITLE lead=text::LEAD />
            <Form
                action="/act/enter-voucher"
                submit=text::GO_ON
                errors_title=portal::refused_answers(errors.len())
                errors
            >
                <Field name="code" label=text::CODE_LABEL hint=text::CODE_HINT value=typed autocomplete="off" />
            </Form>
        </div>
    };
    Page::new(text::TITLE, body)
}

/// For whoever is not signed in, or has no company yet: the way in, and back to here. The code waits.
fn who(is_signed_in: bool) -> Page {
    let lead = if is_signed_in { text::COMPANY_TEXT } else { text::WHO_TEXT };
    let acts = if is_signed_in {
        let href = with_next("/company", REDEEM);
        view! { <LinkButton href label=text::COMPANY emphasis=Emphasis::Primary /> }.into_any()
    } else {
        let (sign_up, log_in) = (with_next("/sign-up", &with_next("/company", REDEEM)), with_next("/log-in", REDEEM));
        view! {
            <LinkButton href=sign_up label=text::SIGN_UP emphasis=Emphasis::Primary />
            <LinkButton href=log_in label=text::LOG_IN />
        }
        .into_any()
    };
    let body = view! {
        <div class="column">
            <PageHead title=text::WHO_TITLE lead />
            <div class="acts">{acts}</div>
        </div>
    };
    Page::new(text::WHO_TITLE, body)
}

fn offered(visit: &Visit, account: &Account, role: ActsAs, offer: &VoucherOffer, code: &VoucherCode) -> Page {
    let title = text::offer_title(&offer.product_name);
    let [product, plan, seats, runs, paid_by] = text::LABELS;
    let term = rules::term(offer.plan.kind, offer.voucher.term, visit.state.clock.now());
    let facts = vec![
        Fact::new(product, offer.product_name.clone()),
        Fact::new(plan, offer.plan.name.clone()),
        Fact::new(seats, text::seats(offer.plan.license_type, rules::seats(&offer.plan))),
        Fact::new(runs, text::runs(offer.voucher.term, term)),
        Fact::new(paid_by, offer.partner.clone()),
    ];
    let act = if account.closes_at.is_some() {
        view! { <Notice tone=Tone::Warn title=text::CLOSES /> }.into_any()
    } else if may(role, Act::Buy) {
        let hidden =
            vec![("account_id".to_owned(), account.id.to_string()), ("code".to_owned(), code.expose().to_owned())];
        view! { <Form action="/act/redeem-voucher" submit=text::REDEEM hidden /> }.into_any()
    } else {
        view! { <Notice tone=Tone::Warn title=text::not_yours(&account.company) /> }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() lead=text::offer_lead(&account.company) />
        <Card title=text::OFFER>
            <Facts facts />
            <p class="hint">{text::PRIVACY}</p>
            {act}
        </Card>
        <p>
            <a href=REDEEM_ANOTHER>{text::ANOTHER}</a>
        </p>
    };
    Page::new(title, body)
}

/// A code that cannot be redeemed any more.
fn over(title: &'static str, license: Option<String>) -> Page {
    let license = license.map(|href| {
        view! { <LinkButton href label=text::TO_LICENSE emphasis=Emphasis::Primary /> }
    });
    let body = view! {
        <div class="column">
            <PageHead title=text::TITLE />
            <Notice tone=Tone::Warn title />
            <div class="acts">
                {license}
                <LinkButton href=REDEEM_ANOTHER label=text::ANOTHER />
            </div>
        </div>
    };
    Page::new(text::TITLE, body)
}
