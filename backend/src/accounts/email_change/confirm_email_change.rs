//! Changing the address, with the link from the mail to the new one.

use super::rules::{Standing, UNDO_MS, standing};
use super::{EmailChange, store, tell};
use crate::accounts::links::{hash_of, new_secret, spend_all_links};
use crate::accounts::rules::email_key;
use crate::accounts::{User, sessions, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::SessionId;
use crate::keys::MasterKey;

/// A link's secret, and the session that may go on.
#[derive(Clone)]
pub struct ConfirmEmailChange {
    /// The link's `token`.
    pub secret: String,
    /// The session of the browser that confirms.
    pub keep: Option<SessionId>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailChangeConfirmation {
    /// The user has the new address, other sessions have ended, and the old address was told.
    Changed(User),
    /// Somebody else signs in with the new address, or had it until some days ago.
    Taken,
    /// The link never existed, is older than a day, was used, or is for somebody else than who acts.
    Spent,
}

/// Why nothing is written.
enum Stopped {
    Taken,
    Failed(DbError),
}

impl From<DbError> for Stopped {
    fn from(error: DbError) -> Self {
        // The one unique thing that is written here from outside is the address.
        if error.is_duplicate() { Self::Taken } else { Self::Failed(error) }
    }
}

/// Changes the address of whoever acts. To be called on POST: mail scanners open links before people do. Of two who want
/// the same address at once, one gets it; whatever the other has begun is rolled back, and therefore this takes the
/// database and not a transaction.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn confirm_email_change(
    db: &Db,
    master: &MasterKey,
    cx: &Cx,
    request: &ConfirmEmailChange,
) -> Result<EmailChangeConfirmation, DbError> {
    let (cx, master, request) = (cx.clone(), master.clone(), request.clone());
    let confirmed = db.write(move |tx| Box::pin(async move { confirm(tx, &cx, &master, &request).await })).await;
    match confirmed {
        Ok(confirmed) => Ok(confirmed),
        Err(Stopped::Taken) => Ok(EmailChangeConfirmation::Taken),
        Err(Stopped::Failed(error)) => Err(error),
    }
}

async fn confirm(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &ConfirmEmailChange,
) -> Result<EmailChangeConfirmation, Stopped> {
    let Some(user_id) = cx.actor.person() else { return Ok(EmailChangeConfirmation::Spent) };
    let Some(user) = people::lock_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(EmailChangeConfirmation::Spent);
    };
    let Some(change) = find_change_to_confirm(tx, cx, &request.secret).await? else {
        return Ok(EmailChangeConfirmation::Spent);
    };
    let key = email_key(&change.new_email);
    people::update_email(tx, cx, user_id, &change.new_email).await?;
    // Asked only now: whoever has given the address up in the meantime has committed, and is seen.
    if store::held_until(tx, &cx.vendor_id, &key, user_id, cx.now).await?.is_some() {
        return Err(Stopped::Taken);
    }
    let undo = user.email_verified_at.map(|_| new_secret(cx));
    let undo_by = undo.as_ref().map(|(_, hash)| (hash.as_slice(), cx.now.plus(UNDO_MS)));
    store::confirm(tx, cx, &change.id, undo_by).await?;
    spend_all_links(tx, cx, user_id).await?;
    sessions::end_other_sessions(tx, cx, user_id, request.keep.as_ref()).await?;
    let (before, after) =
        (serde_json::json!({ "email": user.email }), serde_json::json!({ "email": change.new_email }));
    audit::record(tx, cx, None, "user.change_email", user_id.as_str(), Some(&before), Some(&after)).await?;
    let undo_secret = undo.map(|(secret, _)| secret);
    tell::changed(tx, cx, master, &user, &change, undo_secret.as_deref()).await?;
    let changed = people::find_user(tx, &cx.vendor_id, user_id).await?;
    Ok(changed.map_or(EmailChangeConfirmation::Spent, EmailChangeConfirmation::Changed))
}

/// The change that this secret confirms, for the page that asks for it; `None` where it confirms none of whoever acts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_change_to_confirm(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<EmailChange>, DbError> {
    let found = store::find_by_confirm_hash(tx, cx, &hash_of(secret)).await?;
    let is_for_actor = |change: &EmailChange| cx.actor.person() == Some(&change.user_id);
    Ok(found.filter(|change| is_for_actor(change) && standing(change, cx.now) == Standing::Open))
}
