//! Claims, from both sides: what products call under `/api/v1/claims`, and the forms of `/claim` on which a person
//! answers them. What decides is in `backend::claims`.

use backend::accounts::Account;
use backend::claims::{self, Asker, Claim, ClaimRefusal, Decided, Decision, Seeker, rules};
use backend::clock::UnixMs;
use backend::cx::Actor;
use backend::db::DbError;
use backend::ids::LicenseId;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use leptos_axum::redirect;
use sdk::error::{Code, Problem};
use sdk::wire::{ClaimPollRequest, ClaimPollResponse, ClaimStartRequest, ClaimStartResponse};

use super::acting::named_account;
use super::error::{ApiProblem, FlatJson};
use super::form::{FormFailure, Refused};
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// Asks for the two codes of a claim.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "claims/start", input = FlatJson, output = Json)]
pub async fn claim_start(request: ClaimStartRequest) -> Result<ClaimStartResponse, ApiProblem> {
    let visit = Visit::here();
    let (cx, master) = (visit.cx(Actor::Instance(String::new())), visit.state.master.clone());
    let asker = Asker { origin: visit.vendor.origin.clone(), address: visit.address };
    let started = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { claims::start_claim(tx, &cx, &master, &asker, &request).await }));
    answered(started.await)
}

/// Asks whether a claim was decided.
///
/// # Errors
/// The problems of the error table, `authorization_pending` among them.
#[server(prefix = "/api/v1", endpoint = "claims/poll", input = FlatJson, output = Json)]
pub async fn claim_poll(request: ClaimPollRequest) -> Result<ClaimPollResponse, ApiProblem> {
    let visit = Visit::here();
    let (cx, master) = (visit.cx(Actor::Instance(String::new())), visit.state.master.clone());
    let polled =
        visit.state.db.write(move |tx| Box::pin(async move { claims::poll_claim(tx, &cx, &master, &request).await }));
    let polled = polled.await;
    // A code that names nothing is a guess; waiting for an answer is none.
    if matches!(polled, Ok(Err(ClaimRefusal::Expired)))
        && let Err(limited) = visit.state.limits.count_failure(visit.address)
    {
        return Err(Problem::from(limited).into());
    }
    answered(polled)
}

fn answered<T>(answer: Result<Result<T, ClaimRefusal>, DbError>) -> Result<T, ApiProblem> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(refusal)) => Err(refusal.problem().into()),
        Err(DbError::Unavailable(error)) => {
            tracing::error!(%error, "the database cannot take a claim call");
            Err(Problem::of(Code::NotReady).into())
        }
        Err(error) => {
            tracing::error!(%error, "a claim call failed");
            Err(Problem::of(Code::ServerError).into())
        }
    }
}

/// The form in which a code is entered.
pub const ENTER: &str = "enter-claim";
/// The form in which somebody decides.
pub const DECIDE: &str = "decide-claim";
/// The session's note of a code that waits while a license may be bought for it, and until when it does.
const WAITING: &str = "waiting_claim";

/// The page of a user code.
#[must_use]
pub fn claim_page(code: &str) -> String {
    format!("/claim/{}", rules::shown_user_code(code))
}

/// Who looks a code up for this account.
#[must_use]
pub fn seeker(visit: &Visit, account: &Account) -> Seeker {
    Seeker { account_id: account.id.clone(), address: visit.address }
}

/// Goes to the page of a code.
///
/// # Errors
/// [`FormFailure`] for what no form of ours sends.
#[server(prefix = "/act", endpoint = "enter-claim")]
pub async fn enter_claim(
    /// As typed.
    #[server(default)]
    code: String,
) -> Result<(), FormFailure> {
    match rules::parse_user_code(&code) {
        Some(code) => redirect(&claim_page(&code)),
        None => Refused::new(ENTER).value("code", &code).problem("code", "malformed").go_back("/claim").await,
    }
    Ok(())
}

/// Gives a waiting product the key of a license.
///
/// # Errors
/// [`FormFailure`] for whoever may not give out keys.
#[server(prefix = "/act", endpoint = "approve-claim")]
pub async fn approve_claim(
    /// The account whose member decides.
    #[server(default)]
    account_id: String,
    /// The user code.
    code: String,
    /// The license that was chosen.
    #[server(default)]
    license_id: String,
) -> Result<(), FormFailure> {
    decide(&account_id, code, Decision::Approve(LicenseId::from_untrusted(&license_id))).await
}

/// Refuses a waiting product.
///
/// # Errors
/// [`FormFailure`] for whoever may not give out keys.
#[server(prefix = "/act", endpoint = "decline-claim")]
pub async fn decline_claim(
    /// The account whose member decides.
    #[server(default)]
    account_id: String,
    /// The user code.
    code: String,
) -> Result<(), FormFailure> {
    decide(&account_id, code, Decision::Decline).await
}

async fn decide(account_id: &str, code: String, decision: Decision) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, account_id)?;
    let Some(code) = rules::parse_user_code(&code) else { return Err(FormFailure::malformed()) };
    let (cx, master, seeker) = (visit.viewer_cx(), visit.state.master.clone(), seeker(&visit, &account));
    let page = claim_page(&code);
    // A key that is given out is as good as shown, so it takes the same care.
    if matches!(decision, Decision::Approve(_)) && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let decided = visit.state.db.write(move |tx| {
        Box::pin(async move { claims::decide_claim(tx, &cx, &master, &seeker, &code, &decision).await })
    });
    let said = match decided.await? {
        Decided::NotAllowed => return Err(FormFailure::not_allowed()),
        Decided::Unfit => "unfit",
        Decided::DecidedBefore => "decided_before",
        Decided::Done => {
            visit.session.remove_value(WAITING).await?;
            ""
        }
        // The page says by itself what is the matter with the code.
        Decided::Unknown | Decided::Ended | Decided::Limited { .. } => "",
    };
    if said.is_empty() {
        redirect(&page);
    } else {
        Refused::new(DECIDE).problem("", said).go_back(&page).await;
    }
    Ok(())
}

/// Notes that a license may be bought for a code, so that the way back to it is shown afterwards.
pub async fn keep_waiting(visit: &Visit, claim: &Claim) {
    if let Err(error) = visit.session.insert(WAITING, (&claim.user_code, claim.expires_at.0)).await {
        tracing::error!(request_id = visit.request_id, %error, "a waiting claim could not be noted");
    }
}

/// The page of the code for which this browser was buying a license, while it waits.
pub async fn waiting_page(visit: &Visit) -> Option<String> {
    let (code, until) = visit.session.get::<(String, i64)>(WAITING).await.ok().flatten()?;
    let code = rules::parse_user_code(&code).filter(|_| visit.state.clock.now() < UnixMs(until));
    code.map(|code| claim_page(&code))
}
