//! Sending an invitation once more.

use super::ground::{find_ground, may_manage};
use super::invite::{InvitationSent, is_proven, limit};
use super::rules::{INVITATION_MS, Standing, standing};
use super::secret::new_secret;
use super::{Invitation, store, tell};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::InvitationId;
use crate::keys::MasterKey;

/// Mails an invitation again, with a new secret: the link in the mail before works no more. One that nobody answered in
/// time becomes good again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resend_invitation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &InvitationId,
) -> Result<InvitationSent, DbError> {
    let Some(known) = store::find_invitation(tx, &cx.vendor_id, id).await? else {
        return Ok(InvitationSent::NotAllowed);
    };
    if !may_manage(tx, cx, known.position.account_id()).await? {
        return Ok(InvitationSent::NotAllowed);
    }
    if !is_proven(tx, cx, known.position.account_id()).await? {
        return Ok(InvitationSent::Unconfirmed);
    }
    let locked = store::lock_invitation(tx, &cx.vendor_id, id).await?;
    let Some(invitation) = locked.filter(|locked| standing(locked, cx.now) != Standing::Over) else {
        return Ok(InvitationSent::Gone);
    };
    if let Some(retry_after_s) = limit(tx, cx, master, invitation.position.account_id(), &invitation.email).await? {
        return Ok(InvitationSent::Limited { retry_after_s });
    }
    let Some(ground) = find_ground(tx, cx, &invitation.position).await? else {
        return Ok(InvitationSent::NotAllowed);
    };
    let (secret, hash) = new_secret(cx);
    let renewed = Invitation { sent_at: cx.now, expires_at: cx.now.plus(INVITATION_MS), ..invitation };
    store::renew_invitation(tx, cx, id, &hash, renewed.expires_at).await?;
    let after = serde_json::json!({ "email": renewed.email, "expires_at": renewed.expires_at });
    audit::record(tx, cx, ground.account_id(), "invitation.resend", id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell::invited(tx, cx, master, &ground, &renewed, &secret).await?;
    Ok(InvitationSent::Sent(renewed))
}
