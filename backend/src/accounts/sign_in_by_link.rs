//! Logging in by a mailed link, in place of the password. A second factor is asked for all the same.

use std::net::IpAddr;

use super::links::{LinkPurpose, find_link, spend_links, use_link};
use super::log_in::{LogInOutcome, forgive_attempts, let_in};
use super::prove_address::prove_address;
use super::rules::email_key;
use super::{User, store};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;

/// A link's secret, and who has it.
#[derive(Clone)]
pub struct SignInByLink {
    /// The link's `token`.
    pub secret: String,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSignIn {
    /// Begin a session.
    LoggedIn {
        /// Whose.
        user: User,
        /// Whether the address was proved by this for the first time: then the password from before is gone.
        is_first_proof: bool,
    },
    /// The second factor has to be shown: nobody is signed in yet.
    CodeNeeded(User),
    /// The link never existed, is older than a quarter of an hour, or was used.
    Spent,
}

/// Logs somebody in by the link of a mail. To be called on POST: mail scanners open links before people do. Of two at once,
/// one gets in.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn sign_in_by_link(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &SignInByLink,
) -> Result<LinkSignIn, DbError> {
    let Some(link) = use_link(tx, cx, LinkPurpose::SignIn, &request.secret).await? else {
        return Ok(LinkSignIn::Spent);
    };
    let Some(user) = store::find_user(tx, &cx.vendor_id, &link.user_id).await? else { return Ok(LinkSignIn::Spent) };
    let cx = &Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    spend_links(tx, cx, &user.id, LinkPurpose::SignIn).await?;
    let is_first_proof = prove_address(tx, cx, master, &user, &link.email_key).await?;
    forgive_attempts(tx, cx, master, &user.email, request.address).await?;
    let user = store::find_user(tx, &cx.vendor_id, &user.id).await?.unwrap_or(user);
    let by = serde_json::json!({ "first_step": "mailed_link" });
    Ok(match let_in(tx, cx, user, Some(&by)).await? {
        LogInOutcome::LoggedIn(user) => LinkSignIn::LoggedIn { user, is_first_proof },
        LogInOutcome::CodeNeeded(user) => LinkSignIn::CodeNeeded(user),
        LogInOutcome::Wrong | LogInOutcome::Limited { .. } => LinkSignIn::Spent,
    })
}

/// Whom a link logs in, for the page that it opens, which says so: the link may have been sent on by somebody who wants to
/// be taken for its reader. `None` where it is worth nothing. Changes nothing.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_sign_in_link(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<User>, DbError> {
    let link = find_link(tx, cx, LinkPurpose::SignIn, secret).await?;
    let Some(link) = link.filter(|link| link.used_at.is_none() && link.expires_at > cx.now) else { return Ok(None) };
    let user = store::find_user(tx, &cx.vendor_id, &link.user_id).await?;
    Ok(user.filter(|user| email_key(&user.email) == link.email_key))
}
