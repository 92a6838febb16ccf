//! `/partner/commissions/{month}/statement.pdf` and `/partner/commissions/{month}/statement.csv`: a partner's month, for
//! members of its account whose role may see invoices. For everybody else there is nothing here.

use app::request::Visit;
use axum::extract::{Extension, Path};
use axum::response::Response;
use backend::commissions::{Month, statement_as_csv, statement_as_pdf};
use backend::text::en::commissions::file_name;

use super::exports::{CSV, failed, file, nothing_here};

/// The lines of the month.
pub(crate) async fn as_csv(Extension(visit): Extension<Visit>, Path(month): Path<String>) -> Response {
    let (Some((account, _)), Some(month)) = (visit.account(), Month::parse(&month)) else { return nothing_here() };
    let cx = visit.viewer_cx();
    let table =
        visit.state.db.read(move |tx| Box::pin(async move { statement_as_csv(tx, &cx, &account.id, month).await }));
    match table.await {
        Ok(Some(csv)) => file(csv.into_bytes(), CSV, &file_name(month, "csv")),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}

/// The month as a document.
pub(crate) async fn as_pdf(Extension(visit): Extension<Visit>, Path(month): Path<String>) -> Response {
    let (Some((account, _)), Some(month)) = (visit.account(), Month::parse(&month)) else { return nothing_here() };
    match statement_as_pdf(&visit.state.db, &visit.viewer_cx(), &account.id, month).await {
        Ok(Some(pdf)) => file(pdf, "application/pdf", &file_name(month, "pdf")),
        Ok(None) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}
