//! Moving a license to what its plan gives today. A change of the catalog never does this by itself: whoever has a plan
//! keeps what was sold, and the vendor's staff move licenses that shall have the new version.

use super::{handlers, prepare_change, store};
use crate::accounts::{Role, StaffAct, list_members, staff_may_act};
use crate::catalog::{self, BillingInterval, Plan, PriceRole};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::leases;
use crate::licenses::{self, LicenseView, PlanChange};
use crate::mail::{self, Sender};
use crate::money::Currency;
use crate::text::en::plan_versions as letters;

/// What a license has, and what it gets.
#[derive(Clone, Debug)]
pub struct VersionMove {
    /// The license.
    pub view: LicenseView,
    /// Its plan with its add-ons and packs, as it was sold.
    pub from: Plan,
    /// The same as it is sold today.
    pub to: Plan,
    /// Seats afterwards.
    pub seats: i64,
}

/// Why a license is not moved; nothing was changed.
#[derive(Clone, Debug, PartialEq)]
pub enum MoveRefusal {
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
    /// It has today's version.
    UpToDate,
    /// The plan was changed once more since the move was looked at.
    ChangedMeanwhile,
    /// More seats are taken than there would be.
    SeatsInUse {
        /// How many there would be.
        seats: i64,
        /// How many are taken.
        held: i64,
        /// Who holds them.
        holders: leases::Holders,
    },
    /// More is in use than the new limits allow.
    LimitsInUse(Vec<sdk::wire::OverLimit>),
}

/// What moving a license would change, or why it cannot be moved.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn preview_move(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
) -> Result<Result<VersionMove, MoveRefusal>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(Err(MoveRefusal::NotAllowed));
    }
    match licenses::find_license(tx, &cx.vendor_id, license_id).await? {
        Some(view) => find_move(tx, cx, view).await,
        None => Ok(Err(MoveRefusal::NotFound)),
    }
}

/// Moves a license to version `agreed` of its plan, if that is today's: limits, features, policies and included seats.
/// Its price stays, and so does what the vendor overrode. Its owners are told by mail, and instances at their next check.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn move_to_version(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license_id: &LicenseId,
    agreed: i64,
) -> Result<Result<VersionMove, MoveRefusal>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(Err(MoveRefusal::NotAllowed));
    }
    let Some(view) = licenses::lock_license(tx, &cx.vendor_id, license_id).await? else {
        return Ok(Err(MoveRefusal::NotFound));
    };
    let found = match find_move(tx, cx, view).await? {
        Ok(found) if found.to.version == agreed => found,
        Ok(_) => return Ok(Err(MoveRefusal::ChangedMeanwhile)),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let ends_at = found.view.license.ends_at;
    let change = PlanChange { plan: &found.to, seats: found.seats, ends_at };
    licenses::apply_plan(tx, cx, license_id, &change).await?;
    // The subscription's row counts seats as well.
    if let Some(row) = store::find_subscription_of_license(tx, &cx.vendor_id, license_id).await? {
        handlers::enqueue_projection_of(tx, cx, master, &row.stripe_subscription_id, cx.now).await?;
    }
    tell_owners(tx, cx, master, &found).await?;
    Ok(Ok(found))
}

async fn find_move(tx: &mut Tx, cx: &Cx, view: LicenseView) -> Result<Result<VersionMove, MoveRefusal>, DbError> {
    let license = &view.license;
    let from = catalog::find_plan_version(tx, &cx.vendor_id, &license.sold_as()).await?;
    let to = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await?;
    let (Some(from), Some(to)) = (from, to) else { return Ok(Err(MoveRefusal::NotFound)) };
    if from.version == to.version {
        return Ok(Err(MoveRefusal::UpToDate));
    }
    let by_the_seat = to.prices.iter().any(|price| price.role == PriceRole::Unit);
    let seats = if by_the_seat { license.seats } else { license.seats - from.included_seats + to.included_seats };
    let seats = seats.max(to.included_seats);
    if seats < license.seats {
        let held = leases::count_seats(tx, &license.id, license.license_type, cx.now).await?;
        if held > seats {
            let holders = leases::list_holders(tx, &cx.vendor_id, &license.id, cx.now, None).await?;
            return Ok(Err(MoveRefusal::SeatsInUse { seats, held, holders }));
        }
    }
    // How it is paid says nothing about what it gives.
    let mut composition = license.composition(BillingInterval::Once, Currency::NONE);
    let from = from.as_bought(&composition);
    composition.seats = seats;
    let to = to.as_bought(&composition);
    let lowered = prepare_change::limits_in_use(tx, cx, &view, &to.terms).await?;
    if !lowered.is_empty() {
        return Ok(Err(MoveRefusal::LimitsInUse(lowered)));
    }
    Ok(Ok(VersionMove { view, from, to, seats }))
}

async fn tell_owners(tx: &mut Tx, cx: &Cx, master: &MasterKey, moved: &VersionMove) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let license = &moved.view.license;
    let page = format!("{}/licenses/{}", sender.origin, license.id);
    for (user, role) in list_members(tx, &cx.vendor_id, &license.account_id).await? {
        if role == Role::Owner {
            let letter = letters::moved(&sender, moved, &page);
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
        }
    }
    Ok(())
}
