//! Replacing a license's key. Running instances are not touched: they have secrets of their own.

use sdk::license_key::{LicenseKey, RANDOM_BYTES};
use serde_json::json;

use super::key_starts::StoredKey;
use super::{License, LicenseView, key_store, rules, store};
use crate::accounts::{self, Act, Role, may_act};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::license_mail as letters;
use crate::{audit, events};

/// What became of it.
#[derive(Clone, Debug)]
pub enum KeyReplacement {
    /// The license has a new key.
    Replaced {
        /// The new key.
        key: LicenseKey,
        /// From then on the old one is refused.
        old_works_until: UnixMs,
    },
    /// The overlap is not 0 to [`rules::OVERLAP_MAX_DAYS`] days; nothing was changed.
    OverlapOutOfRange,
    /// The vendor has no such license.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Gives a license a new key. The old one goes on working for `overlap_days` and is then refused for ever;
/// older ones keep the ends that they have. The account's owners are told by mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn replace_key(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license_id: &LicenseId,
    overlap_days: i64,
) -> Result<KeyReplacement, DbError> {
    let Some(view) = store::lock_license(tx, &cx.vendor_id, license_id).await? else {
        return Ok(KeyReplacement::NotFound);
    };
    if !may_act(tx, cx, &view.license.account_id, Act::ReplaceKeys).await? {
        return Ok(KeyReplacement::NotAllowed);
    }
    if !(0..=rules::OVERLAP_MAX_DAYS).contains(&overlap_days) {
        return Ok(KeyReplacement::OverlapOutOfRange);
    }
    let old_works_until = cx.now.plus(overlap_days * DAY_MS);
    let key = LicenseKey::from_random(cx.entropy.bytes::<RANDOM_BYTES>());
    let stored = StoredKey::of(master, license_id, &key, &cx.entropy);
    let replaced = License { key_hint: key.masked(), ..view.license.clone() };
    key_store::replace_key(tx, &replaced, &stored, cx.now, old_works_until).await?;
    record(tx, cx, &view.license, &replaced, old_works_until).await?;
    tell_owners(tx, cx, master, &view, old_works_until).await?;
    Ok(KeyReplacement::Replaced { key, old_works_until })
}

/// Gives a license to another account, under another key: whoever had the old one, or one from before, has nothing any more,
/// and the name that the old owner gave it is gone. The caller holds its lock and records the act.
pub(crate) async fn give_to(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license: &License,
    to: &AccountId,
) -> Result<(), DbError> {
    let key = LicenseKey::from_random(cx.entropy.bytes::<RANDOM_BYTES>());
    let stored = StoredKey::of(master, &license.id, &key, &cx.entropy);
    let given = License { account_id: to.clone(), key_hint: key.masked(), ..license.clone() };
    key_store::replace_key(tx, &given, &stored, cx.now, cx.now).await?;
    key_store::end_old_keys(tx, &given, cx.now).await?;
    store::update_owner(tx, &given).await
}

async fn record(tx: &mut Tx, cx: &Cx, before: &License, after: &License, until: UnixMs) -> Result<(), DbError> {
    let until = until.timestamp().to_string();
    let data = json!({ "key": after.key_hint, "old_key": before.key_hint, "old_works_until": until });
    let account_id = Some(&before.account_id);
    let about = events::About { account_id, license_id: Some(&before.id), instance_id: None };
    events::record(tx, cx, "license.key_replaced", about, &data).await?;
    let was = json!({ "key": before.key_hint });
    audit::record(tx, cx, account_id, "license.replace_key", before.id.as_str(), Some(&was), Some(&data)).await
}

async fn tell_owners(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    view: &LicenseView,
    old_works_until: UnixMs,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}#key", sender.origin, view.license.id);
    for (user, _) in accounts::list_members(tx, &cx.vendor_id, &view.license.account_id)
        .await?
        .into_iter()
        .filter(|(_, role)| *role == Role::Owner)
    {
        let letter = letters::key_replaced(&sender, view, cx.now, old_works_until, &page);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(())
}
