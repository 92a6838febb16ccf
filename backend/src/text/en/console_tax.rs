//! How tax is reckoned on what the vendor sells, as its administrators and its finance people see it.

use super::countries;
use crate::stripe::StripeTax;
use crate::tax::rules::LINE_MAX_CHARS;
use crate::tax::{TaxFault, TaxField};

/// Title of the page.
pub const TAX: &str = "Tax";
/// Lead where there is no account at Stripe.
pub const LEAD_NO_STRIPE: &str = "Stripe is not connected, so nothing is sold and no tax is reckoned.";
/// Lead where nobody has asked Stripe yet.
pub const LEAD_UNKNOWN: &str = "Stripe Tax reckons the tax on every order. Ask Stripe how it is set up.";
/// Lead where none is charged.
pub const LEAD_OFF: &str = "Stripe Tax is switched off, so no tax is charged on what is ordered from now on.";
/// Lead where all is well.
pub const LEAD_ACTIVE: &str = "Stripe Tax is set up and reckons the tax on every order.";
/// Lead where it is not set up.
pub const LEAD_PENDING: &str = "Stripe Tax is not set up, so payment pages do not open. Say below what is missing.";
/// The same for those who cannot say it.
pub const LEAD_PENDING_OTHERS: &str =
    "Stripe Tax is not set up, so payment pages do not open. An administrator has to say what is missing.";

/// Heading of what holds for all orders.
pub const ORDERS: &str = "On every order";
/// Fact: prices.
pub const PRICES: &str = "Prices";
/// What prices are.
pub const PRICES_ARE: &str = "Without tax. Stripe adds it by where the buyer is.";
/// What prices are where none is charged.
pub const PRICES_ARE_ALL: &str = "What is paid. No tax is added.";
/// Fact: what is taxed.
pub const TAXED: &str = "Tax is reckoned on";
/// All of it.
pub const TAXED_IS: &str = "Orders, changes and renewals, by card and by bank transfer";
/// What is still taxed where none is charged any more.
pub const TAXED_IS_OLD: &str = "Only what was ordered while Stripe Tax was switched on, with its changes and renewals";
/// Fact: VAT ids of buyers.
pub const BUYERS: &str = "VAT ids of buyers";
/// What becomes of them.
pub const BUYERS_ARE: &str =
    "Asked for with the company and on the payment page, and checked by Stripe. Reverse charge follows from them.";
/// What becomes of them where no tax is charged.
pub const BUYERS_ARE_PRINTED: &str =
    "Asked for with the company and on the payment page, and checked by Stripe. They stand on invoices.";
/// Fact: the vendor's own.
pub const OWN_VAT_ID: &str = "Your VAT id";
/// Fact: the country that invoices name.
pub const OWN_COUNTRY: &str = "Country on invoices";
/// To where both are changed.
pub const TO_INVOICES: &str = "Change what invoices say";
/// To where it is switched off.
pub const SWITCH_OFF: &str = "Switch Stripe Tax off";
/// To where it is switched on.
pub const SWITCH_ON: &str = "Switch Stripe Tax on";

/// Heading of what Stripe knows.
pub const STRIPE_TAX: &str = "Stripe Tax";
/// Beside it.
pub const STRIPE_TAX_LEAD: &str = "Kept by Stripe, for orders from now on. Invoices that were issued stay as they are.";
/// Where nobody has asked yet.
pub const UNKNOWN: &str = "Nobody has asked Stripe yet.";
/// Asks it.
pub const LOOK_UP: &str = "Ask Stripe now";
/// Opens the form.
pub const EDIT: &str = "Change";
/// Sends it.
pub const SAVE: &str = "Tell Stripe";
/// Fact: whether it works.
pub const STATE: &str = "State";
/// Fact: what is missing.
pub const MISSING: &str = "Still missing";
/// Fact: the address.
pub const HEAD_OFFICE: &str = "Head office";
/// Fact: where tax is collected.
pub const REGISTRATIONS: &str = "Tax is collected for";
/// Where there is none.
pub const NO_REGISTRATION: &str = "No country, so nobody is charged tax";
/// How to change it.
pub const REGISTRATIONS_HOW: &str = "Add and end registrations at Stripe, under Tax → Registrations.";
/// Fact: when Stripe was asked.
pub const LOOKED_AT: &str = "As of";
/// What is not set.
pub const NOT_SET: &str = "Not set";
/// The first answer where no code is set.
pub const CHOOSE_CODE: &str = "Choose what you sell";
/// Where Stripe has said nothing.
pub const NOT_ANSWERED: &str = "Stripe has not said how tax is set up.";
/// Where something has changed since the form was opened.
pub const STALE: &str = "What Stripe says about tax has changed since you opened this form, so nothing was sent. Compare what you typed with \
                         what holds now, and send it again.";
/// Where Stripe is being told something else.
pub const BEING_TOLD: &str =
    "Stripe is being told something else at this moment, so nothing was sent. Try again in two minutes.";
/// Where it was not known how things are, over what was typed then.
pub const WAS_UNKNOWN: &str = "Nothing was sent, because it was not known how Stripe had it. Compare what you typed with what holds now, and \
                               send it again.";
/// Where Stripe did not say whether it took something, over that.
pub const WAS_NOT_ANSWERED: &str = "Stripe did not say whether it took this. Compare what you typed with what holds now, and send it again if it \
                                    differs.";
/// Above what is kept while Stripe is told something.
pub const TELLING: &str = "Stripe is being told something at this moment.";
/// What that means.
pub const TELLING_MEANS: &str = "What stands here is from before.";
/// Above what is kept where nobody knows whether it holds.
pub const UNCERTAIN: &str = "It is not known how tax is set up at Stripe now.";
/// What to do about that, to whoever may only look.
pub const UNCERTAIN_MEANS: &str = "What stands here is from before the last change. Ask Stripe now.";
/// What to do about that, to whoever may tell it more.
pub const UNCERTAIN_MEANS_TO_EDITORS: &str =
    "What stands here is from before the last change. Ask Stripe now; until then nothing more is sent.";
/// Where Stripe has kept something else than it was sent.
pub const OTHERWISE: &str = "Stripe took what you sent, and says something else now.";
/// Where there is no account at Stripe.
pub const NO_STRIPE: &str = "Stripe is not connected: its keys stand in the server's configuration.";
/// Where invoices name another country.
pub const ELSEWHERE: &str = "The head office is in another country than the one on your invoices.";
/// What to do about that.
pub const ELSEWHERE_MEANS: &str = "Tax is reckoned from the head office. Change the one that is wrong.";

/// What is true on top of the page. `is_taxed`: whether it is switched on; `tax` is what Stripe has said last; `may_edit`:
/// whether the reader may tell it more.
#[must_use]
pub fn lead(has_stripe: bool, is_taxed: bool, tax: Option<&StripeTax>, may_edit: bool) -> &'static str {
    match tax {
        _ if !has_stripe => LEAD_NO_STRIPE,
        _ if !is_taxed => LEAD_OFF,
        None => LEAD_UNKNOWN,
        Some(tax) if tax.is_active => LEAD_ACTIVE,
        Some(_) if may_edit => LEAD_PENDING,
        Some(_) => LEAD_PENDING_OTHERS,
    }
}

/// Whether tax is reckoned, in a word.
#[must_use]
pub fn state(is_active: bool) -> &'static str {
    if is_active { "Active" } else { "Not set up" }
}

/// What Stripe still has to be told, by its own names.
#[must_use]
pub fn missing(fields: &[String]) -> String {
    let word = |field: &String| match field.as_str() {
        "head_office" => "the head office".to_owned(),
        "defaults.tax_code" | "tax_code" => "what you sell".to_owned(),
        other => other.to_owned(),
    };
    fields.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What a tax code stands for.
#[must_use]
pub fn tax_code(code: &str) -> String {
    let words = match code {
        "" => return NOT_SET.to_owned(),
        "txcd_10202003" => "Downloaded software for businesses",
        "txcd_10202000" => "Downloaded software for private use",
        "txcd_10103001" => "Software as a service for businesses",
        "txcd_10103000" => "Software as a service for private use",
        other => return other.to_owned(),
    };
    format!("{words} ({code})")
}

/// Countries by name.
#[must_use]
pub fn country_names(codes: &[String]) -> String {
    let name = |code: &String| countries::country(code).map_or_else(|| code.clone(), str::to_owned);
    codes.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The question that a field answers.
#[must_use]
pub fn label(field: TaxField) -> &'static str {
    match field {
        TaxField::TaxCode => "What you sell",
        TaxField::Line1 => "Street and number",
        TaxField::Line2 => "Building or floor",
        TaxField::PostalCode => "Postal code",
        TaxField::City => "City",
        TaxField::State => "State or province",
        TaxField::Country => "Country",
    }
}

/// What helps to answer it; empty where nothing is needed.
#[must_use]
pub fn hint(field: TaxField) -> &'static str {
    match field {
        TaxField::TaxCode => "Holds for all products. Other kinds are chosen at Stripe, under Tax → Settings.",
        TaxField::State => "Where addresses have one, by its short form: CA.",
        TaxField::Line1 | TaxField::Line2 | TaxField::PostalCode | TaxField::City | TaxField::Country => "",
    }
}

/// What is wrong with an answer.
#[must_use]
pub fn fault(field: TaxField, fault: TaxFault) -> String {
    let label = label(field);
    match fault {
        TaxFault::Missing => format!("{label}: this must not be empty."),
        TaxFault::NotACode | TaxFault::NotACountry => format!("{label}: choose one."),
        TaxFault::TooLong => format!("{label}: at most {LINE_MAX_CHARS} characters fit."),
    }
}

/// Stripe's refusal, in its own words.
#[must_use]
pub fn by_stripe(sentence: &str) -> String {
    format!("Stripe refuses that: {sentence}")
}

/// What Stripe has kept otherwise than it was sent.
#[must_use]
pub fn otherwise(fields: &[TaxField]) -> String {
    let labels: Vec<_> = fields.iter().map(|field| label(*field)).collect();
    format!("Look below at these, and change what is wrong: {}.", labels.join(", "))
}

/// What an act did, by its code.
#[must_use]
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "tax_being_told" => "Stripe is being told something at this moment. Ask it again in two minutes.",
        "tax_looked_up" => "This is what Stripe says now.",
        "tax_no_stripe" => NO_STRIPE,
        "tax_saved" => "Stripe knows it, and reckons like that from now on.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::rules::TAX_CODES;

    #[test]
    fn every_code_that_can_be_chosen_is_said_in_words() {
        for code in TAX_CODES {
            let said = tax_code(code);
            assert!(said.ends_with(&format!("({code})")) && said.len() > code.len() + 10, "{said}");
        }
        assert_eq!((tax_code("").as_str(), tax_code("txcd_99999999").as_str()), (NOT_SET, "txcd_99999999"));
    }

    #[test]
    fn every_answer_has_a_question_of_its_own() {
        let labels: std::collections::BTreeSet<_> = TaxField::ALL.iter().map(|field| label(*field)).collect();
        assert_eq!(labels.len(), TaxField::ALL.len());
    }

    #[test]
    fn only_who_can_say_what_is_missing_is_asked_to() {
        let tax = StripeTax::default();
        assert_eq!(lead(true, true, Some(&tax), true), LEAD_PENDING);
        assert_eq!(lead(true, true, Some(&tax), false), LEAD_PENDING_OTHERS);
        assert_eq!(lead(true, false, Some(&tax), true), LEAD_OFF, "nothing is missing where nothing is asked for");
        let active = StripeTax { is_active: true, ..tax };
        assert_eq!(lead(true, true, Some(&active), false), LEAD_ACTIVE);
    }

    #[test]
    fn what_stripe_has_kept_otherwise_is_named() {
        let said = otherwise(&[TaxField::Line2, TaxField::City]);
        assert!(said.ends_with(": Building or floor, City."), "{said}");
    }

    #[test]
    fn what_stripe_names_is_said_in_words_and_what_is_unknown_as_it_is() {
        let fields = ["head_office", "something.else"].map(str::to_owned);
        assert_eq!(missing(&fields), "the head office, something.else");
        assert_eq!(country_names(&["DE".to_owned(), "XX".to_owned()]), "Germany, XX");
    }
}
