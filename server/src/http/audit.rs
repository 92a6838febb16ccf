//! The audit log as a table: `/account/audit.csv` for the owner of an account, `/staff/audit.csv` for the vendor's staff, with
//! the same questions in the address as the pages. It is sent part by part, however long it is; where a part cannot be read
//! the answer breaks off, so that nobody takes a piece for the whole.

use app::pages::audit_log::filter_of;
use app::request::Visit;
use axum::body::Body;
use axum::extract::Extension;
use axum::response::Response;
use backend::audit::{AuditFilter, AuditPlace, AuditScope, CsvPart, export_audit};
use backend::db::DbError;
use futures::stream::{self, StreamExt as _};

use super::exports::{CSV, failed, file, nothing_here};

/// The log of the account that is acted for.
pub(crate) async fn of_account(Extension(visit): Extension<Visit>) -> Response {
    match visit.account() {
        Some((account, _)) => table(visit, AuditScope::Account(account.id)).await,
        None => nothing_here(),
    }
}

/// The vendor's whole log.
pub(crate) async fn of_vendor(Extension(visit): Extension<Visit>) -> Response {
    table(visit, AuditScope::Vendor).await
}

async fn table(visit: Visit, scope: AuditScope) -> Response {
    let filter = filter_of(&visit);
    // The first part decides what is answered.
    let first = match part(&visit, &scope, &filter, None).await {
        Ok(Some(first)) => first,
        Ok(None) => return nothing_here(),
        Err(error) => return failed(&visit, &error),
    };
    let begun = stream::iter([Ok(first.text)]);
    let rest = stream::try_unfold(first.next, move |place| {
        let (visit, scope, filter) = (visit.clone(), scope.clone(), filter.clone());
        async move {
            let Some(place) = place else { return Ok(None) };
            let next = part(&visit, &scope, &filter, Some(place)).await?;
            // Whoever may not see it any more gets no more of it.
            next.map_or(Err(DbError::GivenUp("the audit log may not be seen any more")), |it| {
                Ok(Some((it.text, it.next)))
            })
        }
    });
    file(Body::from_stream(begun.chain(rest)), CSV, "audit.csv")
}

async fn part(
    visit: &Visit,
    scope: &AuditScope,
    filter: &AuditFilter,
    after: Option<AuditPlace>,
) -> Result<Option<CsvPart>, DbError> {
    let (cx, scope, filter) = (visit.viewer_cx(), scope.clone(), filter.clone());
    let read = visit
        .state
        .db
        .read(move |tx| Box::pin(async move { export_audit(tx, &cx, &scope, &filter, after.as_ref()).await }));
    read.await
}
