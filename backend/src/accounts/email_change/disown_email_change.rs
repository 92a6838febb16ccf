//! "It was not me": undoing a change of address, or keeping it from happening, with the link from a mail to the old one.

use super::rules::{FACTOR_IN_DOUBT_MS, Standing, standing};
use super::{EmailChange, store, tell};
use crate::accounts::known_browsers::forget_browsers;
use crate::accounts::links::{LinkPurpose, create_secret, hash_of, spend_all_links};
use crate::accounts::password::PasswordHash;
use crate::accounts::rules::RESET_LINK_MS;
use crate::accounts::{passkeys, second_factor, sessions, store as people};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::text::en::sign_in_mail as letters;

/// What became of it.
#[derive(Clone)]
pub enum Disowning {
    /// The user has the old address, no session and no password. Whoever pressed the button reads the old address's mail,
    /// and goes on to set a password at once.
    Disowned {
        /// The secret of a link that sets it.
        reset_secret: String,
    },
    /// The link never existed, is too old, or was used; or what it was about has come to nothing.
    Spent,
}

/// Disowns a change of address. Whoever asked for it knows the password, so that is worth nothing from now on, whether the
/// change has happened or not. To be called on POST: mail scanners open links before people do.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn disown_email_change(tx: &mut Tx, cx: &Cx, master: &MasterKey, secret: &str) -> Result<Disowning, DbError> {
    let Some(found) = find_change_to_disown(tx, cx, secret).await? else { return Ok(Disowning::Spent) };
    let Some(user) = people::lock_user(tx, &cx.vendor_id, &found.user_id).await? else { return Ok(Disowning::Spent) };
    // It may have been disowned or confirmed while we waited for the lock.
    let Some(change) = find_change_to_disown(tx, cx, secret).await? else { return Ok(Disowning::Spent) };
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let has_happened = change.confirmed_at.is_some();
    // Those that followed it are whoever's it was, too.
    store::end_since(tx, cx, &user.id, change.created_at).await?;
    if has_happened {
        people::update_email(tx, cx, &user.id, &change.old_email).await?;
    }
    people::update_password(tx, cx, &user.id, None, PasswordHash::of_nobody().as_str()).await?;
    // A young second factor may be who asked's, and would keep the owner out.
    let in_doubt_since = change.created_at.plus(-FACTOR_IN_DOUBT_MS);
    let factor_is_gone = second_factor::remove_set_since(tx, cx, &user.id, in_doubt_since).await?;
    // So may a passkey, which would let in past the new password. Where somebody's work rests on them, whoever reads the old
    // address's mail must not be rid of those that were there before.
    if second_factor::rests_on_passkeys(tx, &user).await? {
        passkeys::remove_added_since(tx, cx, &user.id, in_doubt_since).await?;
    } else {
        passkeys::remove_all(tx, cx, &user.id).await?;
    }
    spend_all_links(tx, cx, &user.id).await?;
    sessions::end_other_sessions(tx, cx, &user.id, None).await?;
    forget_browsers(tx, cx, &user.id).await?;
    let (before, after) =
        (serde_json::json!({ "email": user.email }), serde_json::json!({ "email": change.old_email }));
    let act = "user.disown_email_change";
    audit::record(tx, cx, None, act, user.id.as_str(), Some(&before), Some(&after)).await?;
    if has_happened {
        tell::undone(tx, cx, master, &user).await?;
    }
    let Some(user) = people::find_user(tx, &cx.vendor_id, &user.id).await? else { return Ok(Disowning::Spent) };
    if factor_is_gone {
        second_factor::tell(tx, cx, master, &user, |sender| letters::factor_withdrawn(sender, cx.now)).await?;
    }
    let reset_secret = create_secret(tx, cx, &user, LinkPurpose::ResetPassword, RESET_LINK_MS).await?;
    Ok(Disowning::Disowned { reset_secret })
}

/// The change that this secret disowns, for the page that asks for it; `None` where there is nothing to disown.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_change_to_disown(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<EmailChange>, DbError> {
    let found = store::find_by_not_me_hash(tx, cx, &hash_of(secret)).await?;
    Ok(found.filter(|change| standing(change, cx.now) != Standing::Over))
}
