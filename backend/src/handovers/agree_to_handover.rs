//! Agreeing to a handover; with the last agreement the license goes over.

use serde_json::json;

use super::find_handover::{find_obstacle, side_of};
use super::rules::{self, Obstacle};
use super::{Handover, HandoverStatus, Side, store, tell};
use crate::accounts::{Act, may_act};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, HandoverId};
use crate::keys::MasterKey;
use crate::licenses::{self, License, LicenseView};
use crate::{audit, events, leases};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Both have agreed: the license has gone over.
    Done,
    /// The other side has to agree still.
    Waits,
    /// It waits for nobody any more: declined, withdrawn, overdue, or done.
    Over(HandoverStatus),
    /// The receiver has to confirm the e-mail address first.
    Unconfirmed,
    /// The license is the account's already.
    OwnAccount,
    /// The license cannot be handed over any more.
    Obstacle(Obstacle),
    /// There is no such handover, or whoever acts has no say in it.
    NotFound,
}

/// Agrees for the side on which the one who acts is; the receiver names the account that takes the license.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn agree_to_handover(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    id: &HandoverId,
    account_id: &AccountId,
) -> Result<Agreement, DbError> {
    let Some((mut handover, view)) = open(tx, cx, id).await? else { return Ok(Agreement::NotFound) };
    let (Some((side, is_confirmed)), Some(user_id)) = (side_of(tx, cx, &handover).await?, cx.actor.person()) else {
        return Ok(Agreement::NotFound);
    };
    if side == Side::Receiver && !may_act(tx, cx, account_id, Act::TransferLicenses).await? {
        return Ok(Agreement::NotFound);
    }
    let status = rules::status(&handover, cx.now);
    if status != HandoverStatus::Asked {
        return Ok(Agreement::Over(status));
    }
    if side == Side::Receiver && !is_confirmed {
        return Ok(Agreement::Unconfirmed);
    }
    if side == Side::Receiver && *account_id == handover.from_account_id {
        return Ok(Agreement::OwnAccount);
    }
    if let Some(obstacle) = find_obstacle(tx, cx, &view.license).await? {
        return Ok(Agreement::Obstacle(obstacle));
    }
    match side {
        Side::Giver => (handover.given_by, handover.given_at) = (Some(user_id.clone()), Some(cx.now)),
        Side::Receiver => {
            (handover.taken_by, handover.taken_at) = (Some(user_id.clone()), Some(cx.now));
            handover.to_account_id = Some(account_id.clone());
        }
    }
    let agreeing = if side == Side::Giver { &handover.from_account_id } else { account_id };
    let after = json!({ "handover_id": handover.id });
    let object = handover.license_id.as_str();
    audit::record(tx, cx, Some(agreeing), "license.agree_handover", object, audit::NOTHING, Some(&after)).await?;
    if !rules::is_agreed(&handover) {
        store::update(tx, &handover).await?;
        return Ok(Agreement::Waits);
    }
    (handover.status, handover.ended_at) = (HandoverStatus::Done, Some(cx.now));
    store::update(tx, &handover).await?;
    let Some(to) = handover.to_account_id.clone() else { return Ok(Agreement::NotFound) };
    go_over(tx, cx, master, &handover, &view.license, &to).await?;
    tell::done(tx, cx, master, &handover, &view).await?;
    Ok(Agreement::Done)
}

/// A handover and its license, both locked, the license first: in the order of all acts on it.
pub(super) async fn open(tx: &mut Tx, cx: &Cx, id: &HandoverId) -> Result<Option<(Handover, LicenseView)>, DbError> {
    let Some(found) = store::find(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let Some(view) = licenses::lock_license(tx, &cx.vendor_id, &found.license_id).await? else { return Ok(None) };
    let handover = store::lock(tx, &cx.vendor_id, id).await?;
    Ok(handover.map(|handover| (handover, view)))
}

/// Ends what runs for the giver, changes the key, and writes whose the license is, with a row for each side.
async fn go_over(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    handover: &Handover,
    license: &License,
    to: &AccountId,
) -> Result<(), DbError> {
    leases::end_for_handover(tx, cx, license).await?;
    licenses::give_to(tx, cx, master, license, to).await?;
    // Who agreed on the other side is nobody's business: the rows of both name no person.
    let neutral = Cx { actor: Actor::Job("handovers.go_over"), address: None, ..cx.clone() };
    let data = json!({ "handover_id": handover.id });
    let sides = [
        (&license.account_id, "license.hand_over", "license.handed_over"),
        (to, "license.take_over", "license.taken_over"),
    ];
    for (account_id, act, event) in sides {
        let about = events::About { account_id: Some(account_id), license_id: Some(&license.id), instance_id: None };
        events::record(tx, &neutral, event, about, &data).await?;
        let object = license.id.as_str();
        audit::record(tx, &neutral, Some(account_id), act, object, audit::NOTHING, Some(&data)).await?;
    }
    Ok(())
}
