//! What accountants take with them: `/invoices/year.zip` and `/invoices/year.csv` (`?year=`, `&month=`) for members of an account,
//! `/partner/clients.csv` (`?search=`) and `/partner/codes/{campaign_id}/codes.csv` for those of a partner,
//! `/staff/ledger/entries.csv`, `/staff/ledger/documents.csv` (`?from=`, `?to=`), `/staff/campaigns/{id}/codes.csv`,
//! `/staff/catalog/catalog.toml`, `/staff/feedback.csv`, `/staff/orders.csv` and `/staff/subscriptions.csv` (with the
//! filters of their lists) for the vendor's staff.

use std::fmt::Display;

use app::pages::staff_ledger::period;
use app::request::Visit;
use axum::extract::{Extension, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::billing::earnings::{EarningFilter, export_earnings};
use backend::campaigns::export_codes;
use backend::campaigns::owned::export_own_codes;
use backend::catalog::export_catalog;
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::feedback::export_feedback;
use backend::ids::CampaignId;
use backend::invoices::{
    ARCHIVE_MOST, Archive, EXPORT_MOST, Export, archive_documents, export_all_documents, export_documents,
    export_entries, period_of,
};
use backend::ledger::Period;
use backend::orders::search::{OrderFilter, export_orders};
use backend::partners::export_clients;
use backend::text::en::invoice_list as text;

/// Every document of the account's year, or of a month of it.
pub(crate) async fn year_as_zip(Extension(visit): Extension<Visit>) -> Response {
    let Some((account, _)) = visit.account() else { return nothing_here() };
    let Some((name, period)) = wanted_documents(&visit) else { return nothing_here() };
    match archive_documents(&visit.state.db, &visit.viewer_cx(), &account.id, period).await {
        Ok(Archive::Made(zip)) => file(zip, "application/zip", &format!("{name}.zip")),
        Ok(Archive::TooMany) => plain(StatusCode::UNPROCESSABLE_ENTITY, text::too_many(ARCHIVE_MOST)),
        Ok(Archive::Nothing) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// A table of the account's documents of a year, or of a month of it.
pub(crate) async fn year_as_csv(Extension(visit): Extension<Visit>) -> Response {
    let Some((account, _)) = visit.account() else { return nothing_here() };
    let Some((name, (from, until))) = wanted_documents(&visit) else { return nothing_here() };
    let cx = visit.viewer_cx();
    let table = visit
        .state
        .db
        .read(move |tx| Box::pin(async move { export_documents(tx, &cx, &account.id, Period { from, until }).await }));
    exported(&visit, table.await, &format!("{name}.csv"))
}

/// The ledger's entries of a period.
pub(crate) async fn entries(Extension(visit): Extension<Visit>) -> Response {
    let (cx, period) = (visit.viewer_cx(), wanted_period(&visit));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_entries(tx, &cx, period).await }));
    exported(&visit, table.await, "ledger.csv")
}

/// A table of all documents of a period.
pub(crate) async fn all_documents(Extension(visit): Extension<Visit>) -> Response {
    let (cx, period) = (visit.viewer_cx(), wanted_period(&visit));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_all_documents(tx, &cx, period).await }));
    exported(&visit, table.await, "documents.csv")
}

fn exported(visit: &Visit, table: Result<Export, DbError>, name: &str) -> Response {
    match table {
        Ok(Export::Made(csv)) => file(csv.into_bytes(), CSV, name),
        Ok(Export::TooLong) => plain(StatusCode::UNPROCESSABLE_ENTITY, text::too_long(EXPORT_MOST)),
        Ok(Export::NotAllowed) => nothing_here(),
        Err(error) => failed(visit, &error),
    }
}

/// The codes of a campaign.
pub(crate) async fn campaign_codes(Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Response {
    let (cx, id) = (visit.staff_cx(), CampaignId::from_untrusted(&id));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_codes(tx, &cx, &id).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "codes.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// The codes of a partner's own campaign.
pub(crate) async fn own_campaign_codes(Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Response {
    let (cx, id) = (visit.viewer_cx(), CampaignId::from_untrusted(&id));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_own_codes(tx, &cx, &id).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "codes.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// The clients of a partner, with the search of their list.
pub(crate) async fn clients(Extension(visit): Extension<Visit>) -> Response {
    let Some((account, _)) = visit.account() else { return nothing_here() };
    let (cx, search) = (visit.viewer_cx(), visit.query("search").unwrap_or_default());
    let table =
        visit.state.db.read(move |tx| Box::pin(async move { export_clients(tx, &cx, &account.id, &search).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "clients.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// What customers said.
pub(crate) async fn feedback(Extension(visit): Extension<Visit>) -> Response {
    let cx = visit.staff_cx();
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_feedback(tx, &cx).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "feedback.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// Orders, by the filter of their list.
pub(crate) async fn orders(Extension(visit): Extension<Visit>) -> Response {
    let (cx, filter) = (visit.staff_cx(), OrderFilter::of_address(|name| visit.query(name)));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_orders(tx, &cx, &filter).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "orders.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// What subscriptions bring in, by the filter of their list.
pub(crate) async fn subscriptions(Extension(visit): Extension<Visit>) -> Response {
    let (cx, filter) = (visit.staff_cx(), EarningFilter::of_address(|name| visit.query(name)));
    let table = visit.state.db.read(move |tx| Box::pin(async move { export_earnings(tx, &cx, &filter).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, "subscriptions.csv"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// The catalog as a file that can be applied again.
pub(crate) async fn catalog(Extension(visit): Extension<Visit>) -> Response {
    let cx = visit.staff_cx();
    let written = visit.state.db.read(move |tx| Box::pin(async move { export_catalog(tx, &cx).await }));
    match written.await {
        Ok(Some(toml)) => file(toml.into_bytes(), TOML, "catalog.toml"),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

const TOML: &str = "application/toml; charset=utf-8";
pub(super) const CSV: &str = "text/csv; charset=utf-8";

/// What the file of a year or month is called, and the time that it is about.
fn wanted_documents(visit: &Visit) -> Option<(String, (UnixMs, UnixMs))> {
    let year: i16 = visit.query("year")?.parse().ok()?;
    let month: Option<i8> = visit.query("month").map(|month| month.parse()).transpose().ok()?;
    let name = month.map_or_else(|| format!("documents-{year}"), |month| format!("documents-{year}-{month:02}"));
    Some((name, period_of(year, month)?))
}

fn wanted_period(visit: &Visit) -> Period {
    period(visit.query("from").as_deref(), visit.query("to").as_deref())
}

/// A download that no cache keeps. File names are ASCII without quotes.
pub(super) fn file(content: impl IntoResponse, content_type: &'static str, name: &str) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

pub(super) fn nothing_here() -> Response {
    plain(StatusCode::NOT_FOUND, "There is nothing to download here, or it belongs to another account.\n")
}

pub(super) fn failed(visit: &Visit, error: &dyn Display) -> Response {
    tracing::error!(request_id = visit.request_id, %error, "a table or archive could not be given out");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "It cannot be given out now. Try again, or write to us.\n")
}

fn plain(status: StatusCode, text: impl IntoResponse) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}
