//! The zip, made while it is sent.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::TakenFile;
use crate::audit::{AuditFilter, AuditPlace, AuditScope, export_audit};
use crate::billing::CommerceError;
use crate::cx::Cx;
use crate::db::Db;
use crate::ids::{AccountId, DocumentId};
use crate::invoices::find_document_by_id;

/// Something to take along, as parts of one zip.
pub struct Takeout {
    cx: Cx,
    zip: Option<ZipWriter<StreamWriter<Made>>>,
    made: Made,
    files: VecDeque<TakenFile>,
    /// The account whose log and documents belong to it.
    account_id: Option<AccountId>,
    log: Log,
    documents: VecDeque<DocumentId>,
}

/// How much of the audit log is written.
enum Log {
    Due,
    Begun(AuditPlace),
    Written,
}

/// What is made and not yet sent.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<Vec<u8>>>);

impl Made {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Made {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Takeout {
    pub(super) fn new(
        cx: &Cx,
        files: Vec<TakenFile>,
        account_id: Option<AccountId>,
        documents: Vec<DocumentId>,
    ) -> Self {
        let made = Made::default();
        Self {
            cx: cx.clone(),
            zip: Some(ZipWriter::new_stream(made.clone())),
            made,
            files: files.into(),
            log: if account_id.is_some() { Log::Due } else { Log::Written },
            account_id,
            documents: documents.into(),
        }
    }

    /// The next bytes; `None` after the last.
    ///
    /// # Errors
    /// [`CommerceError::Document`] when a document does not match its hash, or whoever takes this may not any more;
    /// [`CommerceError::Db`] when the database fails. What was sent by then is no whole zip.
    pub async fn next(&mut self, db: &Db) -> Result<Option<Vec<u8>>, CommerceError> {
        if let Some(file) = self.files.pop_front() {
            self.begin_file(file.name)?;
            self.write(file.text.as_bytes())?;
            return Ok(Some(self.made.take()));
        }
        if let Some(text) = self.next_of_log(db).await? {
            self.write(text.as_bytes())?;
            return Ok(Some(self.made.take()));
        }
        if let (Some(id), Some(account_id)) = (self.documents.pop_front(), self.account_id.clone()) {
            let found = find_document_by_id(db, &self.cx, &account_id, &id).await?;
            let document = found.ok_or_else(|| failed(&"a document may not be seen any more"))?;
            self.begin_file(&format!("documents/{}", document.file_name))?;
            self.write(&document.content)?;
            return Ok(Some(self.made.take()));
        }
        let Some(zip) = self.zip.take() else { return Ok(None) };
        zip.finish().map_err(|error| failed(&error))?;
        Ok(Some(self.made.take()))
    }

    /// The next lines of the log; `None` where all are written.
    async fn next_of_log(&mut self, db: &Db) -> Result<Option<String>, CommerceError> {
        let after = match &self.log {
            Log::Written => return Ok(None),
            Log::Due => None,
            Log::Begun(place) => Some(place.clone()),
        };
        let Some(account_id) = self.account_id.clone() else { return Ok(None) };
        if after.is_none() {
            self.begin_file("audit.csv")?;
        }
        let (cx, scope, filter) = (self.cx.clone(), AuditScope::Account(account_id), AuditFilter::default());
        let part =
            db.read(|tx| Box::pin(async move { export_audit(tx, &cx, &scope, &filter, after.as_ref()).await })).await?;
        let part = part.ok_or_else(|| failed(&"the audit log may not be seen any more"))?;
        self.log = part.next.map_or(Log::Written, Log::Begun);
        Ok(Some(part.text))
    }

    fn begin_file(&mut self, name: &str) -> Result<(), CommerceError> {
        // PDFs are compressed already; what is beside them is small.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        match &mut self.zip {
            Some(zip) => zip.start_file(name, options).map_err(|error| failed(&error)),
            None => Err(failed(&"the archive is finished")),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CommerceError> {
        match &mut self.zip {
            Some(zip) => zip.write_all(bytes).map_err(|error| failed(&error)),
            None => Err(failed(&"the archive is finished")),
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> CommerceError {
    CommerceError::Document(error.to_string())
}
