//! Mail: letters that people get, written by `text/en/mail.rs`, always sent by a queued job.
//!
//! A use case builds a [`Letter`] from typed values, addresses it with [`Sender::mail`] and queues it in its
//! own transaction with [`enqueue`]; the job [`SendMail`] hands it to the [`Mailer`]. The message's id is
//! the job's, so that a mail sent twice (a process may die between sending and noting) is one message to
//! every mail program. The queued text is sealed and wiped after sending: letters carry links that grant
//! access. [`log`] keeps to whom each went and what became of it.

mod letter;
pub mod log;
mod mailer;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::VendorId;
use crate::jobs::{self, Enqueued, Handler, Job, JobError, JobFuture, JobRun};
use crate::keys::MasterKey;
use crate::vendors;

pub use letter::Letter;
pub use mailer::{MailError, Mailer, Smtp, TlsMode};

/// A vendor as its letters show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Display name.
    pub name: String,
    /// Public origin, without a trailing slash: where links lead.
    pub origin: String,
    /// Where answers go; empty where the vendor has set none.
    pub support_email: String,
    /// Hue of the accent colour, 0–359.
    pub accent_hue: i64,
}

impl Sender {
    /// The vendor as a sender; `None` when there is no such vendor.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub async fn find(tx: &mut Tx, vendor_id: &VendorId) -> Result<Option<Self>, DbError> {
        let vendor = vendors::find_vendor(tx, vendor_id).await?;
        Ok(vendor.map(|vendor| Self {
            name: vendor.name,
            origin: vendor.origin,
            support_email: vendor.profile.support_email,
            accent_hue: vendor.accent_hue,
        }))
    }

    /// The letter, rendered and addressed.
    #[must_use]
    pub fn mail(&self, to: &str, to_name: &str, letter: Letter) -> Mail {
        let host = self.origin.split_once("://").map_or(self.origin.as_str(), |(_, rest)| rest);
        let host = host.split([':', '/']).next().unwrap_or_default();
        Mail {
            to: to.to_owned(),
            to_name: to_name.to_owned(),
            from_name: self.name.clone(),
            reply_to: Some(self.support_email.clone()).filter(|address| !address.is_empty()),
            message_domain: if host.is_empty() { "localhost".to_owned() } else { host.to_owned() },
            text: letter.to_text(self),
            html: letter.to_html(self),
            subject: letter.subject,
            thread: None,
        }
    }
}

/// A mail ready to be sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Address of the one who gets it.
    pub to: String,
    /// Name of the one who gets it; may be empty.
    pub to_name: String,
    /// Name of the one who sends it.
    pub from_name: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Right side of the message id.
    pub message_domain: String,
    /// Subject.
    pub subject: String,
    /// For programs that show text.
    pub text: String,
    /// For programs that show HTML.
    pub html: String,
    /// What it belongs to; `None` for a mail that stands alone. Mails queued by an older release have none.
    #[serde(default)]
    pub thread: Option<MailThread>,
}

/// A mail's place among others about the same thing, by which mail programs show them as one (RFC 5322 §3.6.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailThread {
    /// Left side of its own message id, in place of the job's.
    pub id: String,
    /// Left sides of what came before it, oldest first; the first stands for the whole and need not be a mail.
    pub before: Vec<String>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Texts carry links that grant access.
        f.debug_struct("Mail").field("to", &self.to).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Queues a mail in the transaction of what it tells, and notes it in the log. Whoever is deleted has no address, and gets
/// none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, mail: &Mail) -> Result<(), DbError> {
    if mail.to.is_empty() {
        return Ok(());
    }
    let queued = jobs::enqueue(tx, cx, master, Job::new(SendMail::KIND, mail)).await?;
    let (Enqueued::Queued(id) | Enqueued::AlreadyWaiting(id)) = queued;
    log::insert_mail(tx, cx, &id, mail).await
}

/// The job that sends a queued mail.
pub struct SendMail(Mailer);

impl SendMail {
    /// The job's kind.
    pub const KIND: &'static str = "mail.send";

    /// A handler that sends through `mailer`.
    #[must_use]
    pub fn new(mailer: Mailer) -> Self {
        Self(mailer)
    }
}

impl Handler for SendMail {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let mail: Mail = run.payload()?;
            let mailer = self.0.of(&run.cx.vendor_id);
            mailer.send(&mail, run.id.as_str(), run.cx.now).await.map_err(|error| match error {
                MailError::Malformed(reason) => JobError::dead(reason),
                MailError::Refused(reason) => JobError::dead(format!("refused for good: {reason}")),
                MailError::Unavailable(reason) => JobError::retry(reason),
            })
        })
    }
}
