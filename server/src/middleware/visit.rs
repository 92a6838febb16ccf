//! Who asks: makes the [`Visit`] that pages and server functions find in their context, and guards pages
//! before they are rendered.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use app::api::form::{FAILURE_PATH, FailureCode};
use app::api::next::{local_path, with_next};
use app::api::second_factor::SECOND_FACTOR;
use app::api::step_up::CONFIRM;
use app::request::{Viewer, Visit};
use app::routes::{Access, access};
use app::state::AppState;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use backend::accounts::{self, Account, ActsAs, DbSessionStore, FactorDue, Membership};
use backend::acting::{self, Acting};
use backend::db::DbError;
use backend::ids::AccountId;
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

/// Lets nobody past who may not open the page; forms check their own authority. Staff and partners without a second
/// factor get no further than setting one up, with forms as with pages; staff who act for a customer no further than what
/// is open to them, because not every form and page asks what one may in an account: some are the person's own.
pub(crate) async fn guard(Extension(visit): Extension<Visit>, request: Request, next: Next) -> Response {
    if let Some(act) = visit.path.strip_prefix("/act/") {
        let must_set_factor = visit.viewer.as_ref().is_some_and(|viewer| viewer.must_set_factor);
        if must_set_factor && !BEFORE_THE_FACTOR.contains(&act) {
            return Redirect::to(SECOND_FACTOR).into_response();
        }
        let must_show_passkey = visit.viewer.as_ref().is_some_and(|viewer| viewer.must_show_passkey);
        if must_show_passkey && !BEFORE_THE_PASSKEY.contains(&act) {
            return Redirect::to(CONFIRM).into_response();
        }
        let is_acting = visit.viewer.as_ref().is_some_and(|viewer| viewer.acting.is_some());
        if is_acting && !WHILE_ACTING.contains(&act) {
            return not_while_acting(&visit, request.headers());
        }
        return next.run(request).await;
    }
    let who = Who::of(visit.viewer.as_deref());
    match answered(access(&visit.path), who, &visit.path, &visit.query) {
        Answered::ByPage => next.run(request).await,
        Answered::Elsewhere(place) => Redirect::to(&place).into_response(),
        Answered::NotFound => not_found(visit).await,
    }
}

/// The forms that staff and partners may send before they have a second factor: those of their own log-in, and those that
/// anyone may.
const BEFORE_THE_FACTOR: [&str; 23] = [
    "add-passkey",
    "begin-passkey",
    "begin-passkey-confirmation",
    "begin-passkey-log-in",
    "change-password",
    "confirm-password",
    "confirm-with-passkey",
    "disown-email-change",
    "end-other-sessions",
    "end-session",
    "enter-code",
    "keep-recovery-codes",
    "log-in",
    "log-in-with-passkey",
    "refuse-factor-reset",
    "request-password-reset",
    "request-sign-in-link",
    "reset-password",
    "send-verification",
    "set-second-factor",
    "sign-in-by-link",
    "sign-out",
    "verify-email",
];

/// The forms that staff and partners may send before they have shown the passkey that is their second factor: showing it,
/// leaving, and those that anyone may. Nothing that could put another factor in its place, or take it away.
const BEFORE_THE_PASSKEY: [&str; 12] = [
    "begin-passkey-confirmation",
    "begin-passkey-log-in",
    "confirm-with-passkey",
    "disown-email-change",
    "enter-code",
    "log-in",
    "log-in-with-passkey",
    "refuse-factor-reset",
    "request-password-reset",
    "request-sign-in-link",
    "reset-password",
    "sign-out",
];

/// The forms that staff may send while they act for a customer, of those that the use cases let them; all others are closed.
const WHILE_ACTING: [&str; 8] = [
    "block-instance",
    "delete-instance",
    "free-seat",
    "rename-license",
    "resolve-conflict",
    "sign-out",
    "stop-acting",
    "unblock-instance",
];

/// The pages that staff see while they act for a customer.
fn is_open_while_acting(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["" | "account" | "invoices" | "licenses" | "not-done" | "overview"]
        | ["account", "audit" | "audit.csv" | "members"]
        | ["docs", "api"]
        | ["invoices", ..]
        | ["licenses", _, "instances", _] => true,
        ["licenses", id] => *id != "recover",
        _ => false,
    }
}

/// Refuses a form of somebody who acts for a customer: browsers are sent to the page that says so.
fn not_while_acting(visit: &Visit, headers: &HeaderMap) -> Response {
    let code = FailureCode::NotAllowed;
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if !accepts.is_some_and(|accept| accept.contains("text/html")) {
        return code.status().into_response();
    }
    let query = serde_urlencoded::to_string([("code", code.as_str()), ("request", &visit.request_id)]);
    Redirect::to(&format!("{FAILURE_PATH}?{}", query.unwrap_or_default())).into_response()
}

/// What the guard knows of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    SignedIn {
        account: bool,
        staff: bool,
    },
    /// Staff, or a partner, without a second factor.
    WithoutFactor,
    /// Staff, or a partner, who have still to show the passkey that is their second factor.
    BeforePasskey,
    /// Staff who act for a customer.
    Acting,
}

impl Who {
    fn of(viewer: Option<&Viewer>) -> Self {
        match viewer {
            None => Self::Nobody,
            Some(viewer) if viewer.must_set_factor => Self::WithoutFactor,
            Some(viewer) if viewer.must_show_passkey => Self::BeforePasskey,
            Some(viewer) if viewer.acting.is_some() => Self::Acting,
            Some(viewer) => Self::SignedIn { account: viewer.account.is_some(), staff: viewer.staff.is_some() },
        }
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
        (_, Who::Acting) if is_open_while_acting(path) => by_page,
        (_, Who::Acting) => Answered::Elsewhere("/overview".to_owned()),
        (Access::Anyone, Who::SignedIn { .. } | Who::WithoutFactor | Who::BeforePasskey)
            if matches!(path, "/sign-up" | "/log-in" | "/log-in/code" | "/log-in/link") =>
        {
            Answered::Elsewhere(next_of(query))
        }
        (Access::Anyone, _) => by_page,
        (_, Who::BeforePasskey) if path == CONFIRM => by_page,
        (_, Who::BeforePasskey) => Answered::Elsewhere(with_next(CONFIRM, &page)),
        (Access::SignedIn, Who::WithoutFactor) if path != "/company" => by_page,
        (_, Who::WithoutFactor) => Answered::Elsewhere(with_next(SECOND_FACTOR, &page)),
        (_, Who::Nobody) => Answered::Elsewhere(with_next(entrance, &page)),
        (Access::SignedIn, Who::SignedIn { account: true, .. }) if path == "/company" && query != "another=1" => {
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
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Visit {
        state: state.clone(),
        vendor,
        request_id: extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        address: address(state, extensions, request.headers()),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        session,
        viewer: viewer.map(Arc::new),
    }
}

/// Where a request came from, as far as trusted proxies say.
pub(crate) fn address(state: &AppState, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    state.proxies.client_address(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), headers)
}

async fn find_viewer(state: &AppState, vendor: &Vendor, session: &Session) -> Result<Option<Viewer>, String> {
    let identity = accounts::session_identity(session, &vendor.id).await.map_err(|error| error.to_string())?;
    let Some(identity) = identity else { return Ok(None) };
    let (Some(user_id), passkey_shown) = (identity.user_id, identity.passkey_shown) else { return Ok(None) };
    let chosen = accounts::chosen_account(session).await.map_err(|error| error.to_string())?;
    let acting_id = acting::acting_of(session).await.map_err(|error| error.to_string())?;
    let (vendor_id, now) = (vendor.id.clone(), state.clock.now());
    let found = state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let user = accounts::find_user(tx, &vendor_id, &user_id).await?;
                // Somebody may have logged in at the very moment of deleting the sign-in elsewhere.
                let Some(user) = user.filter(|user| !user.is_deleted()) else { return Ok(None) };
                let memberships = accounts::list_memberships(tx, &vendor_id, &user_id).await?;
                let account = acts_for(&memberships, chosen.as_ref());
                let staff = user.staff_role;
                let due = accounts::factor_due(tx, &user, &memberships, passkey_shown).await?;
                let viewer = Viewer {
                    user,
                    account,
                    memberships,
                    staff,
                    acting: None,
                    must_set_factor: due == FactorDue::SetUp,
                    must_show_passkey: due == FactorDue::ShowPasskey,
                };
                let Some(id) = acting_id.filter(|_| due == FactorDue::Nothing) else { return Ok(Some(viewer)) };
                let live = acting::find_live_acting(tx, &vendor_id, &id, now).await?;
                let Some(live) = live.filter(|it| it.staff_id == viewer.user.id) else { return Ok(Some(viewer)) };
                let account = accounts::find_account(tx, &vendor_id, &live.account_id).await?;
                Ok(Some(acting_for(viewer, live, account)))
            })
        })
        .await;
    found.map_err(|error: DbError| error.to_string())
}

/// One of the staff who acts for a customer, and is nothing else meanwhile.
fn acting_for(viewer: Viewer, acting: Acting, account: Option<Account>) -> Viewer {
    Viewer {
        account: account.map(|account| (account, ActsAs::Support)),
        memberships: Vec::new(),
        staff: None,
        acting: Some(acting),
        ..viewer
    }
}

/// The account that was chosen, as long as the person belongs to it; else the first.
fn acts_for(memberships: &[Membership], chosen: Option<&AccountId>) -> Option<(Account, ActsAs)> {
    let found = memberships.iter().find(|it| Some(&it.account.id) == chosen).or_else(|| memberships.first());
    found.map(|it| (it.account.clone(), ActsAs::Member(it.role)))
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
            (Who::Nobody, "/log-in/by-link?token=x", None),
            (Who::Nobody, "/not-me?token=x", None),
            (Who::Nobody, "/factor-reset?token=x", None),
            (Who::BeforePasskey, "/factor-reset?token=x", None),
            (CUSTOMER, "/factor-reset?token=x", None),
            (
                Who::Nobody,
                "/account/email/confirm?token=x",
                Some("/log-in?next=%2Faccount%2Femail%2Fconfirm%3Ftoken%3Dx"),
            ),
            (CUSTOMER, "/log-in/by-link?token=x", None),
            (CUSTOMER, "/log-in/link", Some("/overview")),
            (STAFF, "/account/email", None),
            (Who::Nobody, "/company", Some("/log-in?next=%2Fcompany")),
            (Who::Nobody, "/staff", Some("/log-in?next=%2Fstaff")),
            (NEW, "/buy?plan=pilot", Some("/company?next=%2Fbuy%3Fplan%3Dpilot")),
            (NEW, "/overview", Some("/company")),
            (NEW, "/company", None),
            (NEW, "/account", None),
            (CUSTOMER, "/buy?plan=pilot", None),
            (CUSTOMER, "/licenses", None),
            (CUSTOMER, "/company?next=%2Fbuy", Some("/buy")),
            (CUSTOMER, "/company?another=1", None),
            (CUSTOMER, "/account/members", None),
            (NEW, "/account/members", Some("/company?next=%2Faccount%2Fmembers")),
            (STAFF, "/account/members", Some("/staff")),
            (Who::Nobody, "/join?token=x", None),
            (CUSTOMER, "/log-in?next=%2Flicenses", Some("/licenses")),
            (CUSTOMER, "/log-in?next=%2F%2Fevil.example", Some("/overview")),
            (
                Who::WithoutFactor,
                "/staff/licenses?q=a",
                Some("/account/second-factor?next=%2Fstaff%2Flicenses%3Fq%3Da"),
            ),
            (Who::WithoutFactor, "/overview", Some("/account/second-factor")),
            (Who::WithoutFactor, "/account/audit", Some("/account/second-factor?next=%2Faccount%2Faudit")),
            (Who::WithoutFactor, "/account/audit.csv", Some("/account/second-factor?next=%2Faccount%2Faudit.csv")),
            (NEW, "/account/audit", Some("/company?next=%2Faccount%2Faudit")),
            (STAFF, "/account/audit.csv", Some("/staff")),
            (CUSTOMER, "/account/audit", None),
            (Who::WithoutFactor, "/company", Some("/account/second-factor?next=%2Fcompany")),
            (Who::WithoutFactor, "/log-in", Some("/overview")),
            (Who::WithoutFactor, "/account/second-factor", None),
            (Who::WithoutFactor, "/confirm", None),
            (Who::WithoutFactor, "/", None),
            (Who::WithoutFactor, "/account/passkeys/new", None),
            (Who::BeforePasskey, "/staff/licenses?q=a", Some("/confirm?next=%2Fstaff%2Flicenses%3Fq%3Da")),
            (Who::BeforePasskey, "/partner/clients.csv", Some("/confirm?next=%2Fpartner%2Fclients.csv")),
            (Who::BeforePasskey, "/overview", Some("/confirm")),
            (Who::BeforePasskey, "/account", Some("/confirm?next=%2Faccount")),
            (Who::BeforePasskey, "/account/second-factor", Some("/confirm?next=%2Faccount%2Fsecond-factor")),
            (Who::BeforePasskey, "/account/passkeys/new", Some("/confirm?next=%2Faccount%2Fpasskeys%2Fnew")),
            (Who::BeforePasskey, "/confirm?next=%2Fstaff", None),
            (Who::BeforePasskey, "/log-in?next=%2Fstaff", Some("/staff")),
            (Who::BeforePasskey, "/", None),
            (STAFF, "/log-in/code?next=%2Fstaff", Some("/staff")),
            (Who::Acting, "/licenses/lic_1/instances/ins_1", None),
            (Who::Acting, "/licenses/lic_1/change", Some("/overview")),
            (Who::Acting, "/licenses/recover", Some("/overview")),
            (Who::Acting, "/account/second-factor", Some("/overview")),
            (Who::Acting, "/messages/con_1", Some("/overview")),
            (Who::Acting, "/staff", Some("/overview")),
            (Who::Acting, "/confirm?next=%2Fstaff", Some("/overview")),
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
