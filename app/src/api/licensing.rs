//! The licensing API: what product instances call, under `/api/v1`. Its contract is `sdk::wire` and the
//! error table; everything that decides is in `backend::leases`, and how often one may call in [`super::limits`].

use std::net::IpAddr;

use backend::cx::{Actor, Cx};
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::{InstanceId, LicenseId};
use backend::leases::live::LiveTable;
use backend::leases::{self, Granted, Issuer, Refusal};
use backend::licenses::{KeyFound, find_by_key};
use backend::vendors::Vendor;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use sdk::error::{Code, Problem};
use sdk::license_key::LicenseKey;
use sdk::wire::{
    ActivateRequest, CheckRequest, DeactivateRequest, DeactivateResponse, InstanceCredential, InstancesRequest,
    InstancesResponse, LeaseResponse, ReleaseRequest, ReleaseResponse, Secret,
};

use super::error::{ApiProblem, FlatJson};
use super::limits::Caller;
use crate::request::Visit;
use crate::state::AppState;

/// Activates an installation.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/activate", input = FlatJson, output = Json)]
pub async fn activate(request: ActivateRequest) -> Result<LeaseResponse, ApiProblem> {
    let call = Call::with_key(&request.license_key);
    let answer = call.write(move |tx, cx, issuer| {
        Box::pin(async move { leases::activate_instance(tx, &cx, &issuer, &request).await })
    });
    let answer = answer.await?;
    call.end(answer.map(|Granted { response }| response), |response| Some(&response.license_id)).await
}

/// Renews an instance's lease.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/check", input = FlatJson, output = Json)]
pub async fn check(request: CheckRequest) -> Result<LeaseResponse, ApiProblem> {
    let call = Call::of_instance(&request.instance_id);
    let answer = call
        .write(move |tx, cx, issuer| Box::pin(async move { leases::check_instance(tx, &cx, &issuer, &request).await }));
    let answer = answer.await?;
    call.end(answer.map(|Granted { response }| response), |response| Some(&response.license_id)).await
}

/// Answers a check that changes nothing but times from the table of such instances. `None` where that cannot be said, or
/// the instance has called too often: [`check`] decides then.
pub async fn check_from_memory(
    state: &AppState,
    live: &LiveTable,
    vendor: &Vendor,
    request_id: &str,
    address: IpAddr,
    request: &CheckRequest,
) -> Option<LeaseResponse> {
    let caller = Caller::Instance(request.instance_id.clone());
    state.limits.admit(&caller).ok()?;
    let actor = Actor::Instance(String::new());
    let cx = Cx::new(vendor.id.clone(), actor, state.clock.now(), state.entropy.clone());
    let response = live.check(&cx.of_request(request_id, address), request).await?;
    state.limits.count(&caller, Some(&response.license_id));
    Some(response)
}

/// Gives an instance's seat back.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/release", input = FlatJson, output = Json)]
pub async fn release(request: ReleaseRequest) -> Result<ReleaseResponse, ApiProblem> {
    let call = Call::of_instance(&request.instance_id);
    let answer = call.write(move |tx, cx, issuer| {
        Box::pin(async move { leases::release_instance(tx, &cx, &issuer, &request).await })
    });
    let answer = answer.await?;
    call.end(answer, |_| None).await
}

/// Lists who holds the seats of a license.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/instances", input = FlatJson, output = Json)]
pub async fn instances(request: InstancesRequest) -> Result<InstancesResponse, ApiProblem> {
    let call = Call::with_credential(request.credential().ok());
    let answer = call.write(move |tx, cx, issuer| {
        Box::pin(async move { leases::list_instances_for(tx, &cx, &issuer, &request).await })
    });
    let answer = answer.await?;
    call.end(answer, |_| None).await
}

/// Frees the seat of another instance.
///
/// # Errors
/// The problems of the error table.
#[server(prefix = "/api/v1", endpoint = "licenses/deactivate", input = FlatJson, output = Json)]
pub async fn deactivate(request: DeactivateRequest) -> Result<DeactivateResponse, ApiProblem> {
    let call = Call::with_credential(request.credential().ok());
    let answer = call.write(move |tx, cx, issuer| {
        Box::pin(async move { leases::deactivate_instance(tx, &cx, &issuer, &request).await })
    });
    let answer = answer.await?;
    call.end(answer, |_| None).await
}

/// One call: its request, and who makes it as far as the limits need to know.
struct Call {
    visit: Visit,
    caller: Option<Caller>,
}

impl Call {
    fn of_instance(id: &str) -> Self {
        Self { visit: Visit::here(), caller: Some(Caller::Instance(id.to_owned())) }
    }

    fn with_key(key: &Secret) -> Self {
        let visit = Visit::here();
        let key = LicenseKey::parse(key.expose()).ok();
        let caller = key.map(|key| Caller::Key(visit.state.master.license_key_hash(&key)));
        Self { visit, caller }
    }

    fn with_credential(credential: Option<InstanceCredential<'_>>) -> Self {
        match credential {
            Some(InstanceCredential::Instance { instance_id, .. }) => Self::of_instance(instance_id),
            Some(InstanceCredential::Key(key)) => Self::with_key(key),
            None => Self { visit: Visit::here(), caller: None },
        }
    }

    /// Runs a use case in a transaction of its own, unless the caller has called too often.
    async fn write<T, F>(&self, work: F) -> Result<Result<T, Refusal>, ApiProblem>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx, Cx, Issuer) -> TxFuture<'t, Result<T, Refusal>, DbError> + Send + 'static,
    {
        let Visit { state, vendor, .. } = &self.visit;
        if let Some(caller) = &self.caller {
            state.limits.admit(caller).map_err(Problem::from)?;
        }
        let cx = self.visit.cx(Actor::Instance(String::new()));
        let issuer = Issuer { vendor: (**vendor).clone(), master: state.master.clone() };
        match state.db.write(move |tx| work(tx, cx, issuer)).await {
            Ok(answer) => Ok(answer),
            Err(DbError::Unavailable(error)) => {
                tracing::error!(%error, "the database cannot take a licensing call");
                Err(Problem::of(Code::NotReady).into())
            }
            Err(error) => {
                tracing::error!(%error, "a licensing call failed");
                Err(Problem::of(Code::ServerError).into())
            }
        }
    }

    /// Counts the call and answers it.
    async fn end<T>(
        self,
        answer: Result<T, Refusal>,
        license_id: impl FnOnce(&T) -> Option<&String>,
    ) -> Result<T, ApiProblem> {
        let limits = &self.visit.state.limits;
        if answer.as_ref().is_err_and(|refusal| !refusal.is_to_genuine()) {
            limits.count_failure(self.visit.address).map_err(Problem::from)?;
        } else if let Some(caller) = &self.caller {
            let mut license_id = answer.as_ref().ok().and_then(license_id).cloned();
            if license_id.is_none() && limits.lacks_license(caller) {
                license_id = self.find_license(caller.clone()).await.map(|id| id.to_string());
            }
            limits.count(caller, license_id.as_deref());
        }
        answer.map_err(|refusal| refusal.problem().into())
    }

    /// The license of a genuine caller whose answer does not name it; `None` where the database does not say so now.
    async fn find_license(&self, caller: Caller) -> Option<LicenseId> {
        let Visit { state, vendor, .. } = &self.visit;
        let (vendor_id, now) = (vendor.id.clone(), state.clock.now());
        let found = state.db.read(move |tx| {
            Box::pin(async move {
                match caller {
                    Caller::Key(hash) => Ok(match find_by_key(tx, &vendor_id, &hash, now).await? {
                        KeyFound::Current(id) | KeyFound::Replaced(id) => Some(id),
                        KeyFound::Unknown => None,
                    }),
                    Caller::Instance(id) => {
                        let id = InstanceId::from_untrusted(&id);
                        Ok(leases::find_instance(tx, &vendor_id, &id).await?.map(|instance| instance.license_id))
                    }
                }
            })
        });
        found.await.unwrap_or_else(|error: DbError| {
            // The call is answered, and counted for its key or instance all the same.
            tracing::warn!(%error, "the license of a call could not be looked up");
            None
        })
    }
}
