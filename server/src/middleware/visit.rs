//! Who asks: makes the [`Visit`] that pages and server functions find in their context, and guards pages
//! before they are rendered.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use app::api::next::{local_path, with_next};
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
use crate::router::not_found;

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

/// Makes the visit of a product instance, or of a program with an API token: cookies mean nothing here.
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
    let who = Who::of(visit.viewer.as_deref());
    match answered(access(&visit.path), who, &visit.path, &visit.query) {
        Answered::ByPage => next.run(request).await,
        Answered::Elsewhere(place) => Redirect::to(&place).into_response(),
        Answered::NotFound => not_found(visit).await,
    }
}

/// What the guard knows of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    SignedIn { account: bool, staff: bool },
}

impl Who {
    fn of(viewer: Option<&Viewer>) -> Self {
        viewer.map_or(Self::Nobody, |viewer| Self::SignedIn {
            account: viewer.account.is_some(),
            staff: viewer.staff.is_some(),
        })
    }
}

/// What answers a request for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answered {
    /// The page.
    ByPage,
    /// Another page that must be passed first, or is meant.
    Elsewhere(String),
    /// Nothing: that there is such a page is none of the person's business.
    NotFound,
}

/// Whether somebody gets the page. Whoever is asked to sign up, to log in or to name a company comes back to it
/// afterwards.
fn answered(access: Access, who: Who, path: &str, query: &str) -> Answered {
    let page = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    // Most who buy are here for the first time.
    let entrance = if path == "/buy" { "/sign-up" } else { "/log-in" };
    let (by_page, to_staff) = (Answered::ByPage, Answered::Elsewhere("/staff".to_owned()));
    match (access, who) {
        (Access::Anyone, Who::SignedIn { .. }) if matches!(path, "/sign-up" | "/log-in") => {
            Answered::Elsewhere(next_of(query))
        }
        (Access::Anyone, _) => by_page,
        (_, Who::Nobody) => Answered::Elsewhere(with_next(entrance, &page)),
        (Access::SignedIn, Who::SignedIn { account: true, .. }) if path == "/company" => {
            Answered::Elsewhere(next_of(query))
        }
        (Access::SignedIn, _) | (Access::Account, Who::SignedIn { account: true, .. }) => by_page,
        (Access::Account, Who::SignedIn { staff: true, .. }) if path != "/buy" => to_staff,
        (Access::Account, _) => Answered::Elsewhere(with_next("/company", &page)),
        (Access::Staff, Who::SignedIn { staff: true, .. }) => by_page,
        (Access::Staff, _) => Answered::NotFound,
    }
}

/// Where the page of this query goes on to.
fn next_of(query: &str) -> String {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let next = pairs.into_iter().find(|(name, _)| name == "next").map(|(_, next)| next);
    local_path(&next.unwrap_or_default())
}

fn visit(state: &AppState, vendor: Arc<Vendor>, session: Session, viewer: Option<Viewer>, request: &Request) -> Visit {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Who = Who::SignedIn { account: false, staff: false };
    const CUSTOMER: Who = Who::SignedIn { account: true, staff: false };
    const STAFF: Who = Who::SignedIn { account: false, staff: true };

    #[test]
    fn people_are_sent_where_they_must_go_first_and_come_back() {
        for (who, page, expected) in [
            (Who::Nobody, "/", None),
            (Who::Nobody, "/log-in?next=%2Flicenses", None),
            (Who::Nobody, "/licenses?page=2", Some("/log-in?next=%2Flicenses%3Fpage%3D2")),
            (Who::Nobody, "/overview", Some("/log-in")),
            (Who::Nobody, "/buy?plan=pilot&seats=2", Some("/sign-up?next=%2Fbuy%3Fplan%3Dpilot%26seats%3D2")),
            (Who::Nobody, "/company", Some("/log-in?next=%2Fcompany")),
            (Who::Nobody, "/staff", Some("/log-in?next=%2Fstaff")),
            (NEW, "/buy?plan=pilot", Some("/company?next=%2Fbuy%3Fplan%3Dpilot")),
            (NEW, "/overview", Some("/company")),
            (NEW, "/company", None),
            (NEW, "/account", None),
            (CUSTOMER, "/buy?plan=pilot", None),
            (CUSTOMER, "/licenses", None),
            (CUSTOMER, "/company?next=%2Fbuy", Some("/buy")),
            (CUSTOMER, "/log-in?next=%2Flicenses", Some("/licenses")),
            (CUSTOMER, "/log-in?next=%2F%2Fevil.example", Some("/overview")),
            (STAFF, "/staff", None),
            (STAFF, "/overview", Some("/staff")),
            (STAFF, "/account", None),
            (STAFF, "/buy?plan=pilot", Some("/company?next=%2Fbuy%3Fplan%3Dpilot")),
        ] {
            let (path, query) = page.split_once('?').unwrap_or((page, ""));
            let expected = expected.map_or(Answered::ByPage, |place| Answered::Elsewhere(place.to_owned()));
            assert_eq!(answered(access(path), who, path, query), expected, "{who:?} {page}");
        }
        for who in [NEW, CUSTOMER] {
            assert_eq!(answered(access("/staff"), who, "/staff", ""), Answered::NotFound, "{who:?}");
        }
    }
}
