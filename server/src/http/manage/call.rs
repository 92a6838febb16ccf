//! One call: who makes it, as far as the token says, and what every call begins and ends with.

use std::sync::{Arc, OnceLock};

use app::api::limits::Limited;
use app::api::management::endpoints::{Endpoint, IDEMPOTENCY_KEY, MOST_CHARS};
use app::request::Visit;
use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use backend::cx::{Actor, Cx};
use backend::db::{Tx, TxFuture};
use backend::ids::{AccountId, LicenseId};
use backend::licenses::{LicenseView, find_license};
use backend::text::en::management_docs::refused as text;
use backend::tokens::{self, ApiToken, Holder, Opening, Scope, TokenText};
use sdk::error::{Code, Problem};
use sdk::wire::MAX_BODY_BYTES;
use serde::de::DeserializeOwned;

use super::Refused;
use super::query::{Query, named};

/// A call.
pub(crate) struct Call {
    visit: Visit,
    token: Option<TokenText>,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let visit = parts.extensions.get::<Visit>().cloned().ok_or_else(|| Refused::of(Code::ServerError))?;
        Ok(Self { visit, token: bearer(&parts.headers), headers: parts.headers.clone() })
    }
}

/// The token that a request bears (RFC 6750 §2.1); none where it bears two.
fn bearer(headers: &HeaderMap) -> Option<TokenText> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(sent), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, token) = sent.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| TokenText::parse(token.trim())).flatten()
}

/// Who calls, once the token has opened the call.
#[derive(Clone)]
pub(super) struct Caller {
    /// The context of what is done.
    pub(super) cx: Cx,
    /// Whom the token acts for.
    pub(super) holder: Holder,
}

impl Caller {
    /// The account that the token acts for; `None` for all of the vendor's.
    pub(super) fn account_id(&self) -> Option<&AccountId> {
        self.holder.account_id()
    }

    /// Whether what belongs to this account is the token's to see.
    pub(super) fn sees(&self, account_id: &AccountId) -> bool {
        self.account_id().is_none_or(|own| own == account_id)
    }

    /// A license, if it is the token's to see.
    pub(super) async fn license(&self, tx: &mut Tx, id: &str) -> Result<LicenseView, Refused> {
        let view = find_license(tx, &self.cx.vendor_id, &LicenseId::from_untrusted(named(id)?)).await?;
        view.filter(|view| self.sees(&view.license.account_id)).ok_or_else(Refused::nothing)
    }
}

/// The token that opened a call, as the transaction read it.
type Opened = Arc<OnceLock<ApiToken>>;

impl Call {
    /// The parts of the process and the vendor that was asked.
    pub(super) fn visit(&self) -> &Visit {
        &self.visit
    }

    /// What stands in the query.
    pub(super) fn query(&self, endpoint: &Endpoint) -> Result<Query, Refused> {
        Query::of(endpoint, &self.visit.query)
    }

    /// By which the program knows its request when it sends it again.
    pub(super) fn idempotency_key(&self) -> Result<String, Refused> {
        let mut sent = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (sent.next(), sent.next()) {
            (Some(key), None) => key.to_str().ok(),
            _ => None,
        };
        let is_key = |key: &&str| key.len() <= MOST_CHARS && key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = key.filter(|key| !key.is_empty()).filter(is_key);
        key.map(str::to_owned).ok_or_else(|| Refused::invalid(IDEMPOTENCY_KEY, text::NO_KEY))
    }

    /// Reads a body that must be a JSON object.
    pub(super) async fn json<T: DeserializeOwned>(&self, body: Body) -> Result<T, Refused> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Refused::of(Code::UnsupportedMediaType));
        }
        let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Refused::of(Code::PayloadTooLarge))?;
        Ok(app::api::error::read_flat_json(body)?)
    }

    /// Answers from what is in the database, if the token opens the endpoint.
    pub(super) async fn read<T, F>(&self, endpoint: &Endpoint, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx, Caller) -> TxFuture<'t, T, Refused> + Send + 'static,
    {
        let (token, opened) = (self.admit()?, Opened::default());
        let (cx, scope, opening) = (self.visit.cx(Actor::Visitor), endpoint.scope, opened.clone());
        let done = self.visit.state.db.read(|tx| {
            Box::pin(async move {
                let caller = open(tx, cx, &token, scope, &opening).await?;
                work(tx, caller).await
            })
        });
        self.end(done.await, &opened).await
    }

    /// Does something, if the token opens the endpoint. What is refused leaves nothing behind.
    pub(super) async fn write<T, F>(&self, endpoint: &Endpoint, work: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx, Caller) -> TxFuture<'t, T, Refused> + Send + 'static,
    {
        let (token, opened) = (self.admit()?, Opened::default());
        let (cx, scope, opening) = (self.visit.cx(Actor::Visitor), endpoint.scope, opened.clone());
        let done = self.visit.state.db.write(move |tx| {
            Box::pin(async move {
                let caller = open(tx, cx, &token, scope, &opening).await?;
                work(tx, caller).await
            })
        });
        self.end(done.await, &opened).await
    }

    /// The token, unless it has called too often.
    fn admit(&self) -> Result<TokenText, Refused> {
        let Some(token) = &self.token else { return Err(self.failing()) };
        self.visit.state.limits.admit_token(token).map_err(too_many)?;
        Ok(token.clone())
    }

    /// Counts a call without a live token.
    fn failing(&self) -> Refused {
        match self.visit.state.limits.count_failure(self.visit.address) {
            Ok(()) => Refused::of(Code::InvalidToken),
            Err(limited) => too_many(limited),
        }
    }

    /// Counts the call, notes that the token was used, and answers.
    async fn end<T>(&self, done: Result<T, Refused>, opened: &Opened) -> Result<T, Refused> {
        let state = &self.visit.state;
        match &self.token {
            Some(token) if !done.as_ref().is_err_and(Refused::is_of_no_token) => state.limits.count_token(token),
            _ => return Err(self.failing()),
        }
        let (now, address) = (state.clock.now(), self.visit.address);
        let worth_noting = opened.get().filter(|token| tokens::rules::is_worth_noting(token, now));
        if let Some(token) = worth_noting.cloned() {
            let noting =
                state.db.write(move |tx| Box::pin(async move { tokens::note_use(tx, &token, address, now).await }));
            // The answer is good all the same.
            if let Err(error) = noting.await {
                tracing::warn!(%error, "the use of an API token could not be noted");
            }
        }
        done
    }
}

/// Opens a call in its transaction.
async fn open(tx: &mut Tx, cx: Cx, token: &TokenText, scope: Scope, opened: &Opened) -> Result<Caller, Refused> {
    match tokens::open_token(tx, &cx.vendor_id, token, scope, cx.now).await? {
        Opening::Open(token) => {
            let (holder, id) = (token.holder(), token.id.clone());
            // Nobody else sets it.
            opened.get_or_init(|| *token);
            Ok(Caller { cx: Cx { actor: Actor::Token(id), ..cx }, holder })
        }
        Opening::OutOfScope => Err(Problem::of(Code::InsufficientScope).with_detail(text::needs(scope)).into()),
        Opening::Unknown => Err(Refused::of(Code::InvalidToken)),
    }
}

fn too_many(limited: Limited) -> Refused {
    Problem::from(limited).into()
}
