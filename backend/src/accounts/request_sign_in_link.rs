//! Asking for a link that logs in.
//!
//! As with a reset, the request itself does the same work for every address: it counts and queues. Whether there is a user
//! is looked up by the job, so that no answer and no duration tells.

use std::net::IpAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::links::{LinkPurpose, create_link};
use super::rate_limits::{Limit, RateVerdict, hit, subject_of};
use super::rules::{SIGN_IN_LINK_MS, email_key};
use super::store;
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Job, JobError, JobRun};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::sign_in_mail as text;

/// What somebody asks with.
#[derive(Clone, Debug)]
pub struct RequestSignInLink {
    /// E-mail address as typed.
    pub email: String,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInLinkRequest {
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

/// Queues a mail with a link that logs in, if the address turns out to be registered.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn request_sign_in_link(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &RequestSignInLink,
) -> Result<SignInLinkRequest, DbError> {
    let email_key = email_key(&request.email);
    let address = subject_of(request.address);
    let pair = format!("{email_key}\0{address}");
    // In this order one network address uses up a fifth of what an e-mail address may be sent.
    for (limit, subject) in
        [(Limit::SignInLinkAddress, &address), (Limit::SignInLinkPair, &pair), (Limit::SignInLinkEmail, &email_key)]
    {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(SignInLinkRequest::Limited { retry_after_s });
        }
    }
    jobs::enqueue(tx, cx, master, Job::new(SendSignInLink::KIND, &Payload { email_key })).await?;
    Ok(SignInLinkRequest::Accepted)
}

/// The job that looks the address up and writes the mail.
pub struct SendSignInLink {
    db: Db,
    master: MasterKey,
}

impl SendSignInLink {
    /// The job's kind.
    pub const KIND: &'static str = "accounts.send_sign_in_link";

    /// A handler over `db`.
    #[must_use]
    pub fn new(db: Db, master: MasterKey) -> Self {
        Self { db, master }
    }
}

#[async_trait]
impl Handler for SendSignInLink {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    async fn run(&self, run: &JobRun) -> Result<(), JobError> {
        let Payload { email_key } = run.payload()?;
        let (cx, master) = (run.cx.clone(), self.master.clone());
        self.db.write(move |tx| Box::pin(async move { send(tx, &cx, &master, &email_key).await })).await?;
        Ok(())
    }
}

async fn send(tx: &mut Tx, cx: &Cx, master: &MasterKey, email_key: &str) -> Result<(), DbError> {
    let Some((user, _)) = store::find_credentials(tx, &cx.vendor_id, email_key).await? else { return Ok(()) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let link = create_link(tx, cx, &sender.origin, &user, LinkPurpose::SignIn, SIGN_IN_LINK_MS).await?;
    let letter = text::sign_in_link(&sender, &link, cx.now.plus(SIGN_IN_LINK_MS));
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    audit::record(tx, cx, None, "user.request_sign_in_link", user.id.as_str(), audit::NOTHING, audit::NOTHING).await
}
