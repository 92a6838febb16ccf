//! Revocations: what verifiers reject although its signature and dates are good.
//!
//! A lease cannot be taken back once it is out; it can only be put on a list that verifiers read between
//! checks. The list of a vendor is small and public (`GET /api/v1/revocations`): an entry names a license,
//! an instance, a delegation or a signing key, and rejects whatever was issued for it up to a moment. It
//! drops out when nothing that it covers can still be valid. `seq` rises with every change, in the
//! transaction of the change, so that a verifier can tell an old list from a new one.

mod store;

use std::sync::Arc;

use sdk::revocations::{Revocation, RevocationKind, RevocationsClaims};

use crate::clock::{HOUR_MS, MAX_CLOCK_SKEW_MS, MINUTE_MS, SECOND_MS, UnixMs};
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
    /// All leases of an instance of this license.
    Instance(&'a LicenseId, &'a InstanceId),
    /// Everything that a signing key signed, by its `kid`.
    Key(&'a str),
}

impl Revoked<'_> {
    fn columns(&self) -> (Kind, &str) {
        match self {
            Self::License(id) => (Kind::License, id.as_str()),
            Self::Instance(_, id) => (Kind::Instance, id.as_str()),
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
/// How many instances of a license one act puts on the list one by one.
const MOST_OF_ONE_LICENSE: usize = 200;
/// The furthest that a lease is dated ahead: by as much as the clocks of two nodes may differ, and the second of an act.
pub(crate) const MOST_AHEAD_S: i64 = 2 * MAX_CLOCK_SKEW_MS / SECOND_MS + 1;

/// Rejects whatever was issued for `what` at `before` or earlier, until `last_exp`, the latest end of
/// anything that this covers. Where nothing can be valid any more, nothing is written; an entry that is
/// there already is only ever widened.
///
/// Who is given a lease after an act of the same second gets one that is dated after that second, so the next act rejects
/// what is dated as far ahead.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn revoke(tx: &mut Tx, cx: &Cx, what: Revoked<'_>, before: UnixMs, last_exp: UnixMs) -> Result<(), DbError> {
    if last_exp.plus(LEEWAY_MS) <= cx.now {
        return Ok(());
    }
    let latest = match what {
        Revoked::License(id) => store::find_latest_before(tx, &cx.vendor_id, id, this_second(cx)).await?,
        Revoked::Instance(license_id, id) => rejected_until(tx, cx, license_id, id).await?,
        // A key that is revoked signs nothing any more.
        Revoked::Key(_) => None,
    };
    let (kind, id) = what.columns();
    let before = before.max(last_dated(cx.now, latest));
    store::upsert_revocation(tx, &cx.vendor_id, kind, id, before, last_exp).await?;
    store::raise_seq(tx, &cx.vendor_id).await
}

/// Rejects what was issued until now to these instances of a license, each until the latest end of its leases. Where there are
/// more than [`MOST_OF_ONE_LICENSE`] one entry names the license, so that verifiers can still read the list: then its other
/// instances need a new lease too, which their next check brings.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn revoke_instances(
    tx: &mut Tx,
    cx: &Cx,
    license_id: &LicenseId,
    instances: &[(InstanceId, UnixMs)],
) -> Result<(), DbError> {
    let entries = entries(license_id, instances, cx.now);
    if entries.is_empty() {
        return Ok(());
    }
    // One look for all of them: who was not dated ahead loses nothing that the next check does not bring.
    let latest = store::find_latest_before(tx, &cx.vendor_id, license_id, this_second(cx)).await?;
    let before = last_dated(cx.now, latest);
    for (kind, id, last_exp) in entries {
        store::upsert_revocation(tx, &cx.vendor_id, kind, id, before, last_exp).await?;
    }
    store::raise_seq(tx, &cx.vendor_id).await
}

/// What the list says about these instances of a license, each with the latest end of its leases: the entries' kinds, ids and
/// ends.
fn entries<'a>(
    license_id: &'a LicenseId,
    instances: &'a [(InstanceId, UnixMs)],
    now: UnixMs,
) -> Vec<(Kind, &'a str, UnixMs)> {
    let in_use = || instances.iter().filter(move |(_, last_exp)| last_exp.plus(LEEWAY_MS) > now);
    if in_use().count() <= MOST_OF_ONE_LICENSE {
        return in_use().map(|(id, last_exp)| (Kind::Instance, id.as_str(), *last_exp)).collect();
    }
    let last_exp = in_use().map(|(_, last_exp)| *last_exp).max();
    last_exp.map(|last_exp| (Kind::License, license_id.as_str(), last_exp)).into_iter().collect()
}

/// The latest date that a lease may bear that was handed out until `now`, where `latest` is up to when the latest entry about
/// it rejects. No lease is dated after one that lies further ahead than clocks differ.
fn last_dated(now: UnixMs, latest: Option<UnixMs>) -> UnixMs {
    let ahead = latest.map(|latest| latest.seconds().saturating_add(1));
    ahead
        .filter(|ahead| *ahead - now.seconds() <= MOST_AHEAD_S)
        .map_or(now, |ahead| now.max(UnixMs::from_seconds(ahead)))
}

/// Tokens know whole seconds only.
fn this_second(cx: &Cx) -> UnixMs {
    UnixMs::from_seconds(cx.now.seconds())
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
    if none_rejects(tx, cx).await? {
        return Ok(None);
    }
    store::find_last_before(tx, &cx.vendor_id, license_id, instance_id, this_second(cx)).await
}

/// Whether nothing that is issued from now on is rejected, which is so but for the moments after something was revoked.
/// Answered from memory where there is one: every activation asks.
async fn none_rejects(tx: &mut Tx, cx: &Cx) -> Result<bool, DbError> {
    if !tx.has_memory() {
        return Ok(false);
    }
    let name = store::latest_of(&cx.vendor_id);
    let latest = match tx.recall::<UnixMs>(&name) {
        Some(latest) => *latest,
        None => {
            let latest = store::find_latest(tx, &cx.vendor_id).await?;
            tx.remember(name, Arc::new(latest));
            latest
        }
    };
    Ok(latest < this_second(cx))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Entropy;

    #[test]
    fn however_many_instances_an_act_rejects_the_list_stays_short() {
        let entropy = Entropy::seeded(1);
        let (license_id, now) = (entropy.id::<LicenseId>(), UnixMs(1_000_000));
        let of = |count: i64| -> Vec<(InstanceId, UnixMs)> {
            // The one before the first ended long ago, the others end one after the other.
            let ended = (entropy.id(), now.plus(-LEEWAY_MS));
            [ended].into_iter().chain((1..=count).map(|place| (entropy.id(), now.plus(place)))).collect()
        };
        let few = of(200);
        let each: Vec<_> = few[1..].iter().map(|(id, end)| (Kind::Instance, id.as_str(), *end)).collect();
        assert_eq!(entries(&license_id, &few, now), each);
        let many = of(20_000);
        assert_eq!(entries(&license_id, &many, now), [(Kind::License, license_id.as_str(), now.plus(20_000))]);
        assert!(entries(&license_id, &of(0), now).is_empty());

        let on_list = |(kind, id, _): &(Kind, &str, UnixMs)| Revocation {
            kind: on_the_wire(*kind),
            id: (*id).to_owned(),
            before: now.seconds(),
        };
        let bytes = serde_json::to_vec(&each.iter().map(on_list).collect::<Vec<_>>()).map_or(0, |list| list.len());
        assert!((1..sdk::jws::MAX_LIST_BYTES / 40).contains(&bytes), "{bytes}");
    }

    #[test]
    fn an_act_rejects_what_an_earlier_one_of_its_second_had_dated_ahead() {
        let now = UnixMs(1_000_600);
        for (latest_ms, before_ms) in [
            (None, 1_000_600),
            // Left over from an earlier second: nothing is dated after it any more.
            (Some(998_000), 1_000_600),
            (Some(1_000_000), 1_001_000),
            (Some(1_000_200), 1_001_000),
            (Some(1_001_000), 1_002_000),
            (Some(1_010_000), 1_011_000),
            // Time went back by more than clocks differ.
            (Some(1_011_000), 1_000_600),
            (Some(i64::MAX), 1_000_600),
        ] {
            assert_eq!(last_dated(now, latest_ms.map(UnixMs)), UnixMs(before_ms), "{latest_ms:?}");
        }
    }
}
