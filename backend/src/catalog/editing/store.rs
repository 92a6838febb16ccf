//! What is asked about licenses when a plan is changed.

use crate::db::{DbError, Tx, fetch_one};
use crate::ids::{PlanId, VendorId};

/// How many licenses are of a version of a plan and not over for good.
pub(super) async fn count_licenses_of_version(
    tx: &mut Tx,
    vendor_id: &VendorId,
    plan_id: &PlanId,
    version: i64,
) -> Result<i64, DbError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses
         WHERE vendor_id = $1 AND plan_id = $2 AND plan_version = $3
           AND status NOT IN ('ended', 'revoked') AND vendor_standing <> 'revoked'",
        vendor_id,
        plan_id,
        version
    )?;
    Ok(count)
}
