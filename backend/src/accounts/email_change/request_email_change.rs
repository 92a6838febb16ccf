//! Asking for another address.

use super::rules::CONFIRM_MS;
use super::{EmailChange, store, tell};
use crate::accounts::links::new_secret;
use crate::accounts::rules::{Field, FieldProblem, Problem, check_email, email_key};
use crate::accounts::{Limit, RateVerdict, hit, store as people};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::EmailChangeId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailChangeRequest {
    /// Mails are on their way, to the new address and to the old one. Whether somebody else signs in with the new one is
    /// not said.
    Asked(EmailChange),
    /// The address cannot be this one.
    Refused(FieldProblem),
    /// Too many requests of the user, or for the new address.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Only people have an address.
    NotAllowed,
}

/// Asks to change the address of whoever acts; a change that was asked for before is replaced. Whoever calls it has made
/// sure that password and code were typed a moment ago.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn request_email_change(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    email: &str,
) -> Result<EmailChangeRequest, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(EmailChangeRequest::NotAllowed) };
    let Some(user) = people::lock_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(EmailChangeRequest::NotAllowed);
    };
    let refused = |problem| EmailChangeRequest::Refused(FieldProblem::new(Field::Email, problem));
    let new_email = match check_email(email) {
        Ok(email) => email,
        Err(problem) => return Ok(refused(problem)),
    };
    let key = email_key(&new_email);
    if key == email_key(&user.email) {
        return Ok(refused(Problem::EmailUnchanged));
    }
    let pair = format!("{key}\0{user_id}");
    let limits =
        [(Limit::EmailChangeUser, user_id.as_str()), (Limit::EmailChangePair, &pair), (Limit::EmailChangeEmail, &key)];
    for (limit, subject) in limits {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(EmailChangeRequest::Limited { retry_after_s });
        }
    }
    store::end_open(tx, cx, user_id).await?;
    let change = EmailChange {
        id: cx.id::<EmailChangeId>(),
        user_id: user_id.clone(),
        old_email: user.email.clone(),
        new_email,
        created_at: cx.now,
        expires_at: cx.now.plus(CONFIRM_MS),
        confirmed_at: None,
        undo_until: None,
        ended_at: None,
    };
    let (confirm_secret, confirm_hash) = new_secret(cx);
    let not_me = user.email_verified_at.map(|_| new_secret(cx));
    store::insert(tx, cx, &change, &confirm_hash, not_me.as_ref().map(|(_, hash)| hash.as_slice())).await?;
    let (before, after) =
        (serde_json::json!({ "email": change.old_email }), serde_json::json!({ "email": change.new_email }));
    let act = "user.request_email_change";
    audit::record(tx, cx, None, act, user_id.as_str(), Some(&before), Some(&after)).await?;
    // The row is made for an address that is taken as well, and looks the same; its secret goes to nobody.
    let is_taken = people::find_credentials(tx, &cx.vendor_id, &key).await?.is_some();
    let confirm_secret = Some(confirm_secret).filter(|_| !is_taken);
    let not_me_secret = not_me.map(|(secret, _)| secret);
    tell::asked(tx, cx, master, &user, &change, confirm_secret.as_deref(), not_me_secret.as_deref()).await?;
    Ok(EmailChangeRequest::Asked(change))
}
