use crate::cx::Cx;
use crate::db::{DbError, Tx, execute};
use crate::ids::{AccountId, AuditId};

pub(super) async fn insert_row(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
    act: &str,
    object_id: &str,
    before: Option<String>,
    after: Option<String>,
) -> Result<(), DbError> {
    let (actor_kind, actor_id) = cx.actor.as_columns();
    execute!(
        tx,
        "INSERT INTO audit (id, vendor_id, account_id, actor_kind, actor_id, act, object_id, before, after,
                            request_id, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        cx.id::<AuditId>(),
        &cx.vendor_id,
        account_id,
        actor_kind,
        &actor_id,
        act,
        object_id,
        before.as_deref(),
        after.as_deref(),
        cx.request_id.as_deref(),
        cx.now
    )?;
    Ok(())
}
