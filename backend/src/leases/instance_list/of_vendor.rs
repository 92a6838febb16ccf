//! The vendor's list of the instances of all licenses.

use super::ListedInstance;
use crate::db::text_enum;
use crate::ids::{AccountId, InstanceId, LicenseId};
use crate::licenses::search::LastContact;
use crate::listing::{asked, told};

text_enum! {
    /// Whether an instance runs on a lease.
    LeaseState {
        /// Its lease has not ended, and nobody has ended it.
        Live = "live",
        /// It holds none.
        Lapsed = "lapsed",
    }
}

/// Which instances a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFilter {
    /// Words in its name or identity or in its customer's company; or its id.
    pub text: String,
    /// Code of the product.
    pub product: String,
    /// What its version begins with.
    pub version: String,
    /// Whether it runs on a lease.
    pub state: Option<LeaseState>,
    /// When it was last heard of; every instance was at least once.
    pub contact: Option<LastContact>,
}

impl InstanceFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| asked(value(name));
        Self {
            text: value("find"),
            product: value("product"),
            version: value("version"),
            state: LeaseState::parse(&value("state")),
            contact: LastContact::parse(&value("contact")).filter(|it| *it != LastContact::Never),
        }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        told([
            ("find", self.text.clone()),
            ("product", self.product.clone()),
            ("version", self.version.clone()),
            ("state", self.state.map_or("", LeaseState::as_str).to_owned()),
            ("contact", self.contact.map_or("", LastContact::as_str).to_owned()),
        ])
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// An instance in the vendor's list.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct VendorInstance {
    /// The instance.
    #[sqlx(flatten)]
    pub instance: ListedInstance,
    /// Whether it runs on a lease.
    pub is_live: bool,
    /// The license it runs under.
    pub license_id: LicenseId,
    /// The owner's name for that.
    pub license_name: String,
    /// The product.
    pub product_name: String,
    /// The plan.
    pub plan_name: String,
    /// Whose it is.
    pub account_id: AccountId,
    /// The owner's company.
    pub company: String,
    pub(super) sort_key: String,
}

impl VendorInstance {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> VendorInstancePlace {
        VendorInstancePlace { key: self.sort_key.clone(), id: self.instance.id.clone() }
    }
}

/// The key of an instance in the list, which is sorted by identity: an order that no check changes, so whoever pages through
/// it meets each instance once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorInstancePlace {
    pub(super) key: String,
    pub(super) id: InstanceId,
}

impl VendorInstancePlace {
    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // No id has a point in it; identities may.
        let (id, key) = text.split_once('.')?;
        Some(Self { key: key.replace('\0', ""), id: InstanceId::from_untrusted(&id.replace('\0', "")) })
    }
}

impl std::fmt::Display for VendorInstancePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.id, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [
            ("find", "node"),
            ("product", "iot-platform"),
            ("version", "4."),
            ("state", "live"),
            ("contact", "silent_week"),
        ];
        let filter = InstanceFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        });
        assert!(filter.is_narrow());
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(InstanceFilter::of_address(|_| Some(String::new())), InstanceFilter::default());
        let never = |name: &str| (name == "contact").then(|| "never".to_owned());
        assert_eq!(InstanceFilter::of_address(never), InstanceFilter::default());
    }

    #[test]
    fn a_place_survives_its_address() {
        let place = VendorInstancePlace { key: "node-a.example".to_owned(), id: InstanceId::from_untrusted("ins_a") };
        assert_eq!(VendorInstancePlace::parse(&place.to_string()), Some(place));
        assert_eq!(VendorInstancePlace::parse("ins_a"), None);
    }
}
