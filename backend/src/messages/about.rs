//! What a conversation is about.

use super::AboutKind;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, Id, InstanceId, InvoiceId, LicenseId, OrderId, RelationId, VendorId};
use crate::text::en::overview;
use crate::{accounts, invoices, leases, licenses, orders, partners};

/// Something that an account can write about: its own, or a license of a partner's client.
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
    /// Whose license that is, where it is not the account's.
    pub client: Option<AboutClient>,
}

/// Whose license something is about that another account writes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AboutClient {
    /// The account that has it.
    pub account_id: AccountId,
    /// Its company.
    pub company: String,
    /// The relation with the partner that writes, while it lasts.
    pub relation_id: Option<RelationId>,
}

impl About {
    /// Nothing in particular.
    #[must_use]
    pub fn nothing() -> Self {
        Self { kind: AboutKind::Nothing, id: String::new(), name: String::new(), license_id: None, client: None }
    }
}

/// Who looks at what a conversation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// The account: its own, and its clients' licenses while it is their partner.
    Account,
    /// The vendor's staff: every license and instance that was written about, whoever has it by now.
    Staff,
}

/// The vendor and the account of a conversation, and who looks at it.
#[derive(Clone, Copy)]
struct Place<'a> {
    vendor_id: &'a VendorId,
    account_id: &'a AccountId,
    sight: Sight,
}

/// The license, instance, invoice or order with this id, if it is the account's, or the license of a client whose partner it
/// is now; nothing in particular where `id` is empty. Who may see it is asked by the caller.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_about(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &str,
) -> Result<Option<About>, DbError> {
    find(tx, Place { vendor_id, account_id, sight: Sight::Account }, id).await
}

/// The same for the vendor's staff: a license and its instances are found whoever has it by now.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(super) async fn find_about_for_staff(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    id: &str,
) -> Result<Option<About>, DbError> {
    find(tx, Place { vendor_id, account_id, sight: Sight::Staff }, id).await
}

async fn find(tx: &mut Tx, place: Place<'_>, id: &str) -> Result<Option<About>, DbError> {
    if id.is_empty() {
        return Ok(Some(About::nothing()));
    }
    // No id of ours has other characters, and PostgreSQL takes no NUL.
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    match id.split_once('_').map(|(prefix, _)| prefix) {
        Some(LicenseId::PREFIX) => find_license(tx, place, &LicenseId::from_untrusted(id)).await,
        Some(InstanceId::PREFIX) => find_instance(tx, place, &InstanceId::from_untrusted(id)).await,
        Some(InvoiceId::PREFIX) => find_invoice(tx, place, &InvoiceId::from_untrusted(id)).await,
        Some(OrderId::PREFIX) => find_order(tx, place, &OrderId::from_untrusted(id)).await,
        _ => Ok(None),
    }
}

/// Whose something is that another account than that of the conversation has.
async fn find_client(tx: &mut Tx, place: Place<'_>, owner_id: &AccountId) -> Result<Option<AboutClient>, DbError> {
    if owner_id == place.account_id {
        return Ok(None);
    }
    let relation = partners::find_relation_with(tx, place.vendor_id, place.account_id, owner_id).await?;
    if relation.is_none() && place.sight == Sight::Account {
        return Ok(None);
    }
    let owner = accounts::find_account(tx, place.vendor_id, owner_id).await?;
    Ok(owner.map(|owner| AboutClient {
        account_id: owner.id,
        company: owner.company,
        relation_id: relation.map(|relation| relation.id),
    }))
}

/// A license, as whoever has it calls it.
async fn find_license(tx: &mut Tx, place: Place<'_>, id: &LicenseId) -> Result<Option<About>, DbError> {
    let Some(view) = licenses::find_license(tx, place.vendor_id, id).await? else { return Ok(None) };
    let client = find_client(tx, place, &view.license.account_id).await?;
    if client.is_none() && view.license.account_id != *place.account_id {
        return Ok(None);
    }
    Ok(Some(About {
        kind: AboutKind::License,
        id: id.to_string(),
        name: overview::license_name(&view.license.name, &view.product_name, &view.plan_name),
        license_id: Some(id.clone()),
        client,
    }))
}

/// An instance, to an account only under a license of its own: a partner has no page of its clients' instances.
async fn find_instance(tx: &mut Tx, place: Place<'_>, id: &InstanceId) -> Result<Option<About>, DbError> {
    let Some(instance) = leases::find_instance(tx, place.vendor_id, id).await? else { return Ok(None) };
    let Some(license) = find_license(tx, place, &instance.license_id).await? else { return Ok(None) };
    if license.client.is_some() && place.sight == Sight::Account {
        return Ok(None);
    }
    let name = if instance.name.is_empty() { instance.identity().id } else { instance.name };
    Ok(Some(About {
        kind: AboutKind::Instance,
        id: id.to_string(),
        name,
        license_id: Some(instance.license_id),
        client: license.client,
    }))
}

/// An invoice that the account pays; the license may be its client's.
async fn find_invoice(tx: &mut Tx, place: Place<'_>, id: &InvoiceId) -> Result<Option<About>, DbError> {
    let found = invoices::find_invoice(tx, place.vendor_id, place.account_id, id).await?;
    let Some(invoice) = found else { return Ok(None) };
    let license = match &invoice.license_id {
        Some(license_id) => licenses::find_license(tx, place.vendor_id, license_id).await?,
        None => None,
    };
    let client = match license {
        Some(view) => find_client(tx, place, &view.license.account_id).await?,
        None => None,
    };
    Ok(Some(About {
        kind: AboutKind::Invoice,
        id: id.to_string(),
        name: invoice.number,
        license_id: invoice.license_id,
        client,
    }))
}

/// An order that the account pays; it may be for its client.
async fn find_order(tx: &mut Tx, place: Place<'_>, id: &OrderId) -> Result<Option<About>, DbError> {
    let found = orders::find_order(tx, place.vendor_id, id).await?;
    let Some(order) = found.filter(|order| order.account_id == *place.account_id) else { return Ok(None) };
    let client = find_client(tx, place, order.licensee()).await?;
    Ok(Some(About {
        kind: AboutKind::Order,
        id: id.to_string(),
        name: id.to_string(),
        license_id: order.license_id,
        client,
    }))
}
