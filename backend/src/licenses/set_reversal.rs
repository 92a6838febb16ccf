//! What became of the payment for a license: given back, lost in a dispute, or disputed. It is billing's word, kept
//! apart from the vendor's, and taken back when the refund fails or the dispute is won.

use super::change_license::edit_locked;
use super::rules::{REASON_DISPUTE_LOST, REASON_REFUNDED};
use super::{LicenseStatus, store};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;

/// Why a license is not paid for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// The money was paid back, or credited.
    Refunded,
    /// The bank took it back.
    DisputeLost,
}

impl Reversal {
    fn reason(self) -> &'static str {
        match self {
            Self::Refunded => REASON_REFUNDED,
            Self::DisputeLost => REASON_DISPUTE_LOST,
        }
    }
}

/// What became of the license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversalEffect {
    /// It was revoked just now.
    Revoked,
    /// It is in force again just now, as far as payment goes; a subscription says the rest.
    Restored,
    /// It stays as it was.
    None,
}

/// Revokes a license whose payment was given back, or takes that revocation back. That it has ended makes no difference,
/// or it would matter which of the two is heard of first. What the vendor decided stays as it is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_reversal(
    tx: &mut Tx,
    cx: &Cx,
    id: &LicenseId,
    reversal: Option<Reversal>,
) -> Result<ReversalEffect, DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(ReversalEffect::None) };
    let license = view.license;
    let is_reversed = license.status == LicenseStatus::Revoked
        && matches!(license.status_reason.as_str(), REASON_REFUNDED | REASON_DISPUTE_LOST);
    let (status, reason, act, event, effect) = match reversal {
        Some(reversal) => {
            let effect = if is_reversed { ReversalEffect::None } else { ReversalEffect::Revoked };
            (LicenseStatus::Revoked, reversal.reason(), "license.revoke", "license.revoked", effect)
        }
        None if is_reversed => {
            (LicenseStatus::Active, "", "license.restore", "license.changed", ReversalEffect::Restored)
        }
        None => return Ok(ReversalEffect::None),
    };
    edit_locked(tx, cx, license, act, event, |license| {
        license.status = status;
        reason.clone_into(&mut license.status_reason);
    })
    .await?;
    Ok(effect)
}

/// Sets since when a payment for a license is disputed; `None` when nothing is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_dispute(tx: &mut Tx, cx: &Cx, id: &LicenseId, since: Option<UnixMs>) -> Result<(), DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, id).await? else { return Ok(()) };
    if view.license.disputed_at.is_some() == since.is_some() {
        return Ok(());
    }
    let act = if since.is_some() { "license.freeze" } else { "license.unfreeze" };
    edit_locked(tx, cx, view.license, act, "license.changed", |license| license.disputed_at = since).await
}
