//! What a catalog's vendor must satisfy: who sells, and how that is shown and paid.

use std::collections::BTreeMap;

use super::prices::{currency, parse_amount};
use super::{CatalogVendor, Check, Fault};
use crate::catalog::catalog_file::{TransferSection, VendorSection};
use crate::catalog::logo::{LogoFault, clean_logo};
use crate::money::Currency;
use crate::vendors::rules::REGISTRATION_MAX_CHARS;
use crate::vendors::{Profile, TransferOffer};

impl Check {
    pub(super) fn vendor(&mut self, vendor: &VendorSection, logo: Option<Result<&str, String>>) -> CatalogVendor {
        let at = |member: &str| format!("vendor.{member}");
        self.code(at("code"), &vendor.code);
        self.text(at("name"), &vendor.name, 60);
        if let Some(host) = &vendor.host {
            self.expect(is_host(host), at("host"), Fault::NotAHost);
        }
        let origin = vendor.origin.as_deref().map(|origin| origin.trim_end_matches('/').to_owned());
        if let Some(origin) = &origin {
            self.expect(is_origin(origin), at("origin"), Fault::NotAnOrigin);
        }
        self.text(at("legal_name"), &vendor.legal_name, 120);
        self.range(at("address_lines"), vendor.address_lines.len() as i64, 1, 6);
        for (line, text) in vendor.address_lines.iter().enumerate() {
            self.text(format!("vendor.address_lines.#{}", line + 1), text, 80);
        }
        let known = crate::text::en::countries::country(&vendor.country).is_some();
        self.expect(known, at("country"), Fault::NotACountry);
        if let Some(vat_id) = &vendor.vat_id {
            self.text(at("vat_id"), vat_id, 20);
        }
        if let Some(registration) = &vendor.registration {
            self.text(at("registration"), registration, REGISTRATION_MAX_CHARS);
        }
        self.expect(is_email(&vendor.support_email), at("support_email"), Fault::NotAnEmail);
        self.text(at("headline"), &vendor.headline, 80);
        self.text(at("lead"), &vendor.lead, 300);
        self.range(at("accent_hue"), vendor.accent_hue, 0, 359);
        if let Some(bank) = &vendor.bank {
            self.text(at("bank.name"), &bank.name, 80);
            self.expect(is_iban(&bank.iban), at("bank.iban"), Fault::NotAnIban);
            self.text(at("bank.bic"), &bank.bic, 11);
        }
        let currencies = self.currencies(&at("currencies"), &vendor.currencies);
        let transfer = vendor.transfer.as_ref().map(|transfer| self.transfer(&at("transfer"), transfer));
        let logo_svg = match logo {
            None => None,
            Some(Ok(svg)) => clean_logo(svg).map_err(|fault| self.problem(at("logo_file"), Fault::Logo(fault))).ok(),
            Some(Err(reason)) => {
                self.problem(at("logo_file"), Fault::Logo(LogoFault::Unreadable(reason)));
                None
            }
        };
        CatalogVendor {
            code: vendor.code.clone(),
            name: vendor.name.clone(),
            host: vendor.host.clone(),
            origin,
            profile: Profile {
                legal_name: vendor.legal_name.clone(),
                address_lines: vendor.address_lines.clone(),
                country: vendor.country.clone(),
                vat_id: vendor.vat_id.clone(),
                registration: vendor.registration.clone(),
                support_email: vendor.support_email.clone(),
                headline: vendor.headline.clone(),
                lead: vendor.lead.clone(),
                currencies,
                bank: vendor.bank.clone(),
                transfer,
                untaxed: !vendor.stripe_tax,
            },
            accent_hue: vendor.accent_hue,
            logo_svg,
        }
    }

    fn currencies(&mut self, path: &str, codes: &[String]) -> Vec<Currency> {
        let mut currencies = Vec::with_capacity(codes.len());
        for (at, code) in codes.iter().enumerate() {
            let path = format!("{path}.#{}", at + 1);
            match currency(code) {
                None => self.problem(path, Fault::NotACurrency),
                Some(currency) if currencies.contains(&currency) => self.problem(path, Fault::Duplicate),
                Some(currency) => currencies.push(currency),
            }
        }
        currencies
    }

    fn transfer(&mut self, path: &str, transfer: &TransferSection) -> TransferOffer {
        self.range(format!("{path}.days_until_due"), transfer.days_until_due, 1, 90);
        let mut minimum = BTreeMap::new();
        for (code, amount) in &transfer.minimum {
            let path = format!("{path}.minimum.{code}");
            let Some(currency) = currency(code) else {
                self.problem(path, Fault::NotACurrency);
                continue;
            };
            match parse_amount(amount, currency) {
                Some(amount_minor) => drop(minimum.insert(code.clone(), amount_minor)),
                None => self.problem(path, Fault::NotAnAmount(currency.exponent())),
            }
        }
        TransferOffer { days_until_due: transfer.days_until_due, minimum }
    }
}

/// Whether this is a host name in lower case, without a port.
pub(crate) fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether `origin` can be an issuer: `https://host[:port]`, or http where the host is this machine.
#[must_use]
pub fn is_origin(origin: &str) -> bool {
    let (rest, plain) = match (origin.strip_prefix("https://"), origin.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return false,
    };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let loopback = host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost");
    is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0)) && (!plain || loopback)
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && is_host(domain) && domain.contains('.') && !text.contains(char::is_whitespace)
        })
}

/// ISO 13616: two letters, two check digits, up to 30 letters and digits; remainder 1 by 97.
pub(crate) fn is_iban(text: &str) -> bool {
    let compact: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let form = (15..=34).contains(&compact.len())
        && compact[..2].iter().all(u8::is_ascii_uppercase)
        && compact[2..4].iter().all(u8::is_ascii_digit)
        && compact.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let remainder = (compact.iter().skip(4)).chain(compact.iter().take(4)).fold(0_u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter.wrapping_sub(b'A')) + 10) % 97,
    });
    form && remainder == 1
}
