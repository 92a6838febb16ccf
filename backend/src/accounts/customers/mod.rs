//! The vendor's list of its customers, filtered by what its address says, paged by key.

mod sign_ups;
mod store;

use super::{Account, AccountKind};
use crate::clock::UnixMs;
use crate::ids::AccountId;

pub use sign_ups::SignUpWithoutAccount;
pub(crate) use store::find_meant_customer;
pub use store::{count_licenses, search_customers, search_sign_ups};

/// Most characters of a text that is looked for.
const TEXT_MAX_CHARS: usize = 200;

/// Which customers a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Words in the company, the billing address or a member's address; or the id of the account, or that at Stripe.
    pub text: String,
    /// ISO 3166-1 alpha-2; empty for all.
    pub country: String,
    /// What it is to the vendor.
    pub kind: Option<AccountKind>,
}

/// The key of a customer in the list, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPlace {
    at: UnixMs,
    id: AccountId,
}

/// How many licenses an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LicenseCount {
    /// Those that grant leases.
    pub active: i64,
    /// All.
    pub total: i64,
}

/// A customer in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCustomer {
    /// The account.
    pub account: Account,
    /// Address of the owner who has been one longest; `None` where nobody owns it.
    pub owner_email: Option<String>,
    /// How many licenses it has.
    pub licenses: LicenseCount,
}

impl ListedCustomer {
    /// Its key in the list.
    #[must_use]
    pub fn place(&self) -> CustomerPlace {
        CustomerPlace { at: self.account.created_at, id: self.account.id.clone() }
    }
}

impl CustomerFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            let value = value(name).unwrap_or_default();
            // Neither engine keeps NUL in text.
            let kept: String = value.chars().filter(|character| *character != '\0').collect();
            kept.trim().chars().take(TEXT_MAX_CHARS).collect::<String>()
        };
        Self { text: value("find"), country: value("country"), kind: AccountKind::parse(&value("kind")) }
    }

    /// The names and values of the address that asks for this filter and for the page that goes on from `after`.
    #[must_use]
    pub fn to_address(&self, after: Option<&CustomerPlace>) -> Vec<(&'static str, String)> {
        let pairs = [
            ("find", self.text.clone()),
            ("country", self.country.clone()),
            ("kind", self.kind.map_or("", AccountKind::as_str).to_owned()),
            ("after", after.map(CustomerPlace::to_string).unwrap_or_default()),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

impl CustomerPlace {
    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { at: UnixMs(at.parse().ok()?), id: AccountId::from_untrusted(id) })
    }
}

impl std::fmt::Display for CustomerPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.0, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(address: &[(&str, &str)]) -> CustomerFilter {
        CustomerFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_address_is_a_filter_and_back() {
        let asked = filter(&[("find", "\0 Weser \0"), ("country", "DE"), ("kind", "partner"), ("else", "x")]);
        assert_eq!((asked.text.as_str(), asked.kind), ("Weser", Some(AccountKind::Partner)));
        assert!(asked.is_narrow());
        let place = CustomerPlace { at: UnixMs(-5), id: AccountId::from_untrusted("acc_a") };
        let address = asked.to_address(Some(&place));
        assert_eq!(address.last(), Some(&("after", "-5.acc_a".to_owned())));
        let again: Vec<_> = address.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(filter(&again), asked);
        assert_eq!(CustomerPlace::parse("-5.acc_a"), Some(place));
        assert_eq!(CustomerPlace::parse("x.acc_a"), None);
    }

    #[test]
    fn what_is_unknown_asks_for_nothing() {
        assert_eq!(filter(&[("kind", "friend"), ("find", "\0 ")]), CustomerFilter::default());
        assert_eq!(CustomerFilter::default().to_address(None), []);
    }
}
