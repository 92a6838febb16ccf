//! What `server admin check-catalog` and the doctor say about prices at Stripe that are not as the catalog has them.

use super::licenses;
use crate::catalog::{Difference, PriceDifference};

/// One difference.
#[must_use]
pub fn difference(difference: &PriceDifference) -> String {
    let what = match &difference.what {
        Difference::NotPushed => "is not at Stripe yet".to_owned(),
        Difference::Unknown(id) => format!("Stripe does not know its price {id}; is this another account?"),
        Difference::Archived => "is archived at Stripe, so nobody can buy at it".to_owned(),
        Difference::KeyElsewhere(id) => format!("its look-up key leads to another price, {id}"),
        Difference::KeyLost => "no look-up key leads to it at Stripe".to_owned(),
        Difference::Amount(Some(amount)) => format!("costs {} at Stripe", licenses::amount(*amount)),
        Difference::Amount(None) => "is not priced by the unit at Stripe".to_owned(),
        Difference::Tiers => "has other tiers at Stripe".to_owned(),
        Difference::Rhythm => "is not charged as often at Stripe".to_owned(),
        Difference::Product(id) => format!("belongs to another product at Stripe, {id}"),
        Difference::ProductArchived => "its product is archived at Stripe, so nobody can buy it".to_owned(),
        Difference::ProductName(name) => format!("invoices call it “{name}”"),
    };
    format!("{}: {what}", difference.lookup_key)
}

/// When nothing differs.
#[must_use]
pub fn agrees(checked: usize) -> String {
    match checked {
        0 => "there are no prices yet".to_owned(),
        checked => format!("{checked} prices are at Stripe as the catalog has them"),
    }
}

/// When something differs, and what to do.
#[must_use]
pub fn differs(differences: usize, checked: usize) -> String {
    format!(
        "{differences} difference(s) in {checked} prices. Apply the catalog again: names are set back, and a price that \
         cannot be is replaced by another; who bought at the old one keeps it."
    )
}

/// Where there is no Stripe.
pub const NO_STRIPE: &str = "No Stripe key is set, so there is nothing to compare with.";
