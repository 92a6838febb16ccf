use super::Passkey;
use super::rules::{NewCredential, Signed};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{PasskeyId, UserId, VendorId};

/// A passkey as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct PasskeyRow {
    pub(super) id: PasskeyId,
    pub(super) user_id: UserId,
    pub(super) credential_id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) backed_up: bool,
    pub(super) name: String,
    pub(super) created_at: UnixMs,
    last_used_at: Option<UnixMs>,
}

impl PasskeyRow {
    pub(super) fn passkey(self) -> Passkey {
        let Self { id, name, backed_up, created_at, last_used_at, .. } = self;
        Passkey { id, name, backed_up, created_at, last_used_at }
    }
}

pub(super) async fn list_rows(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Vec<PasskeyRow>, DbError> {
    fetch_all!(
        tx,
        PasskeyRow,
        "SELECT id, user_id, credential_id, public_key, backed_up, name, created_at, last_used_at FROM passkeys
         WHERE vendor_id = $1 AND user_id = $2 ORDER BY created_at, id",
        &cx.vendor_id,
        user_id
    )
}

pub(super) async fn has_any(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<bool, DbError> {
    let found = fetch_optional!(
        tx,
        (PasskeyId,),
        "SELECT id FROM passkeys WHERE vendor_id = $1 AND user_id = $2 LIMIT 1",
        vendor_id,
        user_id
    )?;
    Ok(found.is_some())
}

pub(super) async fn find_by_credential(
    tx: &mut Tx,
    cx: &Cx,
    credential_id: &[u8],
) -> Result<Option<PasskeyRow>, DbError> {
    fetch_optional!(
        tx,
        PasskeyRow,
        "SELECT id, user_id, credential_id, public_key, backed_up, name, created_at, last_used_at FROM passkeys
         WHERE vendor_id = $1 AND credential_id = $2",
        &cx.vendor_id,
        credential_id
    )
}

/// Keeps a passkey; `false` where somebody has this credential already.
pub(super) async fn insert_passkey(
    tx: &mut Tx,
    cx: &Cx,
    id: &PasskeyId,
    user_id: &UserId,
    name: &str,
    credential: &NewCredential,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO passkeys (id, vendor_id, user_id, credential_id, public_key, sign_count, backed_up, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (vendor_id, credential_id) DO NOTHING",
        id,
        &cx.vendor_id,
        user_id,
        &credential.id,
        &credential.public_key,
        credential.sign_count,
        credential.backed_up,
        name,
        cx.now
    )?;
    Ok(inserted == 1)
}

/// Notes that a passkey was used; `false` where its counter has not risen, though it counts. Of two uses that say the same,
/// one is noted.
pub(super) async fn update_use(tx: &mut Tx, cx: &Cx, id: &PasskeyId, signed: Signed) -> Result<bool, DbError> {
    let noted = execute!(
        tx,
        "UPDATE passkeys SET sign_count = $3, backed_up = $4, last_used_at = $5
         WHERE vendor_id = $1 AND id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))",
        &cx.vendor_id,
        id,
        signed.sign_count,
        signed.backed_up,
        cx.now
    )?;
    Ok(noted == 1)
}

/// Locks all passkeys of a user until the transaction ends.
pub(in crate::accounts) async fn lock_all(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE passkeys SET sign_count = sign_count WHERE vendor_id = $1 AND user_id = $2",
        &cx.vendor_id,
        user_id
    )?;
    Ok(())
}

/// Calls a passkey of the user's otherwise, and answers how it was called before; `None` where the user has no such one.
pub(super) async fn update_name(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    id: &PasskeyId,
    name: &str,
) -> Result<Option<String>, DbError> {
    let found = fetch_optional!(
        tx,
        (String,),
        "SELECT name FROM passkeys WHERE vendor_id = $1 AND user_id = $2 AND id = $3",
        &cx.vendor_id,
        user_id,
        id
    )?;
    let Some((before,)) = found else { return Ok(None) };
    let updated = execute!(
        tx,
        "UPDATE passkeys SET name = $4 WHERE vendor_id = $1 AND user_id = $2 AND id = $3",
        &cx.vendor_id,
        user_id,
        id,
        name
    )?;
    Ok((updated == 1).then_some(before))
}

/// Takes a passkey of the user's away, and answers how it was called; `None` where the user has no such one.
pub(super) async fn delete_passkey(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    id: &PasskeyId,
) -> Result<Option<String>, DbError> {
    let deleted = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM passkeys WHERE vendor_id = $1 AND user_id = $2 AND id = $3 RETURNING name",
        &cx.vendor_id,
        user_id,
        id
    )?;
    Ok(deleted.map(|(name,)| name))
}

pub(super) async fn insert_challenge(
    tx: &mut Tx,
    cx: &Cx,
    challenge_hash: &[u8],
    expires_at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO passkey_challenges (challenge_hash, vendor_id, expires_at) VALUES ($1, $2, $3)",
        challenge_hash,
        &cx.vendor_id,
        expires_at
    )?;
    Ok(())
}

/// Uses a challenge up; `false` where there is none that is still good. Of two at once, one gets it.
pub(super) async fn use_challenge(tx: &mut Tx, cx: &Cx, challenge_hash: &[u8]) -> Result<bool, DbError> {
    let used = execute!(
        tx,
        "DELETE FROM passkey_challenges WHERE vendor_id = $1 AND challenge_hash = $2 AND expires_at > $3",
        &cx.vendor_id,
        challenge_hash,
        cx.now
    )?;
    Ok(used == 1)
}

/// Deletes the challenges of all vendors that nobody answered in time; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_challenges(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM passkey_challenges WHERE expires_at <= $1", now)
}
