//! Finding lost license keys by mail.
//!
//! As with a password reset, the request does the same work for every address: it counts and queues. Whose
//! address it is, is looked up by the job, so that no answer and no duration tells. The mail leads to the
//! licenses' pages; a key itself is never in it.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{LicenseView, store};
use crate::accounts::{self, Act, Limit, RateVerdict, hit, may, rules::email_key, subject_of};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::jobs::{self, Handler, Job, JobFuture, JobRun};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::license_mail as letters;

/// Most licenses that one mail names; its reader finds the others in the portal.
const NAMED_MAX: i64 = 50;

/// What somebody asks with.
#[derive(Clone, Debug)]
pub struct RecoverKeys {
    /// E-mail address as typed.
    pub email: String,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRecovery {
    /// If the address may see keys, a mail is on its way.
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

/// Queues a mail that leads to the licenses whose keys the holder of an address may see, if there are any.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn recover_keys(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &RecoverKeys,
) -> Result<KeyRecovery, DbError> {
    let email_key = email_key(&request.email);
    let address = subject_of(request.address);
    let pair = format!("{email_key}\0{address}");
    // In this order one network address uses up a fifth of what an e-mail address may be sent.
    for (limit, subject) in
        [(Limit::RecoverAddress, &address), (Limit::RecoverPair, &pair), (Limit::RecoverEmail, &email_key)]
    {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(KeyRecovery::Limited { retry_after_s });
        }
    }
    jobs::enqueue(tx, cx, master, Job::new(SendKeyRecovery::KIND, &Payload { email_key })).await?;
    Ok(KeyRecovery::Accepted)
}

/// The job that looks the address up and writes the mail.
pub struct SendKeyRecovery {
    db: Db,
    master: MasterKey,
}

impl SendKeyRecovery {
    /// The job's kind.
    pub const KIND: &'static str = "licenses.send_key_recovery";

    /// A handler over `db`.
    #[must_use]
    pub fn new(db: Db, master: MasterKey) -> Self {
        Self { db, master }
    }
}

impl Handler for SendKeyRecovery {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let Payload { email_key } = run.payload()?;
            let (cx, master) = (run.cx.clone(), self.master.clone());
            self.db.write(move |tx| Box::pin(async move { send(tx, &cx, &master, &email_key).await })).await?;
            Ok(())
        })
    }
}

async fn send(tx: &mut Tx, cx: &Cx, master: &MasterKey, email_key: &str) -> Result<(), DbError> {
    let Some(user) = accounts::find_user_by_email(tx, &cx.vendor_id, email_key).await? else { return Ok(()) };
    let mut found: Vec<LicenseView> = Vec::new();
    for membership in accounts::list_memberships(tx, &cx.vendor_id, &user.id).await? {
        if may(membership.role, Act::SeeKeys) {
            let account_id = &membership.account.id;
            found.extend(store::list_by_account(tx, &cx.vendor_id, account_id, None, NAMED_MAX).await?);
        }
    }
    found.truncate(usize::try_from(NAMED_MAX).unwrap_or(usize::MAX));
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    if found.is_empty() {
        return Ok(());
    }
    let letter = letters::key_recovery(&sender, &found);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    audit::record(tx, cx, None, "license.recover_keys", user.id.as_str(), audit::NOTHING, audit::NOTHING).await
}
