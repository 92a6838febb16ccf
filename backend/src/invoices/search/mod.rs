//! The vendor's list of the invoices of all customers, filtered by what its address says, paged by key.

mod store;

use super::{Invoice, InvoiceStatus};
use crate::listing::{Days, TimePlace, asked, told};

pub use store::{list_invoices_of_order, search_invoices};

/// Which invoices a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceFilter {
    /// The number; empty for all.
    pub number: String,
    /// Id of the account that pays, or words in its company; empty for all.
    pub customer: String,
    /// Where they stand.
    pub status: Option<InvoiceStatus>,
    /// The days on which they were issued.
    pub days: Days,
}

impl InvoiceFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| asked(value(name));
        Self {
            number: value("number"),
            customer: value("customer"),
            status: InvoiceStatus::parse(&value("status")),
            days: Days::of_address(value),
        }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        let [from, to] = self.days.to_address();
        told([
            ("number", self.number.clone()),
            ("customer", self.customer.clone()),
            ("status", self.status.map_or("", InvoiceStatus::as_str).to_owned()),
            from,
            to,
        ])
    }
}

impl Invoice {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.issued_at, self.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::in_address;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [
            ("number", "A-1"),
            ("customer", "acc_a"),
            ("status", "open"),
            ("from", "2026-11-01"),
            ("to", "2026-11-30"),
        ];
        let filter = InvoiceFilter::of_address(in_address(&address));
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(InvoiceFilter::of_address(|_| Some("\0 ".to_owned())), InvoiceFilter::default());
    }
}
