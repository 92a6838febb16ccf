//! Which license an invoice's documents name: as everything in them, what was so when the invoice was issued.

use super::Invoice;
use crate::ids::LicenseId;
use crate::orders::{OrderKind, OrderStatus};

/// The license that an invoice names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedLicense {
    /// This one, or none.
    Known(Option<LicenseId>),
    /// One that is not known yet: its purchase was not heard of before its renewal.
    Awaited,
}

/// The license that an invoice's documents name: the one that there was when it was issued. What begins a license names its
/// order instead, because whether the license was made sooner or later than the documents is chance. `order` is what the
/// invoice charges: what it buys, and where it stands.
#[must_use]
pub(super) fn named_license(invoice: &Invoice, order: Option<(OrderKind, OrderStatus)>) -> NamedLicense {
    let Some((kind, status)) = order else { return NamedLicense::Known(invoice.license_id.clone()) };
    let reason = invoice.billing_reason.as_str();
    let begins = reason == "subscription_create" || !reason.starts_with("subscription");
    if kind == OrderKind::Vouchers || (begins && !kind.adds()) {
        return NamedLicense::Known(None);
    }
    let may_come = matches!(status, OrderStatus::Open | OrderStatus::Paid) && !kind.adds();
    match &invoice.license_id {
        None if may_come => NamedLicense::Awaited,
        known => NamedLicense::Known(known.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoices::rules::tests::invoice;

    #[test]
    fn an_invoice_names_the_license_that_was_there_when_it_was_issued() {
        use NamedLicense::{Awaited, Known};
        use OrderKind::{Maintenance, Perpetual, Subscription, Vouchers};
        use OrderStatus::{Cancelled, Open, Paid};
        let lic = || Known(Some(LicenseId::from_untrusted("lic_1")));
        for (reason, license, order, expected) in [
            // Whether the license is there already when the documents are made is chance.
            ("subscription_create", None, Some((Subscription, Open)), Known(None)),
            ("subscription_create", Some("lic_1"), Some((Subscription, Paid)), Known(None)),
            ("manual", Some("lic_1"), Some((Perpetual, Paid)), Known(None)),
            ("manual", None, Some((Vouchers, Paid)), Known(None)),
            ("subscription_cycle", None, Some((Subscription, Open)), Awaited),
            ("subscription_cycle", None, Some((Subscription, Paid)), Awaited),
            ("subscription_cycle", None, Some((Subscription, Cancelled)), Known(None)),
            ("subscription_cycle", Some("lic_1"), Some((Subscription, Paid)), lic()),
            ("subscription_update", Some("lic_1"), Some((Subscription, Paid)), lic()),
            ("manual", Some("lic_1"), Some((Maintenance, Open)), lic()),
            // Without an order: what the vendor's staff made at Stripe, or a license that turned perpetual.
            ("subscription_create", Some("lic_1"), None, lic()),
            ("manual", None, None, Known(None)),
        ] {
            assert_eq!(named_license(&invoice(reason, license), order), expected, "{reason} {license:?} {order:?}");
        }
    }
}
