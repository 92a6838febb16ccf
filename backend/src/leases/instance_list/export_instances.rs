//! Instances as a table to take along, part by part: there may be more of them than fit into memory.

use super::{InstanceFilter, VendorInstance, VendorInstancePlace, search_vendor_instances};
use crate::accounts::{self, StaffAct};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::listing::TablePart;
use crate::text::en::moments;

/// Instances of one part.
const PART: i64 = 1_000;

const HEAD: [&str; 14] = [
    "instance",
    "kind",
    "identity",
    "device",
    "name",
    "status",
    "version",
    "is_live",
    "lease_until",
    "first_contact_at",
    "last_contact_at",
    "license",
    "plan",
    "customer",
];

/// The part of the table from `after` on, by identity; `None` for whoever may not see it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_instances(
    tx: &mut Tx,
    cx: &Cx,
    filter: &InstanceFilter,
    after: Option<&VendorInstancePlace>,
) -> Result<Option<TablePart<VendorInstancePlace>>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let rows = search_vendor_instances(tx, &cx.vendor_id, filter, cx.now, after, PART).await?;
    let is_last = i64::try_from(rows.len()).unwrap_or(PART) < PART;
    let next = rows.last().filter(|_| !is_last).map(VendorInstance::place);
    let head = if after.is_none() { csv::row(HEAD) } else { String::new() };
    Ok(Some(TablePart { text: rows.iter().fold(head, |text, it| text + &line(it)), next }))
}

fn line(it: &VendorInstance) -> String {
    let instance = &it.instance;
    csv::row([
        instance.id.to_string(),
        instance.kind.clone(),
        instance.identity.clone(),
        instance.device.clone(),
        instance.name.clone(),
        instance.status.as_str().to_owned(),
        instance.version.clone(),
        it.is_live.to_string(),
        if it.is_live { moments::rfc3339(instance.lease_exp) } else { String::new() },
        moments::rfc3339(instance.first_contact_at),
        moments::rfc3339(instance.last_contact_at),
        it.license_id.to_string(),
        format!("{}, {}", it.product_name, it.plan_name),
        it.company.clone(),
    ])
}
