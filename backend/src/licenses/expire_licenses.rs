//! Recording that licenses have run out. Nothing waits for it: a license grants nothing from its end on,
//! whether that was recorded or not.

use super::change_license::edit_locked;
use super::{rules, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// Records the end of at most `limit` of the acting vendor's licenses whose window has run out, one
/// `license.expired` each; answers how many. A license that is extended later can run out anew.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn expire_licenses(tx: &mut Tx, cx: &Cx, limit: i64) -> Result<usize, DbError> {
    let mut expired = 0;
    for id in store::list_to_expire(tx, &cx.vendor_id, cx.now, limit).await? {
        let Some(view) = store::lock_license(tx, &cx.vendor_id, &id).await? else { continue };
        // It may have been extended, or recorded by another node, while its lock was waited for.
        if !rules::has_run_out(&view.license, cx.now) {
            continue;
        }
        edit_locked(tx, cx, view.license, "license.expire", "license.expired", |license| {
            license.expired_at = Some(cx.now);
        })
        .await?;
        expired += 1;
    }
    Ok(expired)
}
