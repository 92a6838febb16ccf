//! The mail log in the database.

use super::{KEEP_MS, LoggedMail, MailFilter, MailPlace, MailState};
use crate::accounts::rules::email_key;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_optional};
use crate::ids::{JobId, UserId, VendorId};
use crate::licenses::search::anywhere;
use crate::mail::Mail;

/// Notes a mail that the job of this id sends.
pub(in crate::mail) async fn insert_mail(tx: &mut Tx, cx: &Cx, id: &JobId, mail: &Mail) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO mails (id, vendor_id, recipient, recipient_key, subject, created_at, caused_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        &cx.vendor_id,
        &mail.to,
        email_key(&mail.to),
        &mail.subject,
        cx.now,
        cx.actor.person()
    )?;
    Ok(())
}

/// The vendor's mails that pass the filter, newest first, at most `limit` of those after `after` in that order.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_mails(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &MailFilter,
    after: Option<&MailPlace>,
    limit: i64,
) -> Result<Vec<LoggedMail>, DbError> {
    let (before_at, before_id) = after.map_or((UnixMs(i64::MAX), ""), |place| (place.created_at, place.id.as_str()));
    // A job goes only when it is done.
    fetch_all!(
        tx,
        LoggedMail,
        "SELECT * FROM (
            SELECT m.id, m.recipient, m.subject, m.created_at,
                   CASE WHEN j.status = 'dead' THEN 'failed'
                        WHEN j.status IN ('waiting', 'running') AND j.last_error IS NULL THEN 'waiting'
                        WHEN j.status IN ('waiting', 'running') THEN 'retrying'
                        ELSE 'sent' END AS state,
                   COALESCE(j.attempts, 0) AS attempts, j.last_error,
                   COALESCE(m.sent_at, CASE WHEN j.status = 'done' THEN j.finished_at END) AS sent_at,
                   CASE WHEN j.status = 'waiting' THEN j.run_at END AS next_at
            FROM mails m LEFT JOIN jobs j ON j.id = m.id
            WHERE m.vendor_id = $1 AND ($3 = '%%' OR m.recipient_key LIKE $3 ESCAPE '!')
              AND (m.created_at < $4 OR m.created_at = $4 AND m.id < $5)) logged
         WHERE $2 = '' OR state = $2
         ORDER BY created_at DESC, id DESC LIMIT $6",
        vendor_id,
        filter.state.map_or("", MailState::as_str),
        anywhere(&filter.recipient),
        before_at,
        before_id,
        limit
    )
}

/// One mail of the vendor's.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_mail(tx: &mut Tx, vendor_id: &VendorId, id: &JobId) -> Result<Option<LoggedMail>, DbError> {
    fetch_optional!(
        tx,
        LoggedMail,
        "SELECT m.id, m.recipient, m.subject, m.created_at,
                CASE WHEN j.status = 'dead' THEN 'failed'
                     WHEN j.status IN ('waiting', 'running') AND j.last_error IS NULL THEN 'waiting'
                     WHEN j.status IN ('waiting', 'running') THEN 'retrying'
                     ELSE 'sent' END AS state,
                COALESCE(j.attempts, 0) AS attempts, j.last_error,
                COALESCE(m.sent_at, CASE WHEN j.status = 'done' THEN j.finished_at END) AS sent_at,
                CASE WHEN j.status = 'waiting' THEN j.run_at END AS next_at
         FROM mails m LEFT JOIN jobs j ON j.id = m.id
         WHERE m.vendor_id = $1 AND m.id = $2",
        vendor_id,
        id
    )
}

/// Keeps when mails were sent whose jobs were done before `before`: those are about to be forgotten. Of all vendors.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn keep_sent_times(tx: &mut Tx, before: UnixMs) -> Result<u64, DbError> {
    execute!(
        tx,
        "UPDATE mails SET sent_at = (SELECT j.finished_at FROM jobs j WHERE j.id = mails.id)
         WHERE sent_at IS NULL
           AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = mails.id AND j.status = 'done' AND j.finished_at < $1)",
        before
    )
}

/// Deletes what was kept long enough, of all vendors; answers how many rows.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_mails(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM mails WHERE created_at < $1", now.plus(-KEEP_MS))
}

/// Deletes what is known about mails to an address, for whoever asks to be forgotten; where somebody is named, only about
/// those that it caused. Answers how many rows.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn forget_recipient(
    tx: &mut Tx,
    vendor_id: &VendorId,
    address: &str,
    caused_by: Option<&UserId>,
) -> Result<u64, DbError> {
    execute!(
        tx,
        "DELETE FROM mails WHERE vendor_id = $1 AND recipient_key = $2 AND ($3 = '' OR caused_by = $3)",
        vendor_id,
        email_key(address),
        caused_by.map_or("", UserId::as_str)
    )
}
