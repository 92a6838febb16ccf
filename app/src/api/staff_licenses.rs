//! The forms of the vendor's console about licenses and signing keys. Who may is asked by the use cases.

use backend::accounts::StaffAct;
use backend::billing::{self, SubscriptionEnd};
use backend::cx::Cx;
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::{InstanceId, LicenseId};
use backend::keys::{self, KeyRevocation, KeyRotation, MasterKey};
use backend::leases::{self, Acted};
use backend::licenses::overrides_text::{self, LineFault, Part};
use backend::licenses::rules::by_hand as by_hand_rules;
use backend::licenses::{self, LicenseOverride, OverrideFault, VendorDecision};
use backend::text::en::{by_hand, console_licenses as text};
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_and_repeat, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form that gives a license other limits and features than its plan.
pub const OVERRIDES: &str = "override-license";
/// The form that revokes a license.
pub const REVOKE: &str = "revoke-license";
/// The form that ends a subscription at once.
pub const END_NOW: &str = "end-subscription";
const KEYS: &str = "/staff/signing-keys";

/// Suspends a license.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "suspend-license")]
pub async fn suspend_license(
    /// The license.
    license_id: String,
    /// Why, for colleagues.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    decide(&license_id, "license_suspended", move |tx, cx, master, id| {
        let reason = reason.clone();
        Box::pin(async move { licenses::suspend_license(tx, cx, master, id, &reason).await })
    })
    .await
}

/// Takes a suspension back.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "reinstate-license")]
pub async fn reinstate_license(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    decide(&license_id, "license_reinstated", |tx, cx, master, id| {
        Box::pin(async move { licenses::reinstate_license(tx, cx, master, id).await })
    })
    .await
}

/// Revokes a license for good, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "revoke-license")]
pub async fn revoke_license(
    /// The license.
    license_id: String,
    /// Why, for colleagues.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    if !may_weigh(StaffAct::ManageLicenses, Refused::new(REVOKE).value("reason", &reason), &standing(&license_id))
        .await?
    {
        return Ok(());
    }
    decide(&license_id, "license_revoked", move |tx, cx, master, id| {
        let reason = reason.clone();
        Box::pin(async move { licenses::revoke_license(tx, cx, master, id, &reason).await })
    })
    .await
}

/// The part of a license's page that says whether it works.
fn standing(license_id: &str) -> String {
    local_path(&format!("/staff/licenses/{license_id}#standing"))
}

/// Whether somebody who may do this has typed the password lately. Where not, it is asked for, and what was typed waits for
/// `page`, which says that nothing has happened yet: the gravest acts are done by whoever has just shown to be the person of
/// the session.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
async fn may_weigh(act: StaffAct, typed: Refused, page: &str) -> Result<bool, FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, act).await?;
    let is_fresh = fresh_authentication(&visit).await?.is_some();
    if !is_fresh {
        typed.go_back(&confirm_and_repeat(&visit, page).await?).await;
    }
    Ok(is_fresh)
}

async fn decide<F>(license_id: &str, done: &str, work: F) -> Result<(), FormFailure>
where
    F: for<'t> Fn(&'t mut Tx, &'t Cx, &'t MasterKey, &'t LicenseId) -> TxFuture<'t, VendorDecision, DbError>
        + Send
        + Sync
        + 'static,
{
    let visit = Visit::here();
    let (cx, master, id) = (visit.staff_cx(), visit.state.master.clone(), LicenseId::from_untrusted(license_id));
    let decided = visit.state.db.write(move |tx| Box::pin(async move { work(tx, &cx, &master, &id).await })).await?;
    match decided {
        VendorDecision::Done(_) => say_done(done).await,
        VendorDecision::Unchanged | VendorDecision::Revoked => say_done("nothing_changed").await,
        VendorDecision::NotFound | VendorDecision::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&standing(license_id));
    Ok(())
}

/// Ends the subscription of a license at once, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where there is no subscription.
#[server(prefix = "/act", endpoint = "end-subscription")]
pub async fn end_subscription(
    /// The license.
    license_id: String,
    /// Why, for colleagues.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let page = standing(&license_id);
    if !may_weigh(StaffAct::ManageLicenses, Refused::new(END_NOW).value("reason", &reason), &page).await? {
        return Ok(());
    }
    let visit = Visit::here();
    let id = LicenseId::from_untrusted(&license_id);
    let ended = billing::end_subscription(&visit.state.commerce(), &visit.staff_cx(), &id, &reason).await;
    match ended {
        Ok(SubscriptionEnd::Ended) => say_done("subscription_ended").await,
        Ok(SubscriptionEnd::Over) => say_done("nothing_changed").await,
        Ok(SubscriptionEnd::NotFound | SubscriptionEnd::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    redirect(&page);
    Ok(())
}

/// Gives a license other limits and features than its plan has.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "override-license")]
pub async fn override_license(
    /// The license.
    license_id: String,
    /// Limits, one a line.
    #[server(default)]
    limits: String,
    /// Features, one a line.
    #[server(default)]
    features: String,
    /// Why, for colleagues.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = format!("/staff/licenses/{license_id}#overrides-card");
    let refused =
        Refused::new(OVERRIDES).value("limits", &limits).value("features", &features).value("reason", &reason);
    let overrides = match overrides_text::read(&limits, &features) {
        Ok(overrides) => overrides,
        Err((part, fault)) => {
            let field = if part == Part::Limits { "limits" } else { "features" };
            Fault::Line(fault).of(refused, field).go_back(&page).await;
            return Ok(());
        }
    };
    let (cx, master, id) = (visit.staff_cx(), visit.state.master.clone(), LicenseId::from_untrusted(&license_id));
    let set = visit.state.db.write(move |tx| {
        Box::pin(async move { licenses::override_license(tx, &cx, &master, &id, &overrides, &reason).await })
    });
    match set.await? {
        LicenseOverride::Set => {
            say_done("license_overridden").await;
            redirect(&page);
        }
        LicenseOverride::Refused(fault) => Fault::Override(fault).of(refused, "").go_back(&page).await,
        LicenseOverride::NoReason => Fault::NoReason.of(refused, "reason").go_back(&page).await,
        LicenseOverride::NotFound | LicenseOverride::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Why an override is refused, as a code that waits in the session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    Line(LineFault),
    Override(OverrideFault),
    NoReason,
}

impl Fault {
    fn of(&self, refused: Refused, field: &str) -> Refused {
        refused.problem(field, &serde_json::to_string(self).unwrap_or_default())
    }
}

/// The sentences of a refused override.
#[must_use]
pub fn override_errors(refused: &Refused) -> Vec<FieldError> {
    let sentence = |fault: Fault| match fault {
        Fault::Line(fault) => text::line_fault(&fault),
        Fault::Override(fault) => text::override_fault(&fault),
        Fault::NoReason => by_hand::fault(by_hand_rules::Fault::NoReason),
    };
    let known = |(field, code): &(String, String)| {
        Some(FieldError::new(field.clone(), sentence(serde_json::from_str(code).ok()?)))
    };
    refused.problems.iter().filter_map(known).collect()
}

/// Revokes the lease that an instance holds; its next check gets a new one.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "revoke-lease")]
pub async fn revoke_lease(
    /// The license, whose page is gone back to.
    license_id: String,
    /// The instance.
    instance_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.staff_cx(), InstanceId::from_untrusted(&instance_id));
    let acted =
        visit.state.db.write(move |tx| Box::pin(async move { leases::revoke_lease(tx, &cx, &id).await })).await?;
    match acted {
        Acted::Done { .. } => say_done("lease_revoked").await,
        Acted::Unchanged => say_done("nothing_changed").await,
        Acted::NotFound => return Err(FormFailure::not_allowed()),
    }
    redirect(&format!("/staff/licenses/{license_id}#instances"));
    Ok(())
}

/// Lets the next signing key sign, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where there is no key to go on with.
#[server(prefix = "/act", endpoint = "rotate-signing-key")]
pub async fn rotate_signing_key() -> Result<(), FormFailure> {
    if !may_weigh(StaffAct::ManageKeys, Refused::new("rotate-signing-key"), KEYS).await? {
        return Ok(());
    }
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let rotated =
        visit.state.db.write(move |tx| Box::pin(async move { keys::rotate_signing_key(tx, &cx, &master).await }));
    match rotated.await? {
        KeyRotation::Rotated { .. } => say_done("signing_key_rotated").await,
        KeyRotation::NotAllowed => return Err(FormFailure::not_allowed()),
        KeyRotation::NotReady => return Err(FormFailure::failed(&"there is no signing key to go on with")),
    }
    redirect(KEYS);
    Ok(())
}

/// Drops a signing key, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, for unknown keys, and where there is no key to go on with.
#[server(prefix = "/act", endpoint = "revoke-signing-key")]
pub async fn revoke_signing_key(
    /// The key's id.
    kid: String,
) -> Result<(), FormFailure> {
    if !may_weigh(StaffAct::ManageKeys, Refused::new("revoke-signing-key"), KEYS).await? {
        return Ok(());
    }
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let revoked =
        visit.state.db.write(move |tx| Box::pin(async move { keys::revoke_signing_key(tx, &cx, &master, &kid).await }));
    match revoked.await? {
        KeyRevocation::Revoked { .. } => say_done("signing_key_revoked").await,
        KeyRevocation::AlreadyRevoked => say_done("nothing_changed").await,
        KeyRevocation::NotFound | KeyRevocation::NotAllowed => return Err(FormFailure::not_allowed()),
        KeyRevocation::NotReady => return Err(FormFailure::failed(&"there is no signing key to go on with")),
    }
    redirect(KEYS);
    Ok(())
}
