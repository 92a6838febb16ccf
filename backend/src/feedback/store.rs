//! Feedback and the consent to be asked for it in the database.

use super::{Feedback, ListedFeedback, Place, Summary, rules};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, ConversationId, FeedbackId, UserId, VendorId};

/// Since when somebody agrees to be asked; `None` for whoever does not.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_consent(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<Option<UnixMs>, DbError> {
    let row = fetch_optional!(
        tx,
        (UnixMs,),
        "SELECT consented_at FROM feedback_consents WHERE vendor_id = $1 AND user_id = $2",
        vendor_id,
        user_id
    )?;
    Ok(row.map(|(at,)| at))
}

/// Whether somebody agrees to be asked, locked until the transaction ends: nobody takes it back meanwhile.
pub(super) async fn lock_consent(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<bool, DbError> {
    let locked = execute!(
        tx,
        "UPDATE feedback_consents SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND user_id = $2",
        vendor_id,
        user_id
    )?;
    Ok(locked == 1)
}

/// `true` where it is new.
pub(super) async fn insert_consent(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO feedback_consents (vendor_id, user_id, consented_at) VALUES ($1, $2, $3)
         ON CONFLICT (vendor_id, user_id) DO NOTHING",
        &cx.vendor_id,
        user_id,
        cx.now
    )?;
    Ok(inserted == 1)
}

/// `true` where there was one.
pub(super) async fn delete_consent(tx: &mut Tx, vendor_id: &VendorId, user_id: &UserId) -> Result<bool, DbError> {
    let deleted =
        execute!(tx, "DELETE FROM feedback_consents WHERE vendor_id = $1 AND user_id = $2", vendor_id, user_id)?;
    Ok(deleted == 1)
}

/// Owners who agree to be asked, of accounts that were not asked yet and whose first purchase lies after `paid.0` and not
/// after `paid.1`; from a place on.
pub(super) async fn list_to_ask(
    tx: &mut Tx,
    vendor_id: &VendorId,
    paid: (UnixMs, UnixMs),
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<(AccountId, UserId)>, DbError> {
    fetch_all!(
        tx,
        (AccountId, UserId),
        "SELECT m.account_id, m.user_id FROM feedback_consents c
         JOIN memberships m ON m.vendor_id = c.vendor_id AND m.user_id = c.user_id AND m.role = 'owner'
         WHERE c.vendor_id = $1
           AND NOT EXISTS (SELECT 1 FROM feedback_asks f WHERE f.vendor_id = m.vendor_id AND f.account_id = m.account_id)
           AND (SELECT MIN(o.paid_at) FROM orders o
                WHERE o.vendor_id = m.vendor_id AND o.account_id = m.account_id AND o.status = 'paid') > $2
           AND (SELECT MIN(o.paid_at) FROM orders o
                WHERE o.vendor_id = m.vendor_id AND o.account_id = m.account_id AND o.status = 'paid') <= $3
           AND (m.account_id > $4 OR m.account_id = $4 AND m.user_id > $5)
         ORDER BY m.account_id, m.user_id LIMIT $6",
        vendor_id,
        paid.0,
        paid.1,
        after.0,
        after.1,
        limit
    )
}

/// Notes that an account is asked; `false` where it was already.
pub(super) async fn insert_ask(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO feedback_asks (vendor_id, account_id, user_id, asked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (vendor_id, account_id) DO NOTHING",
        &cx.vendor_id,
        account_id,
        user_id,
        cx.now
    )?;
    Ok(inserted == 1)
}

/// Writes what was said, unless the person has given an answer to the same question already: then `false`.
pub(super) async fn insert_feedback(tx: &mut Tx, vendor_id: &VendorId, it: &Feedback) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO feedback (id, vendor_id, account_id, user_id, occasion, license_id, score, reason, comment,
             may_contact, may_quote, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (account_id, user_id) WHERE occasion = 'month' DO NOTHING",
        &it.id,
        vendor_id,
        &it.account_id,
        &it.user_id,
        it.occasion,
        it.license_id.as_ref(),
        it.score,
        &it.reason,
        &it.comment,
        it.may_contact,
        it.may_quote,
        it.given_at
    )?;
    Ok(inserted == 1)
}

pub(super) async fn update_feedback(tx: &mut Tx, vendor_id: &VendorId, it: &Feedback) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE feedback SET score = $3, comment = $4, may_contact = $5, may_quote = $6, given_at = $7
         WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        &it.id,
        it.score,
        &it.comment,
        it.may_contact,
        it.may_quote,
        it.given_at
    )?;
    Ok(())
}

/// What somebody answered for an account a month after its first purchase.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_given(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<Option<Feedback>, DbError> {
    fetch_optional!(
        tx,
        Feedback,
        "SELECT * FROM feedback WHERE vendor_id = $1 AND account_id = $2 AND user_id = $3 AND occasion = 'month'",
        vendor_id,
        account_id,
        user_id
    )
}

/// The same, locked until the transaction ends.
pub(super) async fn lock_given(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<Option<Feedback>, DbError> {
    fetch_optional!(
        tx,
        Feedback,
        "UPDATE feedback SET lock_no = lock_no + 1
         WHERE vendor_id = $1 AND account_id = $2 AND user_id = $3 AND occasion = 'month' RETURNING *",
        vendor_id,
        account_id,
        user_id
    )
}

pub(super) async fn set_conversation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &FeedbackId,
    conversation_id: &ConversationId,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE feedback SET conversation_id = $3 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        conversation_id
    )?;
    Ok(())
}

/// What the vendor's customers said, newest first, from a place on: for the vendor's staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_feedback(
    tx: &mut Tx,
    vendor_id: &VendorId,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ListedFeedback>, DbError> {
    let (at, id) = after.map_or((UnixMs(i64::MAX), ""), |place| (place.given_at, place.id.as_str()));
    fetch_all!(
        tx,
        ListedFeedback,
        "SELECT f.*, a.company, u.name AS user_name, u.email AS user_email
         FROM feedback f
         JOIN accounts a ON a.vendor_id = f.vendor_id AND a.id = f.account_id
         JOIN users u ON u.vendor_id = f.vendor_id AND u.id = f.user_id
         WHERE f.vendor_id = $1 AND (f.given_at < $2 OR f.given_at = $2 AND f.id < $3)
         ORDER BY f.given_at DESC, f.id DESC LIMIT $4",
        vendor_id,
        at,
        id,
        limit
    )
}

/// What all of the vendor's feedback comes to.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn summarize(tx: &mut Tx, vendor_id: &VendorId) -> Result<Summary, DbError> {
    let (scores, sum, cancellations): (i64, i64, i64) = fetch_one!(
        tx,
        (i64, i64, i64),
        "SELECT CAST(COUNT(score) AS BIGINT), CAST(COALESCE(SUM(score), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE occasion WHEN 'cancel' THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM feedback WHERE vendor_id = $1",
        vendor_id
    )?;
    Ok(Summary { scores, average_tenths: rules::average_tenths(sum, scores), cancellations })
}
