//! Seats that ran out: a dead node's, a silent machine's. The interval that it held is closed and told once, by the
//! sweep or by whoever meets it first.

use serde_json::json;

use super::opening::{Opened, about, find_and_lock};
use super::{Instance, store};
use crate::catalog::LicenseType;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::events;
use crate::licenses::LicenseView;

/// Closes up to `limit` intervals whose seat ran out, of the acting vendor; answers how many.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn close_lapsed(tx: &mut Tx, cx: &Cx, limit: i64) -> Result<usize, DbError> {
    // In the order of license ids, so that two sweeps never wait for each other's locks.
    let due = store::list_lapsed(tx, &cx.vendor_id, cx.now, limit).await?;
    let mut closed = 0;
    for (_, id) in due {
        let Some(Opened { view, mut instance }) = find_and_lock(tx, cx, &id).await? else { continue };
        closed += usize::from(close_if_lapsed(tx, cx, &view, &mut instance).await?);
    }
    Ok(closed)
}

/// Closes the interval of an instance whose seat ran out; answers whether it did. The license is locked.
pub(super) async fn close_if_lapsed(
    tx: &mut Tx,
    cx: &Cx,
    view: &LicenseView,
    instance: &mut Instance,
) -> Result<bool, DbError> {
    if !instance.interval_open || instance.holds_seat(cx.now) {
        return Ok(false);
    }
    let floating = view.license.license_type == LicenseType::Floating || instance.surge;
    let (event_type, reason) =
        if floating { ("lease.expired", "expired") } else { ("instance.reclaimed", "reclaimed") };
    instance.interval_open = false;
    store::note_closed(tx, cx, &instance.id).await?;
    store::close_lease(tx, &instance.id, instance.held_until, reason, false).await?;
    let data = json!({
        "identity": instance.identity(),
        "version": instance.version,
        "held_until": instance.held_until.timestamp().to_string(),
    });
    events::record(tx, cx, event_type, about(view, Some(&instance.id)), &data).await?;
    Ok(true)
}
