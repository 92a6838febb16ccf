//! Invoices and their documents.

use app::api::management::endpoints::{DOWNLOAD_INVOICE, LIST_INVOICES, SHOW_INVOICE};
use app::api::management::wire::{InvoiceResponse, Page};
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use backend::clock::UnixMs;
use backend::db::Tx;
use backend::ids::InvoiceId;
use backend::invoices::{
    DocumentKind, Invoice, find_document, find_document_for_staff, find_invoice, find_invoice_for_staff, list_invoices,
    list_invoices_for_staff, list_lines,
};

use super::Refused;
use super::call::{Call, Caller};
use super::instances::cut;
use super::query::named;

/// The place of an invoice in its list.
type Place = (UnixMs, InvoiceId);

fn place_of(text: &str) -> Option<Place> {
    let (at, id) = text.split_once('.')?;
    Some((UnixMs(at.parse().ok()?), InvoiceId::from_untrusted(id)))
}

/// `GET /invoices`.
pub(super) async fn list(call: Call) -> Result<Json<Page<InvoiceResponse>>, Refused> {
    let asked = call.query(&LIST_INVOICES).and_then(|query| Ok((query.limit()?, query.cursor(place_of)?)));
    let found = call.read(&LIST_INVOICES, move |tx, caller| {
        Box::pin(async move {
            let (limit, before) = asked?;
            let vendor_id = &caller.cx.vendor_id;
            let before = before.as_ref().map(|(at, id)| (*at, id));
            let found = match caller.account_id() {
                Some(account_id) => list_invoices(tx, vendor_id, account_id, before, limit + 1).await?,
                None => list_invoices_for_staff(tx, vendor_id, None, before, limit + 1).await?,
            };
            let (found, next_cursor) = cut(found, limit, |last| format!("{}.{}", last.issued_at.0, last.id));
            Ok::<_, Refused>(Page {
                items: found.iter().map(|it| InvoiceResponse::of(it, None)).collect(),
                next_cursor,
            })
        })
    });
    Ok(Json(found.await?))
}

/// `GET /invoices/{invoice_id}`.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Result<Json<InvoiceResponse>, Refused> {
    let found = call.read(&SHOW_INVOICE, move |tx, caller| {
        Box::pin(async move {
            let invoice = find(tx, &caller, &id).await?;
            let lines = list_lines(tx, &caller.cx.vendor_id, &invoice.id).await?;
            Ok::<_, Refused>(InvoiceResponse::of(&invoice, Some(&lines)))
        })
    });
    Ok(Json(found.await?))
}

async fn find(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Invoice, Refused> {
    let (vendor_id, id) = (&caller.cx.vendor_id, InvoiceId::from_untrusted(named(id)?));
    let found = match caller.account_id() {
        Some(account_id) => find_invoice(tx, vendor_id, account_id, &id).await?,
        None => find_invoice_for_staff(tx, vendor_id, &id).await?,
    };
    found.ok_or_else(Refused::nothing)
}

/// `GET /invoices/{invoice_id}/pdf`.
pub(super) async fn download(call: Call, Path(id): Path<String>) -> Result<Response, Refused> {
    // The use case asks whether the token may once more, in a transaction of its own.
    let opened = call.read(&DOWNLOAD_INVOICE, move |tx, caller| {
        Box::pin(async move { Ok::<_, Refused>((find(tx, &caller, &id).await?.id, caller)) })
    });
    let (id, caller) = opened.await?;
    let (db, kind) = (&call.visit().state.db, DocumentKind::Invoice);
    let found = match caller.account_id() {
        Some(account_id) => find_document(db, &caller.cx, account_id, id.as_str(), kind).await?,
        None => find_document_for_staff(db, &caller.cx, id.as_str(), kind).await?,
    };
    let document = found.ok_or_else(Refused::nothing)?;
    let mut response = document.content.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    // The file name is ASCII without quotes: letters, digits, `-`, `_` and a dot.
    let disposition = format!("attachment; filename=\"{}\"", document.file_name);
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
