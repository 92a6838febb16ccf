//! Creating a license with its key.

use sdk::license_key::{LicenseKey, RANDOM_BYTES};

use super::key_starts::StoredKey;
use super::{License, LicenseStatus, Overrides, VendorStanding, store};
use crate::catalog::Plan;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::{audit, events};

/// What a new license starts with.
#[derive(Clone, Debug)]
pub struct NewLicense<'a> {
    /// Who may run.
    pub account_id: &'a AccountId,
    /// Under which plan; its terms are copied.
    pub plan: &'a Plan,
    /// Seats.
    pub seats: i64,
    /// `Active`, or `Pending` until paid.
    pub status: LicenseStatus,
    /// First moment of validity.
    pub starts_at: UnixMs,
    /// First moment after it; `None` for ever.
    pub ends_at: Option<UnixMs>,
    /// Perpetual: end of updates.
    pub updates_until: Option<UnixMs>,
    /// The owner's name for it; may be empty.
    pub name: &'a str,
}

/// Creates a license and its key, which is sealed and looked up by keyed hash only.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn create_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    new: &NewLicense<'_>,
) -> Result<(License, LicenseKey), DbError> {
    let key = LicenseKey::from_random(cx.entropy.bytes::<RANDOM_BYTES>());
    let license = License {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: new.account_id.clone(),
        product_id: new.plan.product_id.clone(),
        plan_id: new.plan.id.clone(),
        plan_version: new.plan.version,
        name: new.name.to_owned(),
        key_hint: key.masked(),
        status: new.status,
        status_reason: String::new(),
        vendor_standing: VendorStanding::None,
        vendor_reason: String::new(),
        vendor_standing_at: None,
        kind: new.plan.kind,
        license_type: new.plan.license_type,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        updates_until: new.updates_until,
        trial_until: None,
        expired_at: None,
        renews: false,
        disputed_at: None,
        issued_reason: None,
        surge_opened_at: None,
        seats: new.seats,
        terms: new.plan.terms.clone(),
        plan_terms: new.plan.terms.clone(),
        overrides: Overrides::default(),
        created_at: cx.now,
    };
    store::insert_license(tx, &license, &StoredKey::of(master, &license.id, &key, &cx.entropy)).await?;

    let after = super::change_license::summary(&license);
    let about = events::About { account_id: Some(new.account_id), license_id: Some(&license.id), instance_id: None };
    events::record(tx, cx, "license.created", about, &after).await?;
    audit::record(tx, cx, Some(new.account_id), "license.create", license.id.as_str(), audit::NOTHING, Some(&after))
        .await?;
    Ok((license, key))
}
