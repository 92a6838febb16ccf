//! Revocations: what verifiers reject although its signature and dates are good.
//!
//! A lease cannot be taken back once it is out; it can only be put on a list that verifiers read between
//! checks. The list of a vendor is small and public (`GET /api/v1/revocations`): an entry names a license,
//! an instance, a delegation or a signing key, and rejects whatever was issued for it up to a moment. It
//! drops out when nothing that it covers can still be valid. `seq` rises with every change, in the
//! transaction of the change, so that a verifier can tell an old list from a new one.

mod store;

use sdk::revocations::{Revocation, RevocationKind, RevocationsClaims};

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx, text_enum};
use crate::ids::{InstanceId, LicenseId, VendorId};
use crate::keys::{MasterKey, active_signing_key};
use crate::vendors::Vendor;

text_enum! {
    /// What an entry names.
    Kind {
        /// All leases of a license.
        License = "license",
        /// All leases of an instance.
        Instance = "instance",
        /// A delegation to a local license server, and all leases under it.
        Delegation = "delegation",
        /// Everything that a signing key signed.
        Key = "key",
    }
}

/// What is revoked.
#[derive(Clone, Copy, Debug)]
pub enum Revoked<'a> {
    /// All leases of a license.
    License(&'a LicenseId),
    /// All leases of an instance.
    Instance(&'a InstanceId),
    /// Everything that a signing key signed, by its `kid`.
    Key(&'a str),
}

impl Revoked<'_> {
    fn columns(&self) -> (Kind, &str) {
        match self {
            Self::License(id) => (Kind::License, id.as_str()),
            Self::Instance(id) => (Kind::Instance, id.as_str()),
            Self::Key(kid) => (Kind::Key, kid),
        }
    }
}

/// Verifiers allow for clocks that are off by this much, so an entry outlives what it covers by as much.
const LEEWAY_MS: i64 = sdk::lease::LEEWAY_S * SECOND_MS;
/// How long a published list is good for. Verifiers that see an older one know that something keeps the
/// newer from them.
pub const LIST_LIFE_MS: i64 = HOUR_MS;
/// Lists published within this time are equal to the byte, so that caches may keep them.
const SAME_LIST_MS: i64 = MINUTE_MS;

/// Rejects whatever was issued for `what` at `before` or earlier, until `last_exp`, the latest end of
/// anything that this covers. Where nothing can be valid any more, nothing is written; an entry that is
/// there already is only ever widened.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke(tx: &mut Tx, cx: &Cx, what: Revoked<'_>, before: UnixMs, last_exp: UnixMs) -> Result<(), DbError> {
    if last_exp.plus(LEEWAY_MS) <= cx.now {
        return Ok(());
    }
    let (kind, id) = what.columns();
    store::upsert_revocation(tx, &cx.vendor_id, kind, id, before, last_exp).await?;
    store::raise_seq(tx, &cx.vendor_id).await
}

/// Takes an entry back: what it covered is good again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn withdraw(tx: &mut Tx, cx: &Cx, what: Revoked<'_>) -> Result<(), DbError> {
    let (kind, id) = what.columns();
    if store::delete_revocation(tx, &cx.vendor_id, kind, id).await? {
        store::raise_seq(tx, &cx.vendor_id).await?;
    }
    Ok(())
}

/// Up to when what was issued to an instance is rejected, by an entry of its own or of its license, where that is now or
/// later: in the second of the act itself, or by the clock of a node that is ahead.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn rejected_until(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
    instance_id: &InstanceId,
) -> Result<Option<UnixMs>, DbError> {
    // Tokens know whole seconds only.
    let this_second = UnixMs::from_seconds(cx.now.seconds());
    store::find_last_before(tx, &cx.vendor_id, license_id, instance_id, this_second).await
}

/// The vendor's list at `now`, signed with its active key; `None` when it has no key that signs.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn signed_revocations(
    tx: &mut Tx,
    master: &MasterKey,
    vendor: &Vendor,
    now: UnixMs,
) -> Result<Option<String>, DbError> {
    let Some(signer) = active_signing_key(tx, master, &vendor.id).await? else { return Ok(None) };
    // In this order: a list is never older than the number it bears.
    let seq = store::find_seq(tx, &vendor.id).await?;
    let entries = store::list_revocations(tx, &vendor.id, now.plus(-LEEWAY_MS)).await?;
    let iat = UnixMs(now.0.div_euclid(SAME_LIST_MS) * SAME_LIST_MS);
    let claims = RevocationsClaims {
        iss: vendor.origin.clone(),
        seq,
        iat: iat.seconds(),
        exp: iat.plus(LIST_LIFE_MS).seconds(),
        rev: entries
            .into_iter()
            .map(|entry| Revocation {
                kind: on_the_wire(entry.kind),
                id: entry.object_id,
                before: entry.before_at.seconds(),
            })
            .collect(),
    };
    Ok(Some(sdk::revocations::sign(&claims, &signer.key, &signer.kid)))
}

/// Deletes the entries of a vendor that cover nothing any more; answers how many. The published list does
/// not show them anyway, so its number stays.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_spent(tx: &mut Tx, vendor_id: &VendorId, now: UnixMs) -> Result<u64, DbError> {
    store::delete_spent(tx, vendor_id, now.plus(-LEEWAY_MS)).await
}

fn on_the_wire(kind: Kind) -> RevocationKind {
    match kind {
        Kind::License => RevocationKind::License,
        Kind::Instance => RevocationKind::Instance,
        Kind::Delegation => RevocationKind::Delegation,
        Kind::Key => RevocationKind::Key,
    }
}
