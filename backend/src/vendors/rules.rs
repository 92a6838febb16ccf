//! What staff may set about their vendor, and how what they typed is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BankDetails, TransferOffer, Vendor};
use crate::accounts::rules::check_email;
use crate::accounts::vat_ids;
use crate::catalog::{LogoFault, clean_logo, is_iban, parse_amount};
use crate::db::text_enum;
use crate::money::Currency;
use crate::pdf::fonts::unprintable;
use crate::tax::rules::is_taxed;
use crate::text::en::countries::country;

/// Most characters of the entry in a commercial register.
pub const REGISTRATION_MAX_CHARS: usize = 160;
/// Most days from an invoice to the day by which it has to be paid.
pub const DAYS_UNTIL_DUE_MAX: i64 = 90;
/// Most lines of an address.
pub const ADDRESS_MAX_LINES: usize = 6;

const NAME_MAX_CHARS: usize = 60;
const HEADLINE_MAX_CHARS: usize = 80;
const LEAD_MAX_CHARS: usize = 300;
const LEGAL_NAME_MAX_CHARS: usize = 120;
const ADDRESS_LINE_MAX_CHARS: usize = 80;
const BANK_MAX_CHARS: usize = 80;
const BIC_MAX_CHARS: usize = 11;

text_enum! {
    /// One of a vendor's settings.
    Setting {
        /// Display name.
        Name = "name",
        /// Where customers write to.
        SupportEmail = "support_email",
        /// Headline of the price list.
        Headline = "headline",
        /// The sentence under it.
        Lead = "lead",
        /// Hue of the accent colour.
        AccentHue = "accent_hue",
        /// Registered name.
        LegalName = "legal_name",
        /// Address, a line each.
        Address = "address",
        /// Country.
        Country = "country",
        /// VAT id.
        VatId = "vat_id",
        /// Entry in a commercial register.
        Registration = "registration",
        /// Name of the bank.
        BankName = "bank_name",
        /// Number of the account there.
        Iban = "iban",
        /// The bank's identifier.
        Bic = "bic",
        /// Days from an invoice to the day by which it has to be paid.
        DaysUntilDue = "days_until_due",
        /// The least that an order by transfer must come to.
        Minimum = "minimum",
        /// The logo.
        Logo = "logo",
        /// Who reckons tax.
        Tax = "tax",
    }
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingFault {
    /// Nothing was entered.
    Missing,
    /// Longer than so many characters.
    TooLong(usize),
    /// More lines than so many.
    TooManyLines(usize),
    /// A script that documents cannot print, or a control character.
    Unprintable(char),
    /// Not an e-mail address.
    NotAnEmail,
    /// No country has this code.
    NotACountry,
    /// Not how VAT ids of the country look; one that does.
    NotAVatId(String),
    /// Form or check digits are wrong.
    NotAnIban,
    /// Not a whole number between these two.
    OutOfRange {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A line that is not a currency and an amount in it.
    NotAnAmount(String),
    /// The logo cannot be taken.
    Logo(LogoFault),
    /// None of the answers.
    NotAChoice,
}

/// A setting and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingProblem {
    /// The setting.
    pub setting: Setting,
    /// What is wrong.
    pub fault: SettingFault,
}

/// What visitors see first, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopSettings {
    /// Display name; mails come from it.
    pub name: String,
    /// Where customers write to, and where answers to mails go.
    pub support_email: String,
    /// Headline of the price list.
    pub headline: String,
    /// The sentence under it.
    pub lead: String,
    /// Hue of the accent colour, 0–359. `app/tests/contrast.rs` shows that text stays readable with each.
    pub accent_hue: String,
}

/// Who sells, as invoices have to say it, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceSettings {
    /// Registered name.
    pub legal_name: String,
    /// Street, postal code and city, a line each.
    pub address: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// VAT id, or empty.
    pub vat_id: String,
    /// Entry in a commercial register, or empty.
    pub registration: String,
    /// Name of the bank; with the two below empty where no account is given.
    pub bank_name: String,
    /// Number of the account.
    pub iban: String,
    /// The bank's identifier.
    pub bic: String,
}

/// On which terms orders are paid by transfer, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferSettings {
    /// Days from the invoice to the day by which it has to be paid; empty where nothing is sold by transfer.
    pub days_until_due: String,
    /// The least that an order must come to, `USD 250.00`, a line for each currency.
    pub minimum: String,
}

text_enum! {
    /// Who reckons tax on what is sold.
    TaxChoice {
        /// Stripe Tax.
        Stripe = "stripe",
        /// Nobody: none is charged.
        Nobody = "nobody",
    }
}

/// Whether tax is charged, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaxSettings {
    /// One of [`TaxChoice`].
    pub tax: String,
}

/// One card of the settings, changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsChange {
    /// What visitors see first.
    Shop(ShopSettings),
    /// Who sells.
    Invoices(InvoiceSettings),
    /// Paying by transfer.
    Transfer(TransferSettings),
    /// The logo as SVG; empty for none.
    Logo(String),
    /// Whether tax is charged.
    Tax(TaxSettings),
}

impl ShopSettings {
    /// What the form shows at first.
    #[must_use]
    pub fn of(vendor: &Vendor) -> Self {
        let profile = &vendor.profile;
        Self {
            name: vendor.name.clone(),
            support_email: profile.support_email.clone(),
            headline: profile.headline.clone(),
            lead: profile.lead.clone(),
            accent_hue: vendor.accent_hue.to_string(),
        }
    }
}

impl InvoiceSettings {
    /// What the form shows at first.
    #[must_use]
    pub fn of(vendor: &Vendor) -> Self {
        let profile = &vendor.profile;
        let bank = profile.bank.clone().unwrap_or_default();
        Self {
            legal_name: profile.legal_name.clone(),
            address: profile.address_lines.join("\n"),
            country: profile.country.clone(),
            vat_id: profile.vat_id.clone().unwrap_or_default(),
            registration: profile.registration.clone().unwrap_or_default(),
            bank_name: bank.name,
            iban: bank.iban,
            bic: bank.bic,
        }
    }
}

impl TransferSettings {
    /// What the form shows at first.
    #[must_use]
    pub fn of(vendor: &Vendor) -> Self {
        let Some(offer) = &vendor.profile.transfer else { return Self::default() };
        let lines = offer.minimum.iter().filter_map(|(code, minor)| {
            let currency = Currency::parse(code)?;
            Some(format!("{} {}", code.to_uppercase(), decimal(*minor, currency)))
        });
        Self { days_until_due: offer.days_until_due.to_string(), minimum: lines.collect::<Vec<_>>().join("\n") }
    }
}

impl TaxChoice {
    /// As the vendor has it set.
    #[must_use]
    pub fn of(vendor: &Vendor) -> Self {
        if is_taxed(vendor) { Self::Stripe } else { Self::Nobody }
    }
}

impl TaxSettings {
    /// What the form shows at first.
    #[must_use]
    pub fn of(vendor: &Vendor) -> Self {
        Self { tax: TaxChoice::of(vendor).as_str().to_owned() }
    }
}

/// The vendor as it is after the change; the same where nothing was different.
///
/// # Errors
/// Everything that cannot stay as it is, in the order of the form.
pub fn apply(change: &SettingsChange, vendor: &Vendor) -> Result<Vendor, Vec<SettingProblem>> {
    let mut after = vendor.clone();
    let mut reading = Reading(Vec::new());
    match change {
        SettingsChange::Shop(typed) => reading.shop(typed, &mut after),
        SettingsChange::Invoices(typed) => reading.invoices(typed, &mut after),
        SettingsChange::Transfer(typed) => reading.transfer(typed, &mut after),
        SettingsChange::Logo(typed) => reading.logo(typed, &mut after),
        SettingsChange::Tax(typed) => reading.tax(typed, &mut after),
    }
    if reading.0.is_empty() { Ok(after) } else { Err(reading.0) }
}

/// Problems, as they are found.
struct Reading(Vec<SettingProblem>);

impl Reading {
    fn shop(&mut self, typed: &ShopSettings, vendor: &mut Vendor) {
        vendor.name = self.required(Setting::Name, &typed.name, NAME_MAX_CHARS);
        let email = check_email(&typed.support_email).map_err(|_| match typed.support_email.trim() {
            "" => SettingFault::Missing,
            _ => SettingFault::NotAnEmail,
        });
        vendor.profile.support_email = self.keep(Setting::SupportEmail, email);
        vendor.profile.headline = self.required(Setting::Headline, &typed.headline, HEADLINE_MAX_CHARS);
        vendor.profile.lead = self.required(Setting::Lead, &typed.lead, LEAD_MAX_CHARS);
        vendor.accent_hue = self.keep(Setting::AccentHue, number(&typed.accent_hue, 0, 359));
    }

    fn invoices(&mut self, typed: &InvoiceSettings, vendor: &mut Vendor) {
        let profile = &mut vendor.profile;
        profile.legal_name = self.required(Setting::LegalName, &typed.legal_name, LEGAL_NAME_MAX_CHARS);
        profile.address_lines = self.keep(Setting::Address, address(&typed.address));
        let code = typed.country.trim().to_ascii_uppercase();
        let known = if country(&code).is_some() { Ok(code) } else { Err(SettingFault::NotACountry) };
        profile.country = self.keep(Setting::Country, known);
        let vat_id = vat_ids::normalise(&typed.vat_id, &profile.country).map_err(|problem| match problem {
            crate::accounts::Problem::VatIdMalformed { example } => SettingFault::NotAVatId(example),
            _ => SettingFault::NotAVatId(String::new()),
        });
        profile.vat_id = Some(self.keep(Setting::VatId, vat_id)).filter(|id| !id.is_empty());
        let registration = line(&typed.registration, REGISTRATION_MAX_CHARS);
        profile.registration = Some(self.keep(Setting::Registration, registration)).filter(|text| !text.is_empty());
        let has_bank = [&typed.bank_name, &typed.iban, &typed.bic].iter().any(|text| !text.trim().is_empty());
        profile.bank = has_bank.then(|| self.bank(typed));
    }

    fn bank(&mut self, typed: &InvoiceSettings) -> BankDetails {
        let iban = typed.iban.trim().to_ascii_uppercase();
        let iban = match iban.as_str() {
            "" => Err(SettingFault::Missing),
            text if text.is_ascii() && is_iban(text) => Ok(iban),
            _ => Err(SettingFault::NotAnIban),
        };
        BankDetails {
            name: self.required(Setting::BankName, &typed.bank_name, BANK_MAX_CHARS),
            iban: self.keep(Setting::Iban, iban),
            bic: self.required(Setting::Bic, &typed.bic, BIC_MAX_CHARS),
        }
    }

    fn transfer(&mut self, typed: &TransferSettings, vendor: &mut Vendor) {
        if typed.days_until_due.trim().is_empty() {
            vendor.profile.transfer = None;
            return;
        }
        let days = number(&typed.days_until_due, 1, DAYS_UNTIL_DUE_MAX);
        let offer = TransferOffer {
            days_until_due: self.keep(Setting::DaysUntilDue, days),
            minimum: self.keep(Setting::Minimum, minimum(&typed.minimum)),
        };
        vendor.profile.transfer = Some(offer);
    }

    fn logo(&mut self, typed: &str, vendor: &mut Vendor) {
        let logo = match typed.trim() {
            "" => Ok(None),
            svg => clean_logo(svg).map(Some).map_err(SettingFault::Logo),
        };
        vendor.logo_svg = self.keep(Setting::Logo, logo);
    }

    fn tax(&mut self, typed: &TaxSettings, vendor: &mut Vendor) {
        match TaxChoice::parse(typed.tax.trim()) {
            Some(choice) => vendor.profile.untaxed = choice == TaxChoice::Nobody,
            None => self.0.push(SettingProblem { setting: Setting::Tax, fault: SettingFault::NotAChoice }),
        }
    }

    fn keep<T: Default>(&mut self, setting: Setting, read: Result<T, SettingFault>) -> T {
        read.unwrap_or_else(|fault| {
            self.0.push(SettingProblem { setting, fault });
            T::default()
        })
    }

    fn required(&mut self, setting: Setting, typed: &str, max: usize) -> String {
        let read = line(typed, max);
        self.keep(setting, read.and_then(|text| if text.is_empty() { Err(SettingFault::Missing) } else { Ok(text) }))
    }
}

/// One line of text: blanks and ends of lines made one blank each, short enough, in a script that documents can print.
fn line(typed: &str, max: usize) -> Result<String, SettingFault> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > max {
        return Err(SettingFault::TooLong(max));
    }
    match unprintable(&text) {
        Some(character) => Err(SettingFault::Unprintable(character)),
        None => Ok(text),
    }
}

fn lines(typed: &str) -> impl Iterator<Item = &str> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn address(typed: &str) -> Result<Vec<String>, SettingFault> {
    let address = lines(typed).map(|text| line(text, ADDRESS_LINE_MAX_CHARS)).collect::<Result<Vec<_>, _>>()?;
    match address.len() {
        0 => Err(SettingFault::Missing),
        count if count > ADDRESS_MAX_LINES => Err(SettingFault::TooManyLines(ADDRESS_MAX_LINES)),
        _ => Ok(address),
    }
}

fn number(typed: &str, min: i64, max: i64) -> Result<i64, SettingFault> {
    let number = typed.trim().parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or(SettingFault::OutOfRange { min, max })
}

fn minimum(typed: &str) -> Result<BTreeMap<String, i64>, SettingFault> {
    let mut minimum = BTreeMap::new();
    for line in lines(typed) {
        let fault = || SettingFault::NotAnAmount(line.chars().take(60).collect());
        let (code, amount) = line.split_once(char::is_whitespace).ok_or_else(fault)?;
        let currency = Currency::parse(&code.to_ascii_lowercase()).ok_or_else(fault)?;
        let minor = parse_amount(amount.trim(), currency).ok_or_else(fault)?;
        if minimum.insert(currency.as_str().to_owned(), minor).is_some() {
            return Err(fault());
        }
    }
    Ok(minimum)
}

/// An amount as `parse_amount` reads it.
fn decimal(minor: i64, currency: Currency) -> String {
    let decimals = currency.exponent() as usize;
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if decimals == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// What the audit log keeps of the settings that a change is about.
#[must_use]
pub fn state(change: &SettingsChange, vendor: &Vendor) -> serde_json::Value {
    let profile = &vendor.profile;
    match change {
        SettingsChange::Shop(_) => serde_json::json!({
            "name": vendor.name, "support_email": profile.support_email, "headline": profile.headline,
            "lead": profile.lead, "accent_hue": vendor.accent_hue,
        }),
        SettingsChange::Invoices(_) => serde_json::json!({
            "legal_name": profile.legal_name, "address_lines": profile.address_lines, "country": profile.country,
            "vat_id": profile.vat_id, "registration": profile.registration, "bank": profile.bank,
        }),
        SettingsChange::Transfer(_) => serde_json::json!({ "transfer": profile.transfer }),
        SettingsChange::Tax(_) => serde_json::json!({ "tax": TaxChoice::of(vendor) }),
        SettingsChange::Logo(_) => {
            // The picture itself would fill the log; its hash says which one it was.
            let hash = vendor.logo_svg.as_deref().map(|svg| crate::keys::sha256(svg.as_bytes()));
            serde_json::json!({ "logo_sha256": hash.map(|hash| data_encoding::HEXLOWER.encode(&hash)) })
        }
    }
}

/// Whether the form was opened before the last change of another.
#[must_use]
pub fn is_stale(vendor: &Vendor, seen: i64) -> bool {
    vendor.settings_no != seen
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
