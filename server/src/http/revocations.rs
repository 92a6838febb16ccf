//! `GET /api/v1/revocations`: the signed list of what verifiers reject although its signature and dates are good.

use std::sync::Arc;

use app::api::error::problem_response;
use app::state::AppState;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use backend::revocations::signed_revocations;
use backend::vendors::Vendor;
use sdk::error::{Code, Problem};

use super::cacheable;
use crate::middleware::request_id::RequestId;

/// The vendor's list as a compact JWS.
pub(crate) async fn serve(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    Extension(RequestId(id)): Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let (now, master, asked) = (state.clock.now(), state.master.clone(), vendor.clone());
    let signed =
        state.db.read(move |tx| Box::pin(async move { signed_revocations(tx, &master, &asked, now).await })).await;
    let problem = match signed {
        Ok(Some(token)) => return cacheable::answer(&headers, "application/jose", token.into_bytes()),
        Ok(None) => Problem::of(Code::NotReady),
        Err(error) => {
            tracing::error!(%error, "the revocations could not be read");
            Problem::of(Code::NotReady)
        }
    };
    problem_response(problem, &vendor.origin, &id).map(Body::from)
}

/// The list is only read.
pub(crate) async fn refuse_method(
    Extension(vendor): Extension<Arc<Vendor>>,
    Extension(RequestId(id)): Extension<RequestId>,
) -> Response {
    let mut response = problem_response(Problem::of(Code::MethodNotAllowed), &vendor.origin, &id).map(Body::from);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
