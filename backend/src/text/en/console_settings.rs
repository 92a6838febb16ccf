//! The vendor's settings, as its administrators change them.

use super::catalog;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};
use crate::money::Currency;
use crate::pdf::amounts;
use crate::vendors::rules::{Setting, SettingFault, TaxChoice};
use crate::vendors::{BankDetails, TransferOffer};

/// Title of the page.
pub const SETTINGS: &str = "Settings";
/// Lead while they are the catalog file's.
pub const LEAD_OF_FILE: &str = "What stands here comes from the catalog file. Once you change something, all of it is decided here, and applying \
                                the file again leaves it as it is.";
/// Lead once they are the console's.
pub const LEAD: &str =
    "What stands here is decided here. Applying the catalog file leaves it as it is, but for the order of currencies.";
/// Opens a card's form.
pub const EDIT: &str = "Change";
/// Sends it.
pub const SAVE: &str = "Save";
/// What is not set.
pub const NOT_SET: &str = "Not set";
/// Where somebody else was quicker.
pub const STALE: &str = "Somebody else has changed the settings since you opened this form, so nothing was saved. Compare what you typed \
                         with what holds now, and save again.";

/// Heading of what visitors see first.
pub const SHOP: &str = "What customers see";
/// Beside it.
pub const SHOP_LEAD: &str = "On every page, on the price list and in mails.";
/// Heading of the logo.
pub const LOGO: &str = "Logo";
/// Beside it.
pub const LOGO_LEAD: &str = "In the header of every page and on documents.";
/// Words for the picture.
pub const LOGO_ALT: &str = "The logo as it is now";
/// Where there is none.
pub const NO_LOGO: &str = "There is no logo; the name stands in its place.";
/// Heading of what invoices say.
pub const INVOICES: &str = "What invoices say";
/// Beside it.
pub const INVOICES_LEAD: &str = "On invoices and credit notes from now on. Those that were issued stay as they are. Numbers and taxes \
     are made by Stripe.";
/// Heading of paying by transfer.
pub const TRANSFER: &str = "Paying by bank transfer";
/// Beside it.
pub const TRANSFER_LEAD: &str = "Who may order against an invoice, and how long they have to pay it.";
/// Where nothing is sold by transfer.
pub const NO_TRANSFER: &str = "Nothing is sold by bank transfer.";
/// Heading of tax.
pub const TAX: &str = "Tax";
/// Beside it.
pub const TAX_LEAD: &str = "Prices are without tax. What Stripe Tax knows about you has a page of its own.";
/// To that page.
pub const TO_TAX: &str = "See how tax is reckoned";
/// Heading of mail.
pub const MAIL: &str = "Mail";
/// Sends one.
pub const TEST_MAIL: &str = "Send me a test mail";
/// To the log.
pub const TO_MAILS: &str = "See all mails";
/// Name that mails come from.
pub const MAIL_NAME: &str = "Mails come from";
/// Where answers go.
pub const REPLY_TO: &str = "Answers go to";
/// Heading of what only the operator changes.
pub const OPERATOR: &str = "For the operator";
/// Beside it.
pub const OPERATOR_LEAD: &str = "What is decided where the server runs.";
/// Host name.
pub const HOST: &str = "Host name";
/// Where it answers every name.
pub const ANY_HOST: &str = "Any";
/// How to change it.
pub const HOST_HOW: &str = "Changed where the server runs: server admin set-vendor-host.";
/// Origin.
pub const ORIGIN: &str = "Public origin";
/// How to change it.
pub const ORIGIN_HOW: &str = "The issuer of every lease, so it never changes.";
/// Address for Stripe's events.
pub const WEBHOOK: &str = "Webhook for Stripe";
/// State of Stripe.
pub const STRIPE: &str = "Stripe";
/// How to look at it.
pub const STRIPE_HOW: &str =
    "The keys stand in the server's configuration; server doctor looks at the account's settings.";
/// Order of currencies.
pub const CURRENCIES: &str = "Order of currencies";
/// How to change it.
pub const CURRENCIES_HOW: &str = "Set by currencies in the catalog file.";
/// Where none is set.
pub const ALPHABETICAL: &str = "Alphabetical";
/// Fact: bank account.
pub const BANK: &str = "Bank account";
/// The least order.
pub const MINIMUM: &str = "Least order";
/// Where there is none.
pub const NO_MINIMUM: &str = "None";
/// The days to pay.
pub const DAYS: &str = "Time to pay";

/// The question that a setting answers.
#[must_use]
pub fn label(setting: Setting) -> &'static str {
    match setting {
        Setting::Name => "Name",
        Setting::SupportEmail => "Support address",
        Setting::Headline => "Headline of the price list",
        Setting::Lead => "Sentence under it",
        Setting::AccentHue => "Hue of the accent colour",
        Setting::LegalName => "Registered name",
        Setting::Address => "Address",
        Setting::Country => "Country",
        Setting::VatId => "VAT id",
        Setting::Registration => "Register entry and management",
        Setting::BankName => "Bank",
        Setting::Iban => "IBAN",
        Setting::Bic => "BIC",
        Setting::DaysUntilDue => "Days to pay",
        Setting::Minimum => "Least order",
        Setting::Logo => "Logo as SVG",
        Setting::Tax => "Tax is reckoned",
    }
}

/// What helps to answer it; empty where nothing is needed.
#[must_use]
pub fn hint(setting: Setting) -> &'static str {
    match setting {
        Setting::Name => "In the header, and as the sender of mails.",
        Setting::SupportEmail => "At the foot of pages, mails and invoices. Answers to mails go there.",
        Setting::AccentHue => {
            "In degrees from 0 to 359: 20 is red, 90 yellow, 150 green, 250 blue, 330 pink. Text stays readable with each."
        }
        Setting::Address => "A line each, as on a letter, without the country.",
        Setting::Registration => "At the foot of invoices, where the law asks for it.",
        Setting::BankName | Setting::Iban | Setting::Bic => "Leave bank, IBAN and BIC empty to name no account.",
        Setting::DaysUntilDue => "From 1 to 90. Empty: nothing is sold by transfer.",
        Setting::Minimum => {
            "Before tax, a line for each currency: USD 250.00. A currency without a line has no least order."
        }
        Setting::Logo => {
            "The text of an SVG file of at most 16 KiB: shapes, gradients and clip paths, no scripts or addresses. \
             Empty: no logo. currentColor follows light and dark."
        }
        Setting::Tax => {
            "Holds for orders from now on. Subscriptions go on as they were ordered, and so do orders that wait to be paid."
        }
        Setting::Headline | Setting::Lead | Setting::LegalName | Setting::Country | Setting::VatId => "",
    }
}

/// What is wrong with a setting.
#[must_use]
pub fn fault(setting: Setting, fault: &SettingFault) -> String {
    let label = label(setting);
    match fault {
        SettingFault::Missing => format!("{label}: this must not be empty."),
        SettingFault::TooLong(max) => format!("{label}: at most {max} characters fit."),
        SettingFault::TooManyLines(max) => format!("{label}: at most {max} lines fit."),
        SettingFault::Unprintable(character) => format!(
            "{label}: documents cannot print “{}”. Use Latin, Greek or Cyrillic letters.",
            character.escape_debug()
        ),
        SettingFault::NotAnEmail => format!("{label}: write an e-mail address such as name@example.com."),
        SettingFault::NotACountry => format!("{label}: choose one."),
        SettingFault::NotAVatId(example) if example.is_empty() => format!("{label}: VAT ids look different."),
        SettingFault::NotAVatId(example) => format!("{label}: VAT ids of this country look like {example}."),
        SettingFault::NotAnIban => format!("{label}: its form or its check digits are wrong."),
        SettingFault::OutOfRange { min, max } => format!("{label}: write a whole number from {min} to {max}."),
        SettingFault::NotAnAmount(line) => {
            format!("{label}: “{line}” is no amount. Write a currency and an amount once each, such as USD 250.00.")
        }
        SettingFault::Logo(fault) => catalog::logo_fault(fault),
        SettingFault::NotAChoice => format!("{label}: choose one."),
    }
}

/// Who reckons tax.
#[must_use]
pub fn tax_choice(choice: TaxChoice) -> &'static str {
    match choice {
        TaxChoice::Stripe => "By Stripe Tax",
        TaxChoice::Nobody => "Not at all: none is charged",
    }
}

/// A bank account in one line.
#[must_use]
pub fn bank(bank: &BankDetails) -> String {
    format!("{}, IBAN {}, BIC {}", bank.name, bank.iban, bank.bic)
}

/// The days to pay.
#[must_use]
pub fn days(offer: &TransferOffer) -> String {
    if offer.days_until_due == 1 { "1 day".to_owned() } else { format!("{} days", offer.days_until_due) }
}

/// The least orders, all currencies in one line.
#[must_use]
pub fn minimum(offer: &TransferOffer) -> String {
    let least = offer.minimum.iter().filter_map(|(code, minor)| Some(amounts::format(Currency::parse(code)?, *minor)));
    let least: Vec<String> = least.collect();
    if least.is_empty() { NO_MINIMUM.to_owned() } else { least.join(", ") }
}

/// Whether Stripe is there, and whether its key moves real money.
#[must_use]
pub fn stripe(is_live: Option<bool>) -> &'static str {
    match is_live {
        None => "Not connected, so nothing can be sold",
        Some(false) => "Connected in test mode",
        Some(true) => "Connected in live mode",
    }
}

/// What an act did, by its code.
#[must_use]
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "mail_resent" => "The mail is sent again.",
        "mail_not_resent" => "Nothing was sent: it was sent before, or is tried again by itself.",
        "settings_saved" => "The settings are saved. Documents that were issued stay as they are.",
        "test_mail_queued" => "The mail is on its way to your own address. The mail log says what becomes of it.",
        "test_mail_limited" => "That was enough for now: six test mails an hour can be sent.",
        _ => return super::console_tax::done(code),
    })
}

/// By which staff see that mails go out.
#[must_use]
pub fn test_mail(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("A test mail of {}", sender.name),
        heading: "Mails go out".to_owned(),
        paragraphs: vec![format!(
            "Somebody, probably you, asked for this mail on the settings page of {} ({}). Mails to customers look like this.",
            sender.name,
            super::moments::rfc3339(at)
        )],
        button: Some(("Open the settings".to_owned(), format!("{}/staff/settings", sender.origin))),
        reason: "You get this mail because you asked for it in the console.".to_owned(),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn terms_are_told_in_words() {
        let offer = TransferOffer { days_until_due: 14, minimum: BTreeMap::from([("usd".to_owned(), 25_000)]) };
        assert_eq!((days(&offer).as_str(), minimum(&offer).as_str()), ("14 days", "$250.00"));
        assert_eq!(minimum(&TransferOffer { days_until_due: 1, minimum: BTreeMap::new() }), "None");
    }

    #[test]
    fn every_setting_has_a_question_of_its_own() {
        let labels: std::collections::BTreeSet<_> = Setting::ALL.iter().map(|setting| label(*setting)).collect();
        assert_eq!(labels.len(), Setting::ALL.len());
    }
}
