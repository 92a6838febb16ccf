//! How an invoice is taxed, in the words of EN 16931 and of the VAT Directive. The rates are Stripe Tax's; here it is
//! only said what they mean.

use super::Parties;
use crate::stripe::LineTax;
use crate::text::en::invoices as words;

/// Member states of the European Union, whose businesses reverse the charge between them.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// A tax category of EN 16931 (UNCL 5305), as far as services need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaxCategory {
    /// Taxed, at the rate that is stated.
    Standard,
    /// The buyer accounts for the tax.
    ReverseCharge,
    /// Taxed at zero.
    ZeroRated,
    /// Exempt.
    Exempt,
    /// Not subject to the seller's tax, as services to buyers outside of the EU are. It is not called an export (`G`),
    /// which only goods can be.
    OutsideScope,
}

impl TaxCategory {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::ReverseCharge => "AE",
            Self::ZeroRated => "Z",
            Self::Exempt => "E",
            Self::OutsideScope => "O",
        }
    }
}

/// Whether both sides are in the European Union.
#[must_use]
pub fn is_within_eu(parties: &Parties) -> bool {
    EU.contains(&parties.supplier.country.as_str()) && EU.contains(&parties.buyer.country.as_str())
}

/// The category of a tax; of none at all, without one.
#[must_use]
pub fn category(tax: Option<&LineTax>) -> TaxCategory {
    let Some(tax) = tax else { return TaxCategory::OutsideScope };
    match tax.reason.as_str() {
        _ if tax.reverse_charge => TaxCategory::ReverseCharge,
        _ if tax.amount_minor != 0 => TaxCategory::Standard,
        "zero_rated" => TaxCategory::ZeroRated,
        "customer_exempt" | "product_exempt" | "product_exempt_holiday" | "portion_product_exempt" => {
            TaxCategory::Exempt
        }
        "not_collecting" | "not_subject_to_tax" | "not_supported" | "not_available" => TaxCategory::OutsideScope,
        _ if tax.rate_millionths > 0 => TaxCategory::Standard,
        _ => TaxCategory::Exempt,
    }
}

/// What a document says where no tax is charged and none is reversed; `None` where a tax is.
#[must_use]
pub fn note(parties: &Parties, taxes: &[LineTax]) -> Option<&'static str> {
    let all: Vec<TaxCategory> = match taxes {
        [] => vec![category(None)],
        taxes => taxes.iter().map(|tax| category(Some(tax))).collect(),
    };
    if all.contains(&TaxCategory::OutsideScope) {
        let seller_in_eu = EU.contains(&parties.supplier.country.as_str());
        let buyer_in_eu = EU.contains(&parties.buyer.country.as_str());
        return match (seller_in_eu, buyer_in_eu) {
            (true, false) => Some(words::OUTSIDE_EU),
            (true, true) => Some(words::NO_VAT),
            (false, _) => None,
        };
    }
    all.contains(&TaxCategory::Exempt).then_some(words::EXEMPT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoices::Party;

    fn tax(reason: &str, amount_minor: i64) -> LineTax {
        LineTax {
            label: "VAT".to_owned(),
            rate_millionths: if amount_minor == 0 { 0 } else { 190_000 },
            base_minor: 10_000,
            amount_minor,
            reverse_charge: reason == "reverse_charge",
            reason: reason.to_owned(),
            kind: "vat".to_owned(),
        }
    }

    fn parties(supplier: &str, buyer: &str) -> Parties {
        let party = |country: &str| Party { country: country.to_owned(), ..Party::default() };
        Parties { supplier: party(supplier), buyer: party(buyer), ..Parties::default() }
    }

    #[test]
    fn each_reason_has_its_category() {
        use TaxCategory::{Exempt, OutsideScope, ReverseCharge, Standard, ZeroRated};
        for (reason, amount, expected) in [
            ("standard_rated", 1_900, Standard),
            ("reduced_rated", 700, Standard),
            ("reverse_charge", 0, ReverseCharge),
            ("zero_rated", 0, ZeroRated),
            ("customer_exempt", 0, Exempt),
            ("product_exempt", 0, Exempt),
            ("not_collecting", 0, OutsideScope),
        ] {
            assert_eq!(category(Some(&tax(reason, amount))), expected, "{reason}");
        }
        assert_eq!(category(None), OutsideScope);
    }

    #[test]
    fn a_document_says_why_no_tax_is_charged() {
        assert_eq!(note(&parties("DE", "US"), &[]), Some(words::OUTSIDE_EU));
        assert_eq!(note(&parties("DE", "FR"), &[tax("not_collecting", 0)]), Some(words::NO_VAT));
        assert_eq!(note(&parties("DE", "DE"), &[tax("customer_exempt", 0)]), Some(words::EXEMPT));
        assert_eq!(note(&parties("US", "US"), &[]), None);
        assert_eq!(note(&parties("DE", "DE"), &[tax("standard_rated", 1_900)]), None);
        assert_eq!(note(&parties("DE", "FR"), &[tax("reverse_charge", 0)]), None, "that is said otherwise");
        assert!(is_within_eu(&parties("DE", "GR")) && !is_within_eu(&parties("DE", "GB")));
    }
}
