//! Who asks: makes the [`Visit`] that pages and server functions find in their context, and guards pages
//! before they are rendered.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use app::request::{Viewer, Visit};
use app::routes::{Access, access};
use app::state::AppState;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use backend::accounts::{self, DbSessionStore};
use backend::db::DbError;
use backend::ids::UserId;
use backend::vendors::Vendor;
use tower_sessions::Session;

use super::request_id::RequestId;

/// Makes the visit of a browser, with who is signed in.
pub(crate) async fn recognise(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let viewer = match find_viewer(&state, &vendor, &session).await {
        Ok(viewer) => viewer,
        Err(error) => {
            tracing::error!(error, "the session could not be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "The server is not ready. Try again in a moment.\n")
                .into_response();
        }
    };
    let visit = visit(&state, vendor, session, viewer, &request);
    request.extensions_mut().insert(visit);
    next.run(request).await
}

/// Makes the visit of a product instance: cookies mean nothing here.
pub(crate) async fn for_instances(
    State(state): State<AppState>,
    Extension(vendor): Extension<Arc<Vendor>>,
    mut request: Request,
    next: Next,
) -> Response {
    let store = DbSessionStore::new(state.db.clone(), state.clock.clone(), state.entropy.clone());
    let session = Session::new(None, Arc::new(store), None);
    let visit = visit(&state, vendor, session, None, &request);
    request.extensions_mut().insert(visit);
    next.run(request).await
}

/// Lets nobody past who may not open the page; forms check their own authority.
pub(crate) async fn guard(Extension(visit): Extension<Visit>, request: Request, next: Next) -> Response {
    if visit.path.starts_with("/act/") {
        return next.run(request).await;
    }
    let log_in = || {
        let back = serde_urlencoded::to_string([("next", path_and_query(&visit))]).unwrap_or_default();
        Redirect::to(&format!("/log-in?{back}")).into_response()
    };
    match (access(&visit.path), visit.viewer.as_deref()) {
        (Access::Anyone, _) => next.run(request).await,
        (_, None) => log_in(),
        (Access::SignedIn, Some(_)) => next.run(request).await,
        (Access::Account, Some(viewer)) if viewer.account.is_some() => next.run(request).await,
        (Access::Account, Some(viewer)) if viewer.staff.is_some() => Redirect::to("/staff").into_response(),
        (Access::Account, Some(_)) => Redirect::to("/company").into_response(),
        (Access::Staff, Some(viewer)) if viewer.staff.is_some() => next.run(request).await,
        (Access::Staff, Some(_)) => Redirect::to("/overview").into_response(),
    }
}

fn path_and_query(visit: &Visit) -> String {
    if visit.query.is_empty() { visit.path.clone() } else { format!("{}?{}", visit.path, visit.query) }
}

fn visit(
    state: &AppState,
    vendor: Arc<Vendor>,
    session: Session,
    viewer: Option<Viewer>,
    request: &Request,
) -> Visit {
    let extensions = request.extensions();
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Visit {
        state: state.clone(),
        vendor,
        request_id: extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        address: state.proxies.client_address(peer, request.headers()),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        session,
        viewer: viewer.map(Arc::new),
    }
}

async fn find_viewer(state: &AppState, vendor: &Vendor, session: &Session) -> Result<Option<Viewer>, String> {
    let identity = accounts::session_identity(session, &vendor.id).await.map_err(|error| error.to_string())?;
    let Some(user_id) = identity.and_then(|identity| identity.user_id) else { return Ok(None) };
    let vendor_id = vendor.id.clone();
    let found = state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let Some(user) = accounts::find_user(tx, &vendor_id, &user_id).await? else { return Ok(None) };
                let account = first_account(tx, &vendor_id, &user_id).await?;
                let staff = user.staff_role;
                Ok(Some(Viewer { user, account, staff }))
            })
        })
        .await;
    found.map_err(|error: DbError| error.to_string())
}

async fn first_account(
    tx: &mut backend::db::Tx,
    vendor_id: &backend::ids::VendorId,
    user_id: &UserId,
) -> Result<Option<(accounts::Account, accounts::Role)>, DbError> {
    let memberships = accounts::list_memberships(tx, vendor_id, user_id).await?;
    Ok(memberships.into_iter().next().map(|membership| (membership.account, membership.role)))
}
