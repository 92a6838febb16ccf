//! What a conversation is about.

use super::AboutKind;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, Id, InstanceId, InvoiceId, LicenseId, OrderId, VendorId};
use crate::text::en::overview;
use crate::{invoices, leases, licenses, orders};

/// Something of an account that can be written about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What kind of thing it is.
    pub kind: AboutKind,
    /// Its id; empty for nothing.
    pub id: String,
    /// What people call it; empty for nothing.
    pub name: String,
    /// The license that it is, or belongs to.
    pub license_id: Option<LicenseId>,
}

impl About {
    /// Nothing in particular.
    #[must_use]
    pub fn nothing() -> Self {
        Self { kind: AboutKind::Nothing, id: String::new(), name: String::new(), license_id: None }
    }
}

/// The license, instance, invoice or order with this id, if it is the account's; nothing in particular where `id` is empty.
/// Who may see it is asked by the caller.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_about(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &str,
) -> Result<Option<About>, DbError> {
    if id.is_empty() {
        return Ok(Some(About::nothing()));
    }
    // No id of ours has other characters, and PostgreSQL takes no NUL.
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    Ok(match id.split_once('_').map(|(prefix, _)| prefix) {
        Some(LicenseId::PREFIX) => {
            let found = find_license(tx, vendor_id, account_id, &LicenseId::from_untrusted(id)).await?;
            found.map(|name| About {
                kind: AboutKind::License,
                id: id.to_owned(),
                name,
                license_id: Some(LicenseId::from_untrusted(id)),
            })
        }
        Some(InstanceId::PREFIX) => find_instance(tx, vendor_id, account_id, id).await?,
        Some(InvoiceId::PREFIX) => {
            let found = invoices::find_invoice(tx, vendor_id, account_id, &InvoiceId::from_untrusted(id)).await?;
            found.map(|invoice| About {
                kind: AboutKind::Invoice,
                id: id.to_owned(),
                name: invoice.number,
                license_id: invoice.license_id,
            })
        }
        Some(OrderId::PREFIX) => {
            let found = orders::find_order(tx, vendor_id, &OrderId::from_untrusted(id)).await?;
            found.filter(|order| order.account_id == *account_id).map(|order| About {
                kind: AboutKind::Order,
                id: id.to_owned(),
                name: id.to_owned(),
                license_id: order.license_id,
            })
        }
        _ => None,
    })
}

/// What the account calls its license.
async fn find_license(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &LicenseId,
) -> Result<Option<String>, DbError> {
    let found = licenses::find_license(tx, vendor_id, id).await?.filter(|view| view.license.account_id == *account_id);
    Ok(found.map(|view| overview::license_name(&view.license.name, &view.product_name, &view.plan_name)))
}

async fn find_instance(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &str,
) -> Result<Option<About>, DbError> {
    let found = leases::find_instance(tx, vendor_id, &InstanceId::from_untrusted(id)).await?;
    let Some(instance) = found else { return Ok(None) };
    if find_license(tx, vendor_id, account_id, &instance.license_id).await?.is_none() {
        return Ok(None);
    }
    let name = if instance.name.is_empty() { instance.identity().id } else { instance.name };
    Ok(Some(About { kind: AboutKind::Instance, id: id.to_owned(), name, license_id: Some(instance.license_id) }))
}
