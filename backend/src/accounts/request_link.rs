//! Asking for a link by mail: one that sets a new password, or one that logs in.
//!
//! The request itself does the same work for every address: it counts and queues. Whether there is a user
//! is looked up by the job, so that no answer and no duration tells.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::links::{LinkPurpose, create_link};
use super::rate_limits::{Limit, RateVerdict, hit, subject_of};
use super::rules::{RESET_LINK_MS, SIGN_IN_LINK_MS, email_key};
use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Job, JobFuture, JobRun};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::{mail as text, sign_in_mail};

/// Which link is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedLink {
    /// It sets a new password.
    PasswordReset,
    /// It logs in.
    SignIn,
}

impl MailedLink {
    /// The kind of the job that mails it.
    const fn job(self) -> &'static str {
        match self {
            Self::PasswordReset => "accounts.send_password_reset",
            Self::SignIn => "accounts.send_sign_in_link",
        }
    }

    /// What the audit log calls asking for it.
    const fn act(self) -> &'static str {
        match self {
            Self::PasswordReset => "user.request_password_reset",
            Self::SignIn => "user.request_sign_in_link",
        }
    }

    /// What it is stored as, and how long it is good, in milliseconds.
    const fn purpose(self) -> (LinkPurpose, i64) {
        match self {
            Self::PasswordReset => (LinkPurpose::ResetPassword, RESET_LINK_MS),
            Self::SignIn => (LinkPurpose::SignIn, SIGN_IN_LINK_MS),
        }
    }

    /// What asking for it counts against, in the order in which it is counted.
    fn limits(self, email_key: &str, address: String) -> Vec<(Limit, String)> {
        let (by_address, by_pair, by_email) = match self {
            Self::PasswordReset => (Limit::ResetAddress, Limit::ResetPair, Limit::ResetEmail),
            Self::SignIn => (Limit::SignInLinkAddress, Limit::SignInLinkPair, Limit::SignInLinkEmail),
        };
        let pair = format!("{email_key}\0{address}");
        // In this order one network address uses up a fifth of what an e-mail address may be sent.
        vec![(by_address, address), (by_pair, pair), (by_email, email_key.to_owned())]
    }
}

/// What somebody asks with.
#[derive(Clone, Debug)]
pub struct RequestLink {
    /// What the link is wanted for.
    pub link: MailedLink,
    /// E-mail address as typed.
    pub email: String,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRequest {
    /// If the address is registered, a mail is on its way.
    Accepted,
    /// Too many requests for the address or from the client.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

#[derive(Serialize, Deserialize)]
struct Payload {
    email_key: String,
}

/// Queues a mail with the link, if the address turns out to be registered.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn request_link(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &RequestLink,
) -> Result<LinkRequest, DbError> {
    let email_key = email_key(&request.email);
    for (limit, subject) in request.link.limits(&email_key, subject_of(request.address)) {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, &subject).await? {
            return Ok(LinkRequest::Limited { retry_after_s });
        }
    }
    jobs::enqueue(tx, cx, master, Job::new(request.link.job(), &Payload { email_key })).await?;
    Ok(LinkRequest::Accepted)
}

/// The job that looks the address up and writes the mail. Each link has its own kind of it.
pub struct SendLink {
    link: MailedLink,
    db: Db,
    master: MasterKey,
}

impl SendLink {
    /// A handler over `db` for jobs that mail this link.
    #[must_use]
    pub fn new(link: MailedLink, db: Db, master: MasterKey) -> Self {
        Self { link, db, master }
    }
}

impl Handler for SendLink {
    fn kind(&self) -> &'static str {
        self.link.job()
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let Payload { email_key } = run.payload()?;
            let (link, cx, master) = (self.link, run.cx.clone(), self.master.clone());
            self.db.write(move |tx| Box::pin(async move { send(tx, &cx, &master, link, &email_key).await })).await?;
            Ok(())
        })
    }
}

async fn send(tx: &mut Tx, cx: &Cx, master: &MasterKey, link: MailedLink, email_key: &str) -> Result<(), DbError> {
    let Some((user, _)) = store::find_credentials(tx, &cx.vendor_id, email_key).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let (purpose, life_ms) = link.purpose();
    let until = cx.now.plus(life_ms);
    let address = create_link(tx, cx, &sender.origin, &user, purpose, life_ms).await?;
    let letter = match link {
        MailedLink::PasswordReset => text::password_reset(&sender, &address, until),
        MailedLink::SignIn => sign_in_mail::sign_in_link(&sender, &address, until),
    };
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    audit::record(tx, cx, None, link.act(), user.id.as_str(), audit::NOTHING, audit::NOTHING).await
}
