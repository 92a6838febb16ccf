//! `/invoices/{id}/{document}` and `/staff/invoices/{id}/{document}`: the documents of an invoice, credit note or order,
//! for members of its account whose role may see invoices, and for the vendor's staff. For everybody else there is
//! nothing here.

use app::request::Visit;
use axum::extract::{Extension, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::billing::CommerceError;
use backend::invoices::{Document, DocumentKind, find_document, find_document_for_staff};
use data_encoding::HEXLOWER;

/// Shared caches must not keep what only one account may see, and a browser need not: it is one click away.
const CACHING: &str = "private, no-store";

/// The document, exactly as it was first rendered.
pub(crate) async fn download(
    Extension(visit): Extension<Visit>,
    Path((subject_id, document)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(kind) = kind(&document) else { return nothing_here() };
    let Some((account, _)) = visit.account() else { return nothing_here() };
    let found = find_document(&visit.state.db, &visit.viewer_cx(), &account.id, &subject_id, kind).await;
    give_out(&visit, &subject_id, found, headers.get(header::IF_NONE_MATCH))
}

/// The same for the vendor's staff, whoever's it is.
pub(crate) async fn download_as_staff(
    Extension(visit): Extension<Visit>,
    Path((subject_id, document)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(kind) = kind(&document) else { return nothing_here() };
    let found = find_document_for_staff(&visit.state.db, &visit.viewer_cx(), &subject_id, kind).await;
    give_out(&visit, &subject_id, found, headers.get(header::IF_NONE_MATCH))
}

fn kind(document: &str) -> Option<DocumentKind> {
    Some(match document {
        "invoice.pdf" => DocumentKind::Invoice,
        "receipt.pdf" => DocumentKind::Receipt,
        "credit-note.pdf" => DocumentKind::CreditNote,
        "pro-forma.pdf" => DocumentKind::ProForma,
        "ubl.xml" => DocumentKind::Ubl,
        "cii.xml" => DocumentKind::Cii,
        _ => return None,
    })
}

fn give_out(
    visit: &Visit,
    subject_id: &str,
    found: Result<Option<Document>, CommerceError>,
    has: Option<&HeaderValue>,
) -> Response {
    match found {
        Ok(Some(document)) => answer(document, has),
        Ok(None) => nothing_here(),
        Err(error) => {
            tracing::error!(request_id = visit.request_id, %error, %subject_id, "a document could not be given out");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The document cannot be given out. Write to us, please.\n")
        }
    }
}

/// The document with its hash as a strong entity tag (RFC 9110 §8.8.3), or only the tag to whoever has it.
fn answer(document: Document, has: Option<&HeaderValue>) -> Response {
    let content_type = match document.kind {
        DocumentKind::Ubl | DocumentKind::Cii => "application/xml",
        DocumentKind::Invoice | DocumentKind::Receipt | DocumentKind::CreditNote | DocumentKind::ProForma => {
            "application/pdf"
        }
    };
    let tag = format!("\"{}\"", HEXLOWER.encode(&document.sha256));
    let is_known = has.and_then(|has| has.to_str().ok()).is_some_and(|has| names(has, &tag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { document.content.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // The file name is ASCII without quotes: letters, digits, `-`, `_` and a dot.
    let disposition = format!("attachment; filename=\"{}\"", document.file_name);
    for (name, value) in [(header::ETAG, tag), (header::CONTENT_DISPOSITION, disposition)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// Whether an `If-None-Match` names this tag. Compression on the way makes tags weak, which is the same here.
fn names(if_none_match: &str, tag: &str) -> bool {
    let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
    if_none_match.split(',').any(|one| same(one.trim()))
}

fn nothing_here() -> Response {
    plain(StatusCode::NOT_FOUND, "There is no such document, or it belongs to another account.\n")
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let content = b"%PDF-1.7".to_vec();
        let file_name = "invoice-A-1.pdf".to_owned();
        Document { sha256: backend::keys::sha256(&content), content, file_name, kind: DocumentKind::Invoice }
    }

    #[test]
    fn a_document_is_named_tagged_and_never_kept_by_caches() {
        let response = answer(document(), None);
        assert_eq!(response.status(), StatusCode::OK);
        let value = |name| response.headers().get(&name).and_then(|value: &HeaderValue| value.to_str().ok());
        assert_eq!(value(header::CONTENT_TYPE), Some("application/pdf"));
        assert_eq!(value(header::CONTENT_DISPOSITION), Some("attachment; filename=\"invoice-A-1.pdf\""));
        assert_eq!(value(header::CACHE_CONTROL), Some("private, no-store"));
        assert!(value(header::ETAG).is_some_and(|tag| tag.len() == 66 && tag.starts_with('"')));
    }

    #[test]
    fn whoever_has_the_same_bytes_gets_only_their_tag() {
        let tag = format!("\"{}\"", HEXLOWER.encode(&document().sha256));
        for (has, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"other\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
        ] {
            let header = HeaderValue::from_str(&has).ok();
            assert_eq!(answer(document(), header.as_ref()).status(), status, "{has}");
        }
    }
}
