//! What a vendor can say to Stripe Tax.

use super::{TaxChange, TaxSetup};
use crate::db::text_enum;
use crate::stripe::{HeadOffice, StripeTax};
use crate::text::en::countries::country;
use crate::vendors::Vendor;

/// Whether Stripe Tax is asked to reckon tax on what the vendor sells from now on. Whatever is made at Stripe for a sale
/// follows this: payment pages, subscriptions and invoices. What was made before goes on as it was made.
#[must_use]
pub fn is_taxed(vendor: &Vendor) -> bool {
    !vendor.profile.untaxed
}

/// Most characters of a line of an address.
pub const LINE_MAX_CHARS: usize = 200;

/// What software is to tax offices: the codes that vendors of it choose among. Stripe knows hundreds
/// (<https://docs.stripe.com/tax/tax-codes>); one that was set there is kept.
pub const TAX_CODES: [&str; 4] = ["txcd_10202003", "txcd_10202000", "txcd_10103001", "txcd_10103000"];

text_enum! {
    /// A question of the form, by the name of its field.
    TaxField {
        /// What products are.
        TaxCode = "tax_code",
        /// Street and number.
        Line1 = "line1",
        /// Building, floor.
        Line2 = "line2",
        /// Postal code.
        PostalCode = "postal_code",
        /// City.
        City = "city",
        /// State or province.
        State = "state",
        /// Country.
        Country = "country",
    }
}

text_enum! {
    /// What is wrong with an answer.
    TaxFault {
        /// It must not be empty.
        Missing = "missing",
        /// Stripe's codes look different.
        NotACode = "not_a_code",
        /// No country has this code.
        NotACountry = "not_a_country",
        /// More than [`LINE_MAX_CHARS`].
        TooLong = "too_long",
    }
}

/// An answer that cannot stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxProblem {
    /// Which.
    pub field: TaxField,
    /// Why.
    pub fault: TaxFault,
}

/// Whether this looks like one of Stripe's tax codes.
#[must_use]
pub fn is_tax_code(code: &str) -> bool {
    let digits = code.strip_prefix("txcd_").unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What was typed, as it is sent. What a country's addresses must have beyond street and city Stripe knows better.
///
/// # Errors
/// All that is wrong.
pub fn check(typed: &TaxChange) -> Result<TaxChange, Vec<TaxProblem>> {
    let trimmed = |text: &str| text.trim().to_owned();
    let office = &typed.head_office;
    let kept = TaxChange {
        tax_code: trimmed(&typed.tax_code),
        head_office: HeadOffice {
            line1: trimmed(&office.line1),
            line2: trimmed(&office.line2),
            postal_code: trimmed(&office.postal_code),
            city: trimmed(&office.city),
            state: trimmed(&office.state),
            country: office.country.trim().to_ascii_uppercase(),
        },
    };
    let mut problems = Vec::new();
    let mut add = |field, fault| problems.push(TaxProblem { field, fault });
    if kept.tax_code.is_empty() {
        add(TaxField::TaxCode, TaxFault::Missing);
    } else if !is_tax_code(&kept.tax_code) {
        add(TaxField::TaxCode, TaxFault::NotACode);
    }
    for (field, line, is_required) in [
        (TaxField::Line1, &kept.head_office.line1, true),
        (TaxField::Line2, &kept.head_office.line2, false),
        (TaxField::PostalCode, &kept.head_office.postal_code, false),
        (TaxField::City, &kept.head_office.city, true),
        (TaxField::State, &kept.head_office.state, false),
    ] {
        if is_required && line.is_empty() {
            add(field, TaxFault::Missing);
        } else if line.chars().count() > LINE_MAX_CHARS {
            add(field, TaxFault::TooLong);
        }
    }
    if country(&kept.head_office.country).is_none() {
        add(TaxField::Country, TaxFault::NotACountry);
    }
    if problems.is_empty() { Ok(kept) } else { Err(problems) }
}

/// What Stripe has kept otherwise than it was sent.
#[must_use]
pub fn differences(sent: &TaxChange, kept: &StripeTax) -> Vec<TaxField> {
    let (ours, theirs) = (&sent.head_office, &kept.head_office);
    let answers = [
        (TaxField::TaxCode, &sent.tax_code, &kept.tax_code),
        (TaxField::Line1, &ours.line1, &theirs.line1),
        (TaxField::Line2, &ours.line2, &theirs.line2),
        (TaxField::PostalCode, &ours.postal_code, &theirs.postal_code),
        (TaxField::City, &ours.city, &theirs.city),
        (TaxField::State, &ours.state, &theirs.state),
        (TaxField::Country, &ours.country, &theirs.country),
    ];
    answers.into_iter().filter(|(_, sent, kept)| sent != kept).map(|(field, ..)| field).collect()
}

/// Whether invoices name another country than the one from which Stripe reckons tax.
#[must_use]
pub fn is_elsewhere(setup: &TaxSetup, country_of_invoices: &str) -> bool {
    let office = setup.tax.head_office.country.as_str();
    !office.is_empty() && !country_of_invoices.is_empty() && !office.eq_ignore_ascii_case(country_of_invoices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;

    fn typed() -> TaxChange {
        let head_office = HeadOffice {
            line1: " Am Hafen 1 ".to_owned(),
            postal_code: "28195".to_owned(),
            city: "Bremen".to_owned(),
            country: "de".to_owned(),
            ..HeadOffice::default()
        };
        TaxChange { tax_code: " txcd_10202003".to_owned(), head_office }
    }

    #[test]
    fn what_is_typed_is_kept_without_blanks_around_it() {
        let kept = check(&typed()).expect("nothing is wrong");
        assert_eq!((kept.tax_code.as_str(), kept.head_office.line1.as_str()), ("txcd_10202003", "Am Hafen 1"));
        assert_eq!(kept.head_office.country, "DE");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let found = check(&TaxChange::default()).expect_err("nothing was typed");
        let found: Vec<_> = found.iter().map(|problem| (problem.field, problem.fault)).collect();
        assert_eq!(
            found,
            [
                (TaxField::TaxCode, TaxFault::Missing),
                (TaxField::Line1, TaxFault::Missing),
                (TaxField::City, TaxFault::Missing),
                (TaxField::Country, TaxFault::NotACountry),
            ]
        );
        let long = HeadOffice { state: "x".repeat(LINE_MAX_CHARS + 1), ..typed().head_office };
        let found = check(&TaxChange { head_office: long, ..typed() }).expect_err("too long");
        assert_eq!(found, [TaxProblem { field: TaxField::State, fault: TaxFault::TooLong }]);
    }

    #[test]
    fn codes_are_told_by_their_form() {
        for code in TAX_CODES {
            assert!(is_tax_code(code), "{code}");
        }
        for code in ["", "txcd_", "txcd_1010300", "txcd_101030000", "txcd_1010300x", "TXCD_10103000", "10103000"] {
            assert!(!is_tax_code(code), "{code}");
        }
    }

    #[test]
    fn what_stripe_keeps_otherwise_than_it_was_sent_is_named() {
        let sent = check(&typed()).expect("nothing is wrong");
        let same = StripeTax {
            tax_code: sent.tax_code.clone(),
            head_office: sent.head_office.clone(),
            ..StripeTax::default()
        };
        assert_eq!(differences(&sent, &same), []);
        let kept = HeadOffice { line2: "Floor 2".to_owned(), city: "BREMEN".to_owned(), ..sent.head_office.clone() };
        assert_eq!(differences(&sent, &StripeTax { head_office: kept, ..same }), [TaxField::Line2, TaxField::City]);
        // Each of them is compared.
        assert_eq!(differences(&full(), &StripeTax::default()), TaxField::ALL);
    }

    fn full() -> TaxChange {
        let one = || "x".to_owned();
        let head_office =
            HeadOffice { line1: one(), line2: one(), postal_code: one(), city: one(), state: one(), country: one() };
        TaxChange { tax_code: one(), head_office }
    }

    #[test]
    fn who_tells_stripe_is_at_it_for_a_while_and_then_nobody_knows() {
        let setup = TaxSetup { tax: StripeTax::default(), state_no: 1, looked_at: UnixMs(1), telling_until: None };
        assert!(!setup.is_being_told(UnixMs(5)) && !setup.is_uncertain(UnixMs(5)));
        let told = TaxSetup { telling_until: Some(UnixMs(5)), ..setup };
        assert!(told.is_being_told(UnixMs(4)) && !told.is_uncertain(UnixMs(4)));
        assert!(!told.is_being_told(UnixMs(5)) && told.is_uncertain(UnixMs(5)));
    }

    #[test]
    fn a_head_office_elsewhere_is_noticed_once_both_are_known() {
        let office = HeadOffice { country: "DE".to_owned(), ..HeadOffice::default() };
        let tax = StripeTax { head_office: office, ..StripeTax::default() };
        let setup = TaxSetup { tax, state_no: 1, looked_at: UnixMs(1), telling_until: None };
        assert!(is_elsewhere(&setup, "AT"));
        assert!(!is_elsewhere(&setup, "DE") && !is_elsewhere(&setup, "de") && !is_elsewhere(&setup, ""));
        let unknown = TaxSetup { tax: StripeTax::default(), ..setup };
        assert!(!is_elsewhere(&unknown, "AT"));
    }
}
