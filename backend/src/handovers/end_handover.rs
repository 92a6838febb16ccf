//! Ending a handover that nobody has completed: the giver or staff withdraw it, either side declines it.

use serde_json::json;

use super::agree_to_handover::open;
use super::find_handover::side_of;
use super::{HandoverStatus, Side, rules, store, tell};
use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::HandoverId;
use crate::keys::MasterKey;
use crate::{audit, events};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is over, and the license stays where it is.
    Ended(HandoverStatus),
    /// It was over before.
    Over(HandoverStatus),
    /// There is no such handover, or whoever acts has no say in it.
    NotFound,
}

/// Ends a handover. Who asked for it withdraws it, and so does any owner of the giver who has agreed; others decline it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn end_handover(tx: &mut Tx, cx: &Cx, master: &MasterKey, id: &HandoverId) -> Result<Ending, DbError> {
    let Some((mut handover, view)) = open(tx, cx, id).await? else { return Ok(Ending::NotFound) };
    let side = side_of(tx, cx, &handover).await?.map(|(side, _)| side);
    if side.is_none() && !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(Ending::NotFound);
    }
    // Whoever has no side acts for the vendor, whatever else the person belongs to: customers are not told who.
    let cx = &match (side, cx.actor.person()) {
        (None, Some(person)) => Cx { actor: Actor::Staff(person.clone()), ..cx.clone() },
        _ => cx.clone(),
    };
    let status = rules::status(&handover, cx.now);
    if status != HandoverStatus::Asked {
        return Ok(Ending::Over(status));
    }
    handover.status = match side {
        Some(Side::Receiver) => HandoverStatus::Declined,
        Some(Side::Giver) if handover.given_at.is_none() => HandoverStatus::Declined,
        Some(Side::Giver) | None => HandoverStatus::Withdrawn,
    };
    handover.ended_at = Some(cx.now);
    store::update(tx, &handover).await?;
    let (from, license_id) = (&handover.from_account_id, &handover.license_id);
    let after = json!({ "handover_id": handover.id, "status": handover.status });
    let about = events::About { account_id: Some(from), license_id: Some(license_id), instance_id: None };
    events::record(tx, cx, "license.handover_ended", about, &after).await?;
    // The giver is told that it was declined, not by whom.
    let neutral = Cx { actor: Actor::Job("handovers.end"), address: None, ..cx.clone() };
    let recorded_as = if side == Some(Side::Receiver) { &neutral } else { cx };
    let object = license_id.as_str();
    audit::record(tx, recorded_as, Some(from), "license.end_handover", object, audit::NOTHING, Some(&after)).await?;
    tell::ended(tx, cx, master, &handover, &view, side).await?;
    Ok(Ending::Ended(handover.status))
}
