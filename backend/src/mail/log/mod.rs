//! The mail log: to whom mails went, about what, and what became of each.
//!
//! A row is written in the transaction that queues the mail. What became of it is the job's to know
//! ([`crate::jobs`]), and is read from there while the job is remembered; before a done job is forgotten, its moment is
//! noted here. No text is kept: letters carry links that grant access. Rows go after [`KEEP_MS`], and those of a person
//! when the person is forgotten ([`forget_recipient`]).

mod resend_mail;
mod store;

use crate::accounts::rules::email_key;
use crate::clock::{DAY_MS, UnixMs};
use crate::db::text_enum;
use crate::ids::JobId;

pub use resend_mail::resend_mail;
pub(super) use store::insert_mail;
pub use store::{delete_old_mails, find_mail, forget_recipient, keep_sent_times, list_mails};

/// Rows are kept this long, in milliseconds.
pub const KEEP_MS: i64 = 90 * DAY_MS;

text_enum! {
    /// What became of a mail.
    MailState {
        /// It is queued.
        Waiting = "waiting",
        /// An attempt failed, and another will be made.
        Retrying = "retrying",
        /// The mail server has taken it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
    }
}

/// A mail without its text.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LoggedMail {
    /// The id of the job that sends it, and of the message.
    pub id: JobId,
    /// The address that it goes to.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// What became of it.
    pub state: MailState,
    /// How often it was tried; 0 also where that is forgotten.
    pub attempts: i64,
    /// Why the last attempt failed; also of one that was sent afterwards.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: UnixMs,
    /// When the mail server took it.
    pub sent_at: Option<UnixMs>,
    /// Before when it is not tried again.
    pub next_at: Option<UnixMs>,
}

impl LoggedMail {
    /// The list goes on after it from here.
    #[must_use]
    pub fn place(&self) -> MailPlace {
        MailPlace { created_at: self.created_at, id: self.id.clone() }
    }
}

/// Which mails are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// What became of them; any when left out.
    pub state: Option<MailState>,
    /// A part of the address that they went to; any when empty.
    pub recipient: String,
}

impl MailFilter {
    /// From what somebody typed.
    #[must_use]
    pub fn new(state: Option<MailState>, recipient: &str) -> Self {
        Self { state, recipient: email_key(recipient) }
    }
}

/// A place in the list, newest first, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailPlace {
    created_at: UnixMs,
    id: JobId,
}

impl MailPlace {
    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.created_at.0, self.id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { created_at: UnixMs(at.parse().ok()?), id: JobId::from_untrusted(id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_address() {
        let place = MailPlace { created_at: UnixMs(1_795_255_200_000), id: JobId::from_untrusted("job_1") };
        assert_eq!(MailPlace::parse(&place.to_text()), Some(place));
        for other in ["", "job_1", "now.job_1"] {
            assert_eq!(MailPlace::parse(other), None, "{other}");
        }
    }
}
