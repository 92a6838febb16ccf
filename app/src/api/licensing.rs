//! The licensing API: what product instances call, under `/api/v1`. Its contract is `sdk::wire` and the
//! error table; everything that decides is in `backend::leases`.

use backend::cx::{Actor, Cx};
use backend::db::DbError;
use backend::leases::{self, Issuer, Refusal};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use sdk::error::{Code, Problem};
use sdk::wire::{ActivateRequest, CheckRequest, LeaseResponse, ReleaseRequest, ReleaseResponse};

use super::error::{ApiProblem, FlatJson};
use crate::request::Visit;

/// Activates an installation.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/activate", input = FlatJson, output = Json)]
pub async fn activate(request: ActivateRequest) -> Result<LeaseResponse, ApiProblem> {
    let (visit, cx, issuer) = licensing_context();
    let answer = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { leases::activate_instance(tx, &cx, &issuer, &request).await }))
        .await;
    Ok(answered(answer)?.response)
}

/// Renews an instance's lease.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/check", input = FlatJson, output = Json)]
pub async fn check(request: CheckRequest) -> Result<LeaseResponse, ApiProblem> {
    let (visit, cx, issuer) = licensing_context();
    let answer = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { leases::check_instance(tx, &cx, &issuer, &request).await }))
        .await;
    Ok(answered(answer)?.response)
}

/// Gives an instance's seat back.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/release", input = FlatJson, output = Json)]
pub async fn release(request: ReleaseRequest) -> Result<ReleaseResponse, ApiProblem> {
    let (visit, cx, issuer) = licensing_context();
    let answer = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { leases::release_instance(tx, &cx, &issuer, &request).await }))
        .await;
    answered(answer)
}

fn licensing_context() -> (Visit, Cx, Issuer) {
    let visit = Visit::here();
    let cx = visit.cx(Actor::Instance(String::new()));
    let issuer = Issuer { vendor: (*visit.vendor).clone(), master: visit.state.master.clone() };
    (visit, cx, issuer)
}

fn answered<T>(answer: Result<Result<T, Refusal>, DbError>) -> Result<T, ApiProblem> {
    match answer {
        Ok(Ok(granted)) => Ok(granted),
        Ok(Err(refusal)) => Err(refusal.problem().into()),
        Err(DbError::Unavailable(error)) => {
            tracing::error!(%error, "the database cannot take a licensing call");
            Err(Problem::of(Code::NotReady).with_retry_after_s(5).into())
        }
        Err(error) => {
            tracing::error!(%error, "a licensing call failed");
            Err(Problem::of(Code::ServerError).into())
        }
    }
}
