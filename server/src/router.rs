//! Which address is answered by what, and through which layers.
//!
//! | addresses | answered by | session |
//! |---|---|---|
//! | `/api/v1/…` | server functions in `app::api::licensing`; most checks from memory, by `crate::http::checks` | none |
//! | `/api/manage/v1/…` | `crate::http::manage`, for programs with an API token | none |
//! | `/act/…` | the portal's forms, server functions in `app::api` | yes, cross-site posts refused |
//! | pages | `app::routes` | yes, guarded before rendering |
//! | `/stripe/webhook/…`, `/.well-known/…`, `/api/v1/revocations`, `/api/openapi.json`, `/api/manage/openapi.json`, documents, `/brand/…`, health | `crate::http` | documents only |
//! | everything else | files of the site | none |

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;

use app::request::Visit;
use app::routes::{App, document};
use app::state::AppState;
use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, any, get, post};
use backend::accounts::DbSessionStore;
use backend::catalog::UPLOAD_MAX_BYTES;
use leptos::nonce::provide_nonce;
use leptos::prelude::provide_context;
use leptos_axum::{generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::http::checks::{self, Checks};
use crate::{http, middleware};

/// A form is small: the longest is a message of 10,000 characters, each of which may take twelve bytes on its way. The
/// licensing API has its own limit.
const FORM_BYTES: usize = 160 * 1024;
/// A catalog file is one field of a form. On its way each byte may take three, and each end of a line six.
const CATALOG_BYTES: usize = 6 * UPLOAD_MAX_BYTES + 8 * 1024;
/// Stripe's largest events are far below.
const WEBHOOK_BYTES: usize = 1024 * 1024;
/// A session's cookie outlives the browser; how long a session lives is decided by the server.
const COOKIE_DAYS: i64 = 30;
/// Longer than any page or call takes, shorter than people and proxies wait.
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// The whole service, with checks that memory can answer before it.
pub fn router(state: &AppState) -> Router {
    let service = service(state);
    let checks = Checks { state: state.clone(), service: service.clone(), patience: REQUEST_TIMEOUT };
    Router::new().route(checks::PATH, any(checks::answer)).fallback_service(service).with_state(Arc::new(checks))
}

fn service(state: &AppState) -> Router {
    let site = state.leptos.site_root.to_string();
    let choose_vendor = from_fn_with_state(state.clone(), middleware::vendor::choose);
    let licensing = Router::new()
        .route("/api/v1", any(server_function))
        .route("/api/v1/", any(server_function))
        .route("/api/v1/{*function}", any(server_function))
        .layer(from_fn_with_state(state.clone(), middleware::licensing_api::answer_problems))
        .layer(from_fn_with_state(state.clone(), middleware::visit::for_instances));
    let management = routes(http::manage::for_programs())
        .route("/api/manage/v1/{*path}", any(http::manage::nothing_here))
        .layer(from_fn(middleware::management_api::answer_problems))
        .layer(from_fn_with_state(state.clone(), middleware::visit::for_instances));
    // A file of the site where there is one, else the portal, whose last word is its own "not found" page.
    let files = ServeDir::new(&site)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(portal(state).layer(choose_vendor.clone()).with_state(state.clone()));
    Router::new()
        .merge(licensing)
        .merge(management)
        .merge(routes(for_machines()))
        .layer(choose_vendor)
        // Its address names the vendor, so it is good under any host name: also under the deployment's own.
        .merge(routes(for_stripe()))
        .route("/healthz", get(http::health::alive))
        .route("/readyz", get(http::health::ready))
        .fallback_service(files)
        .layer(from_fn(middleware::addresses::refuse))
        .layer(from_fn_with_state(state.clone(), middleware::headers::secure))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(middleware::request_id::answer_panic))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_TIMEOUT))
        .layer(from_fn(middleware::problems::complete))
        .layer(from_fn_with_state(state.clone(), middleware::request_id::assign))
        .with_state(state.clone())
}

/// The service with the addresses of its peers, as `axum::serve` takes it.
#[must_use]
pub fn make_service(state: &AppState) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router(state).into_make_service_with_connect_info()
}

/// Pages, forms and documents: everything that knows who is signed in.
fn portal(state: &AppState) -> Router<AppState> {
    // Listing them renders the whole application, and a process may have many routers: that of each test.
    static PAGES: OnceLock<Vec<String>> = OnceLock::new();
    let list = || generate_route_list(App).iter().map(|listing| listing.path().to_owned()).collect();
    let pages = PAGES.get_or_init(list).iter().fold(Router::new(), |router, path| router.route(path, get(page)));
    Router::new()
        .route("/act/{*function}", form())
        .route("/act/check-catalog", with_a_file())
        .route("/act/apply-catalog", with_a_file())
        .merge(routes(for_people()))
        .merge(pages)
        .fallback(page)
        .layer(from_fn(middleware::visit::guard))
        .layer(from_fn_with_state(state.clone(), middleware::visit::recognise))
        .layer(session_layer(state))
        .layer(from_fn(middleware::cross_site::refuse))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
}

/// A form. Whoever goes to its address, as by Enter in the address bar after a refused post, begins at the first page.
fn form() -> MethodRouter<AppState> {
    post(form_function).get(|| async { Redirect::to("/") })
}

/// A form that holds a catalog file.
fn with_a_file() -> MethodRouter<AppState> {
    form().layer(DefaultBodyLimit::max(CATALOG_BYTES))
}

/// An address that is neither a page nor a server function, and what answers it.
pub(crate) type Handler = (Method, &'static str, MethodRouter<AppState>);

/// What Stripe posts to.
fn for_stripe() -> [Handler; 1] {
    let webhook = post(http::webhook::receive).layer(DefaultBodyLimit::max(WEBHOOK_BYTES));
    [(Method::POST, "/stripe/webhook/{vendor}", webhook)]
}

/// What programs ask for: no session, no cookies.
fn for_machines() -> [Handler; 7] {
    let revocations = get(http::revocations::serve).fallback(http::revocations::refuse_method);
    [
        (Method::GET, "/.well-known/jwks.json", get(http::jwks::serve)),
        (Method::GET, "/.well-known/keys.json", get(http::key_sets::serve)),
        (Method::GET, "/.well-known/trust.json", get(http::trust::serve)),
        (Method::GET, "/api/v1/revocations", revocations),
        (Method::GET, "/api/openapi.json", get(http::openapi::serve)),
        (Method::GET, "/api/manage/openapi.json", get(http::openapi::serve_management)),
        (Method::GET, "/brand/{file}", get(http::brand::serve)),
    ]
}

/// What people download; who may is asked by the use cases.
fn for_people() -> [Handler; 23] {
    [
        (Method::GET, "/account/audit.csv", get(http::audit::of_account)),
        (Method::GET, "/account/export/company.zip", get(http::takeout::of_account)),
        (Method::GET, "/account/export/me.zip", get(http::takeout::of_person)),
        (Method::GET, "/invoices/{subject_id}/{document}", get(http::documents::download)),
        (Method::GET, "/invoices/year.zip", get(http::exports::year_as_zip)),
        (Method::GET, "/invoices/year.csv", get(http::exports::year_as_csv)),
        (Method::GET, "/partner/clients.csv", get(http::exports::clients)),
        (Method::GET, "/partner/codes/{campaign_id}/codes.csv", get(http::exports::own_campaign_codes)),
        (Method::GET, "/partner/vouchers/{batch}/codes.csv", get(http::vouchers::codes)),
        (Method::GET, "/partner/commissions/{month}/statement.csv", get(http::commissions::as_csv)),
        (Method::GET, "/partner/commissions/{month}/statement.pdf", get(http::commissions::as_pdf)),
        (Method::GET, "/staff/activity.csv", get(http::long_tables::activity)),
        (Method::GET, "/staff/audit.csv", get(http::audit::of_vendor)),
        (Method::GET, "/staff/campaigns/{id}/codes.csv", get(http::exports::campaign_codes)),
        (Method::GET, "/staff/catalog/catalog.toml", get(http::exports::catalog)),
        (Method::GET, "/staff/instances.csv", get(http::long_tables::instances)),
        (Method::GET, "/staff/ledger/entries.csv", get(http::exports::entries)),
        (Method::GET, "/staff/ledger/documents.csv", get(http::exports::all_documents)),
        (Method::GET, "/staff/invoices/{subject_id}/{document}", get(http::documents::download_as_staff)),
        (Method::GET, "/staff/feedback.csv", get(http::exports::feedback)),
        (Method::GET, "/staff/orders.csv", get(http::exports::orders)),
        (Method::GET, "/staff/subscriptions.csv", get(http::exports::subscriptions)),
        (Method::GET, "/orders/{order_id}/state", get(http::order_state::tell)),
    ]
}

fn routes(handlers: impl IntoIterator<Item = Handler>) -> Router<AppState> {
    handlers.into_iter().fold(Router::new(), |router, (_, path, handler)| router.route(path, handler))
}

/// Method and path of every handler, and whether it is for machines: what the authorisation matrix must have rows for.
#[cfg(test)]
pub(crate) fn handlers() -> Vec<(Method, &'static str, bool)> {
    let machines = for_stripe().into_iter().chain(for_machines()).chain(http::manage::for_programs());
    let machines = machines.map(|(method, path, _)| (method, path, true));
    machines.chain(for_people().into_iter().map(|(method, path, _)| (method, path, false))).collect()
}

/// The page for addresses that nothing answers, whatever was asked for.
pub(crate) async fn not_found(visit: Visit) -> Response {
    let mut request = Request::default();
    *request.uri_mut() = Uri::from_static("/not-found");
    page(Extension(visit), request).await
}

fn session_layer(state: &AppState) -> SessionManagerLayer<DbSessionStore> {
    let store = DbSessionStore::new(state.db.clone(), state.clock.clone(), state.entropy.clone());
    SessionManagerLayer::new(store)
        .with_name(if state.tls { "__Host-leasehold" } else { "leasehold" })
        .with_secure(state.tls)
        // Strict would log people out when they come back from Stripe or follow a link in a mail.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(COOKIE_DAYS)))
}

/// Renders a page whole: it waits for its data, so that what is sent works without a script.
async fn page(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let context = move || {
        provide_nonce();
        provide_context(visit.clone());
    };
    render_app_async_with_context(context, document)(request).await
}

async fn server_function(Extension(visit): Extension<Visit>, request: Request) -> Response {
    handle_server_fns_with_context(move || provide_context(visit.clone()), request).await.into_response()
}

async fn form_function(visit: Extension<Visit>, request: Request) -> Response {
    server_function(visit, middleware::forms::clean(request).await).await
}
