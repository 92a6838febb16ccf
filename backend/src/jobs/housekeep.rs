//! Throwing away what nobody needs any more.

use super::rules::KEEP_DONE_MS;
use super::store;
use crate::accounts::email_change::delete_old_email_changes;
use crate::accounts::factor_resets::delete_old_factor_resets;
use crate::accounts::{delete_expired_sessions, delete_old_browsers, delete_old_challenges, delete_old_rate_limits};
use crate::claims::delete_old_claims;
use crate::clock::UnixMs;
use crate::db::{Db, DbError};
use crate::mail::log::{delete_old_mails, keep_sent_times};

/// Deletes ended sessions, browsers long unseen, closed rate-limit windows, challenges that nobody answered, claims,
/// changes of address and resets of second factors long over, jobs done long ago and old rows of the mail log, of all vendors. Workers do this every hour; doing it twice does no harm.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn housekeep(db: &Db, now: UnixMs) -> Result<(), DbError> {
    let sessions = db.write(move |tx| Box::pin(async move { delete_expired_sessions(tx, now).await })).await?;
    let browsers = db.write(move |tx| Box::pin(async move { delete_old_browsers(tx, now).await })).await?;
    let limits = db.write(move |tx| Box::pin(async move { delete_old_rate_limits(tx, now).await })).await?;
    let challenges = db.write(move |tx| Box::pin(async move { delete_old_challenges(tx, now).await })).await?;
    let claims = db.write(move |tx| Box::pin(async move { delete_old_claims(tx, now).await })).await?;
    let jobs = db.write(move |tx| {
        Box::pin(async move {
            let before = now.plus(-KEEP_DONE_MS);
            keep_sent_times(tx, before).await?;
            store::delete_finished(tx, before).await
        })
    });
    let jobs = jobs.await?;
    let mails = db.write(move |tx| Box::pin(async move { delete_old_mails(tx, now).await })).await?;
    let changes = db.write(move |tx| Box::pin(async move { delete_old_email_changes(tx, now).await })).await?;
    let resets = db.write(move |tx| Box::pin(async move { delete_old_factor_resets(tx, now).await })).await?;
    tracing::debug!(sessions, browsers, limits, challenges, claims, changes, resets, jobs, mails, "housekeeping");
    Ok(())
}
