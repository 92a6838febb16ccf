//! What an invitation's link offers, for the page that it opens. Opening it changes nothing, because mail scanners open
//! links before people do.

use super::ground::find_ground;
use super::rules::{Standing, standing};
use super::secret::hash_of;
use super::{Invitation, store};
use crate::accounts::{User, store as people};
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// An invitation that can be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The invitation.
    pub invitation: Invitation,
    /// The company; `None` where it is to the vendor's staff.
    pub company: Option<String>,
    /// Who invites, where it was a person that is still known.
    pub inviter: Option<User>,
    /// Whether somebody signs in with the address already.
    pub is_registered: bool,
}

/// The offer of the link with this secret; `None` when the link is worth nothing, whatever the reason.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_offer(tx: &mut Tx, cx: &Cx, secret: &str) -> Result<Option<Offer>, DbError> {
    let found = store::find_by_token(tx, &cx.vendor_id, &hash_of(secret)).await?;
    let Some(invitation) = found.filter(|found| standing(found, cx.now) == Standing::Open) else { return Ok(None) };
    let Some(ground) = find_ground(tx, cx, &invitation.position).await? else { return Ok(None) };
    let inviter = match &invitation.invited_by {
        Some(id) => people::find_user(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    let is_registered = people::find_user_by_email(tx, &cx.vendor_id, &invitation.email).await?.is_some();
    Ok(Some(Offer { company: ground.company().map(str::to_owned), inviter, is_registered, invitation }))
}
