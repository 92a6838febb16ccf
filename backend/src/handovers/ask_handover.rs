//! Asking to hand a license over.

use serde_json::json;

use super::find_handover::find_obstacle;
use super::rules::{self, Obstacle};
use super::{Handover, HandoverStatus, store, tell};
use crate::accounts::rules::{check_email, email_key};
use crate::accounts::{Act, Limit, RateVerdict, StaffAct, hit, may_act, staff_may_act};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{HandoverId, LicenseId};
use crate::keys::MasterKey;
use crate::licenses;
use crate::{audit, events};

/// What is asked.
#[derive(Clone, Debug)]
pub struct AskHandover {
    /// The license.
    pub license_id: LicenseId,
    /// Address of an owner of the account that shall have it.
    pub email: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It was asked, whoever has the address.
    Done(HandoverId),
    /// What was typed is no address.
    NoAddress,
    /// It is the address of whoever asks.
    OwnAddress,
    /// The license cannot be handed over.
    Obstacle(Obstacle),
    /// A request for this license waits already.
    AskedBefore,
    /// Too many requests; seconds to wait.
    Limited(i64),
    /// The vendor has no such license, or whoever acts may not hand it over.
    NotFound,
}

/// Asks to hand a license over. An owner of its account agrees by asking; where staff ask, the giver has to agree as well.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn ask_handover(tx: &mut Tx, cx: &Cx, master: &MasterKey, request: &AskHandover) -> Result<Asked, DbError> {
    let id = &request.license_id;
    let Some(view) = licenses::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(Asked::NotFound) };
    let from = &view.license.account_id;
    let by_owner = matches!(cx.actor, Actor::User(_)) && may_act(tx, cx, from, Act::TransferLicenses).await?;
    if !by_owner && !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(Asked::NotFound);
    }
    let Ok(email) = check_email(&request.email) else { return Ok(Asked::NoAddress) };
    if by_owner && tell::is_address_of_actor(tx, cx, &email).await? {
        return Ok(Asked::OwnAddress);
    }
    if let Some(obstacle) = find_obstacle(tx, cx, &view.license).await? {
        return Ok(Asked::Obstacle(obstacle));
    }
    store::close_overdue(tx, cx, id).await?;
    if store::find_asked(tx, &cx.vendor_id, id).await?.is_some() {
        return Ok(Asked::AskedBefore);
    }
    // Each request is a mail to an address that somebody has typed.
    if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, Limit::HandoverAccount, from.as_str()).await? {
        return Ok(Asked::Limited(retry_after_s));
    }
    let actor = cx.actor.person().cloned();
    let handover = Handover {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        license_id: id.clone(),
        from_account_id: from.clone(),
        to_email_key: email_key(&email),
        to_email: email,
        by_staff: !by_owner,
        status: HandoverStatus::Asked,
        asked_by: actor.clone(),
        given_by: actor.filter(|_| by_owner),
        given_at: by_owner.then_some(cx.now),
        taken_by: None,
        taken_at: None,
        to_account_id: None,
        created_at: cx.now,
        expires_at: rules::expires_at(cx.now),
        ended_at: None,
    };
    if !store::insert(tx, &handover).await? {
        return Ok(Asked::AskedBefore);
    }
    let after = json!({ "handover_id": handover.id, "to": handover.to_email, "by_staff": handover.by_staff });
    let about = events::About { account_id: Some(from), license_id: Some(id), instance_id: None };
    events::record(tx, cx, "license.handover_asked", about, &json!({ "handover_id": handover.id })).await?;
    audit::record(tx, cx, Some(from), "license.ask_handover", id.as_str(), audit::NOTHING, Some(&after)).await?;
    tell::asked(tx, cx, master, &handover, &view).await?;
    Ok(Asked::Done(handover.id))
}
