//! Looking at a handover, and at what stands in its way.

use super::rules::{self, Obstacle, Payments};
use super::{Handover, Side, store};
use crate::accounts::{self, Account, Act, may_act};
use crate::billing;
use crate::clock::DAY_MS;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{HandoverId, LicenseId};
use crate::licenses::{self, License, LicenseView};

/// For how long Stripe's page may still bring the agreement to a renewal.
const CHECKOUT_LIFE_MS: i64 = DAY_MS;

/// A handover as one of its two sides sees it.
#[derive(Clone, Debug)]
pub struct HandoverView {
    /// The handover.
    pub handover: Handover,
    /// The license.
    pub view: LicenseView,
    /// Who gives it.
    pub giver: Account,
    /// Which side looks.
    pub side: Side,
    /// Whether the address of whoever looks is confirmed; nothing is given to one that is not.
    pub is_confirmed: bool,
}

/// A handover for whoever owns the giving account, or signs in with the receiver's address; for others it does not exist.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_handover(tx: &mut Tx, cx: &Cx, id: &HandoverId) -> Result<Option<HandoverView>, DbError> {
    let Some(handover) = store::find(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let Some((side, is_confirmed)) = side_of(tx, cx, &handover).await? else { return Ok(None) };
    let Some(view) = licenses::find_license(tx, &cx.vendor_id, &handover.license_id).await? else { return Ok(None) };
    let giver = accounts::find_account(tx, &cx.vendor_id, &handover.from_account_id).await?;
    Ok(giver.map(|giver| HandoverView { handover, view, giver, side, is_confirmed }))
}

/// Which side of a handover the one who acts is on, and whether the person's address is confirmed. An owner of the giver
/// who has the receiver's address as well is the receiver, unless the giver has to agree still.
pub(super) async fn side_of(tx: &mut Tx, cx: &Cx, handover: &Handover) -> Result<Option<(Side, bool)>, DbError> {
    let Some(user_id) = cx.actor.person() else { return Ok(None) };
    let Some(user) = accounts::find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(None) };
    let is_confirmed = user.email_verified_at.is_some();
    let owns = may_act(tx, cx, &handover.from_account_id, Act::TransferLicenses).await?;
    let is_named = accounts::rules::email_key(&user.email) == handover.to_email_key;
    Ok(match (owns, is_named) {
        (true, true) if handover.given_at.is_none() => Some((Side::Giver, is_confirmed)),
        (_, true) => Some((Side::Receiver, is_confirmed)),
        (true, false) => Some((Side::Giver, is_confirmed)),
        (false, false) => None,
    })
}

/// The handover of a license that waits for an agreement, if any.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_open_handover(tx: &mut Tx, cx: &Cx, license_id: &LicenseId) -> Result<Option<Handover>, DbError> {
    let found = store::find_asked(tx, &cx.vendor_id, license_id).await?;
    Ok(found.filter(|handover| handover.expires_at > cx.now))
}

/// What stands in the way of handing a license over, if anything.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_obstacle(tx: &mut Tx, cx: &Cx, license: &License) -> Result<Option<Obstacle>, DbError> {
    let subscription = billing::find_subscription_of_license(tx, &cx.vendor_id, &license.id).await?;
    let payments = Payments {
        subscribed: subscription.is_some_and(|it| it.ended_at.is_none()),
        renews: store::renews(tx, &cx.vendor_id, &license.id, cx.now.plus(-CHECKOUT_LIFE_MS)).await?,
        open_order: store::has_open_order(tx, &cx.vendor_id, &license.id).await?,
    };
    Ok(rules::obstacle(license, payments, cx.now))
}
