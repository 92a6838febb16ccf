//! Documents in the database.

use std::collections::BTreeMap;

use super::DocumentKind;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, DocumentId, VendorId};

/// What a document shows.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) vendor_id: VendorId,
    pub(crate) account_id: AccountId,
    /// Id of the invoice, credit note or order.
    pub(crate) id: String,
    /// Its number.
    pub(crate) number: String,
    pub(crate) issued_at: UnixMs,
}

#[derive(sqlx::FromRow)]
pub(super) struct DocumentRow {
    pub(super) account_id: AccountId,
    pub(super) number: String,
    pub(super) kind: DocumentKind,
    pub(super) content: Vec<u8>,
    pub(super) sha256: Vec<u8>,
}

pub(super) async fn has_document(
    tx: &mut Tx,
    vendor_id: &VendorId,
    subject_id: &str,
    kind: DocumentKind,
) -> Result<bool, DbError> {
    let row = fetch_optional!(
        tx,
        (DocumentId,),
        "SELECT id FROM documents WHERE vendor_id = $1 AND subject_id = $2 AND kind = $3",
        vendor_id,
        subject_id,
        kind
    )?;
    Ok(row.is_some())
}

/// Which documents are kept of which invoices and credit notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptDocuments(BTreeMap<String, Vec<DocumentKind>>);

impl KeptDocuments {
    /// Whether a document of this kind is kept of what has this id.
    #[must_use]
    pub fn has(&self, subject_id: &str, kind: DocumentKind) -> bool {
        self.0.get(subject_id).is_some_and(|kinds| kinds.contains(&kind))
    }
}

/// The documents that are kept of what was issued to an account between two moments, both included.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_kept_documents(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
) -> Result<KeptDocuments, DbError> {
    let rows = fetch_all!(
        tx,
        (String, DocumentKind),
        "SELECT subject_id, kind FROM documents
         WHERE vendor_id = $1 AND account_id = $2 AND issued_at >= $3 AND issued_at <= $4",
        vendor_id,
        account_id,
        from,
        until
    )?;
    let mut kept = BTreeMap::<String, Vec<DocumentKind>>::new();
    for (subject_id, kind) in rows {
        kept.entry(subject_id).or_default().push(kind);
    }
    Ok(KeptDocuments(kept))
}

pub(super) async fn find_document(
    tx: &mut Tx,
    vendor_id: &VendorId,
    subject_id: &str,
    kind: DocumentKind,
) -> Result<Option<DocumentRow>, DbError> {
    fetch_optional!(
        tx,
        DocumentRow,
        "SELECT account_id, number, kind, content, sha256 FROM documents
         WHERE vendor_id = $1 AND subject_id = $2 AND kind = $3",
        vendor_id,
        subject_id,
        kind
    )
}

/// The ids of all documents of an account, oldest first.
pub(super) async fn list_ids(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<DocumentId>, DbError> {
    let rows = fetch_all!(
        tx,
        (DocumentId,),
        "SELECT id FROM documents WHERE vendor_id = $1 AND account_id = $2 ORDER BY issued_at, number, kind",
        vendor_id,
        account_id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn find_by_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &DocumentId,
) -> Result<Option<DocumentRow>, DbError> {
    fetch_optional!(
        tx,
        DocumentRow,
        "SELECT account_id, number, kind, content, sha256 FROM documents WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )
}

/// An account's documents that were issued in a period, oldest first.
pub(super) async fn list_documents(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
) -> Result<Vec<DocumentRow>, DbError> {
    fetch_all!(
        tx,
        DocumentRow,
        "SELECT account_id, number, kind, content, sha256 FROM documents
         WHERE vendor_id = $1 AND account_id = $2 AND issued_at >= $3 AND issued_at < $4
         ORDER BY issued_at, number, kind",
        vendor_id,
        account_id,
        from,
        until
    )
}

/// How many they are.
pub(super) async fn count_documents(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    (from, until): (UnixMs, UnixMs),
) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM documents
         WHERE vendor_id = $1 AND account_id = $2 AND issued_at >= $3 AND issued_at < $4",
        vendor_id,
        account_id,
        from,
        until
    )?;
    Ok(count)
}

/// Stores a document unless there is one: the first is for ever. Answers whether it is this one.
pub(super) async fn insert_document(
    tx: &mut Tx,
    id: &DocumentId,
    subject: &Subject,
    kind: DocumentKind,
    (content, sha256): (&[u8], &[u8]),
    at: UnixMs,
) -> Result<bool, DbError> {
    let stored = execute!(
        tx,
        "INSERT INTO documents (id, vendor_id, account_id, subject_id, number, kind, content, sha256, issued_at,
                                created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (subject_id, kind) DO NOTHING",
        id,
        &subject.vendor_id,
        &subject.account_id,
        &subject.id,
        &subject.number,
        kind,
        content,
        sha256,
        subject.issued_at,
        at
    )?;
    Ok(stored == 1)
}
