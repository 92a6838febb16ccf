//! A table in memory beside a SQLite database, kept equal to it by the one writer.
//!
//! On SQLite one process holds the database, and everything it writes goes through one writer. A table in memory can
//! therefore answer for rows of the database without asking it, as long as it is told of every change before the
//! change is acknowledged. A use case says so with [`Tx::change`] before it reads what it is about to change: from then
//! until the end of the transaction the table answers nothing about that subject, and what only the table knows has
//! been written into the transaction. What becomes of the table's entries (`keep_in_memory`,
//! `drop_from_memory`) happens after the commit, before anybody hears of it.
//!
//! Other processes (the command line) may write to the same file. The writer notices at its next transaction, and
//! readers of the table at once, by the counter of `wal_index.rs`.

use std::any::Any;
use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction};

use super::statements::Statements;
use super::{DbError, Tx};

/// What is kept in memory beside the database. Subjects are ids of rows under whose lock the rest is changed.
#[async_trait]
pub(crate) trait Beside: Send + Sync {
    /// Stops answering for a subject and writes what only memory knows of it.
    async fn hand_over(&self, tx: &mut Tx, subject: Subject<'_>) -> Result<(), DbError>;

    /// The use case that had the subject handed over was undone: as if nothing had happened.
    fn undo(&self, subject: Subject<'_>);

    /// The entries of a subject, or the one entry with this id, are no longer right. Called after the commit, before
    /// `resume`, as is `keep`.
    fn drop_entries(&self, subject: Subject<'_>);

    /// Takes what a use case has read and changed into the table.
    fn keep(&self, entry: Box<dyn Any + Send>);

    /// Keeps something that stays right until everything is changed or forgotten.
    fn remember(&self, name: String, it: Arc<dyn Any + Send + Sync>);

    /// Remembers it no more.
    fn unremember(&self, name: &str);

    /// What is remembered under this name.
    fn recall(&self, name: &str) -> Option<Arc<dyn Any + Send + Sync>>;

    /// The transaction is durable, and with it what was handed over; the subject is answered for again.
    fn resume(&self, subject: Subject<'_>);

    /// What was written is not durable, or another process has written: nothing in memory counts any more.
    fn forget(&self);
}

/// What a transaction changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// What is kept about the row with this id.
    One(&'a str),
    /// Everything: a catalog, a key or a vendor is changed.
    All,
}

/// What a change means for the entries that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// None of them is right any more.
    Whole,
    /// They stay right, but for those that the use case replaces or drops itself.
    Part,
}

/// A subject as it is remembered; `None` is all.
type Remembered = Option<String>;

/// What happens to the table after the commit, in the order of the use cases.
enum Step {
    Drop(Remembered),
    Keep(Box<dyn Any + Send>),
    Note(Box<dyn FnOnce() + Send>),
}

/// SQLite's transaction, with what it means for the table beside the database.
pub struct SqliteTx {
    statements: Statements,
    beside: Option<Arc<dyn Beside>>,
    /// What the use case that runs now had handed over, and what happens if it is kept.
    open: (Vec<Remembered>, Vec<Step>),
    /// The same of those before it in this transaction.
    kept: (Vec<Remembered>, Vec<Step>),
    /// What this transaction may have changed of what is remembered.
    unsure: HashSet<String>,
}

impl SqliteTx {
    pub(super) fn new(tx: Transaction<'static, Sqlite>, beside: Option<Arc<dyn Beside>>) -> Self {
        Self {
            statements: Statements::new(tx),
            beside,
            open: Default::default(),
            kept: Default::default(),
            unsure: HashSet::new(),
        }
    }

    /// The use case that ran last is kept, or was undone.
    pub(super) fn settle(&mut self, is_kept: bool) {
        let (mut subjects, mut steps) = std::mem::take(&mut self.open);
        if is_kept {
            self.kept.0.append(&mut subjects);
            self.kept.1.append(&mut steps);
        } else if let Some(beside) = &self.beside {
            subjects.iter().for_each(|subject| beside.undo(as_subject(subject)));
        }
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.settle(true);
        // When this fails, dropping `self` tells the table.
        self.statements.commit().await?;
        let (subjects, steps) = std::mem::take(&mut self.kept);
        let Some(beside) = &self.beside else { return Ok(()) };
        for step in steps {
            match step {
                Step::Drop(subject) => beside.drop_entries(as_subject(&subject)),
                Step::Keep(entry) => beside.keep(entry),
                Step::Note(note) => note(),
            }
        }
        subjects.iter().for_each(|subject| beside.resume(as_subject(subject)));
        Ok(())
    }

    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        self.statements.rollback().await
    }

    fn has_handed_over(&self, subject: &Remembered) -> bool {
        let mut all = self.open.0.iter().chain(&self.kept.0);
        all.any(|handed| handed == subject || handed.is_none())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        // What was handed over to a transaction that was not committed is nowhere.
        if let Some(beside) = &self.beside
            && !(self.open.0.is_empty() && self.kept.0.is_empty())
        {
            beside.forget();
        }
    }
}

impl Deref for SqliteTx {
    type Target = Statements;

    fn deref(&self) -> &Statements {
        &self.statements
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut Statements {
        &mut self.statements
    }
}

fn as_subject(subject: &Remembered) -> Subject<'_> {
    subject.as_deref().map_or(Subject::All, Subject::One)
}

impl Tx {
    /// Says what the use case is about to read and change. On PostgreSQL there is no table in memory to tell.
    pub(crate) async fn change(&mut self, subject: Subject<'_>, extent: Extent) -> Result<(), DbError> {
        let remembered = match subject {
            Subject::One(id) => Some(id.to_owned()),
            Subject::All => None,
        };
        let Self::Sqlite(tx) = self else { return Ok(()) };
        let Some(beside) = tx.beside.clone() else { return Ok(()) };
        let is_new = !tx.has_handed_over(&remembered);
        if is_new {
            tx.open.0.push(remembered.clone());
        }
        if extent == Extent::Whole {
            tx.open.1.push(Step::Drop(remembered));
        }
        if is_new { beside.hand_over(self, subject).await } else { Ok(()) }
    }

    /// Whether there is a table in memory to keep something in.
    pub(crate) fn has_memory(&self) -> bool {
        matches!(self, Self::Sqlite(tx) if tx.beside.is_some())
    }

    /// Hands something to the table in memory after the commit, before anybody hears of it.
    pub(crate) fn keep_in_memory(&mut self, entry: impl Any + Send) {
        if let Self::Sqlite(tx) = self {
            tx.open.1.push(Step::Keep(Box::new(entry)));
        }
    }

    /// What was remembered under this name, unless this transaction may have changed it.
    pub(crate) fn recall<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        let Self::Sqlite(tx) = self else { return None };
        let beside = tx.beside.as_ref().filter(|_| !tx.has_handed_over(&None) && !tx.unsure.contains(name))?;
        beside.recall(name)?.downcast().ok()
    }

    /// Remembers something after the commit until everything is changed: a catalog, a key or a vendor.
    pub(crate) fn remember<T: Any + Send + Sync>(&mut self, name: String, it: Arc<T>) {
        if let Self::Sqlite(tx) = self
            && let Some(beside) = tx.beside.clone()
        {
            tx.open.1.push(Step::Note(Box::new(move || beside.remember(name, it))));
        }
    }

    /// Changes what is remembered under this name: what follows in this transaction asks the database for it, and everybody
    /// does after the commit, until it is remembered anew.
    pub(crate) fn unremember(&mut self, name: String) {
        if let Self::Sqlite(tx) = self
            && let Some(beside) = tx.beside.clone()
        {
            tx.unsure.insert(name.clone());
            tx.open.1.push(Step::Note(Box::new(move || beside.unremember(&name))));
        }
    }

    /// Drops one entry of the table in memory after the commit; its subject is handed over already.
    pub(crate) fn drop_from_memory(&mut self, id: &str) {
        if let Self::Sqlite(tx) = self
            && tx.beside.is_some()
        {
            tx.open.1.push(Step::Drop(Some(id.to_owned())));
        }
    }

    /// Does something to the table in memory after the commit, before anybody hears of it; nothing where there is
    /// none.
    pub(crate) fn after_commit(&mut self, note: impl FnOnce() + Send + 'static) {
        if let Self::Sqlite(tx) = self
            && tx.beside.is_some()
        {
            tx.open.1.push(Step::Note(Box::new(note)));
        }
    }
}
