//! Creating a vendor, with the key it signs with.

use super::{Profile, Vendor, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{MasterKey, begin_key_chain};
use crate::{audit, ids::VendorId};

/// What a new vendor starts with.
#[derive(Clone, Debug)]
pub struct NewVendor {
    /// Short name.
    pub code: String,
    /// Host name, or `None` to answer any.
    pub host: Option<String>,
    /// Public origin; becomes the issuer for ever.
    pub origin: String,
    /// Display name.
    pub name: String,
}

/// Creates a vendor with an active and a next signing key, and the first link of its chain of key sets.
///
/// # Errors
/// [`DbError::Duplicate`] when code, host or origin is taken.
pub async fn create_vendor(tx: &mut Tx, cx: &Cx, master: &MasterKey, new: &NewVendor) -> Result<Vendor, DbError> {
    let id: VendorId = cx.id();
    let cx = Cx { vendor_id: id.clone(), ..cx.clone() };
    let vendor = Vendor {
        id,
        code: new.code.clone(),
        host: new.host.clone(),
        origin: new.origin.trim_end_matches('/').to_owned(),
        name: new.name.clone(),
        profile: Profile::default(),
        accent_hue: 178,
        logo_svg: None,
        created_at: cx.now,
        settings_no: 0,
    };
    store::insert_vendor(tx, &vendor).await?;
    begin_key_chain(tx, &cx, master, &vendor.origin).await?;
    let after = serde_json::json!({ "code": vendor.code, "origin": vendor.origin });
    audit::record(tx, &cx, None, "vendor.create", vendor.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(vendor)
}
