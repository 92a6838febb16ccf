//! The account numbers that bank transfers go to: one virtual account per customer and kind, always the same.
//! <https://docs.stripe.com/payments/customer-balance/funding-instructions>

use serde_json::{Value, json};

/// The kind of transfer and the country of the account, for a currency.
pub(crate) fn kind_of(currency: &str) -> Option<(&'static str, &'static str)> {
    Some(match currency {
        "eur" => ("eu_bank_transfer", "DE"),
        "gbp" => ("gb_bank_transfer", "GB"),
        "jpy" => ("jp_bank_transfer", "JP"),
        "mxn" => ("mx_bank_transfer", "MX"),
        "usd" => ("us_bank_transfer", "US"),
        _ => return None,
    })
}

/// Countries in which a virtual IBAN can be had.
pub(crate) const IBAN_COUNTRIES: [&str; 6] = ["BE", "DE", "ES", "FR", "IE", "NL"];

const HOLDER: &str = "Leasehold Demo";

/// The accounts of a customer for one kind of transfer.
pub(crate) fn addresses(customer: &str, kind: &str, country: &str) -> Value {
    let holder = address(country);
    let mut digits = Digits::of(customer);
    let mut account = json!({
        "account_holder_address": holder, "account_holder_name": HOLDER, "bank_address": address(country),
    });
    let mut with = |members: Value| {
        if let (Value::Object(account), Value::Object(members)) = (&mut account, members) {
            account.extend(members);
        }
        account.clone()
    };
    match kind {
        "eu_bank_transfer" => {
            let iban = with(json!({ "bic": bic(country), "country": country, "iban": iban(country, &mut digits) }));
            json!([{ "type": "iban", "supported_networks": ["sepa"], "iban": iban }])
        }
        "gb_bank_transfer" => {
            let sort = with(json!({ "account_number": digits.take(8), "sort_code": "200000" }));
            json!([{ "type": "sort_code", "supported_networks": ["bacs", "fps"], "sort_code": sort }])
        }
        "jp_bank_transfer" => {
            let zengin = with(json!({
                "account_number": digits.take(7), "account_type": "futsu", "bank_code": "0000",
                "bank_name": "Sandbox Bank", "branch_code": "000", "branch_name": "Sandbox Branch",
            }));
            json!([{ "type": "zengin", "supported_networks": ["zengin"], "zengin": zengin }])
        }
        "mx_bank_transfer" => {
            let spei = with(
                json!({ "bank_code": "002", "bank_name": "Sandbox Bank", "clabe": format!("002{}", digits.take(15)) }),
            );
            json!([{ "type": "spei", "supported_networks": ["spei"], "spei": spei }])
        }
        _ => {
            let number = digits.take(12);
            let aba = with(json!({
                "account_number": number, "account_type": "checking", "bank_name": "Sandbox Bank",
                "routing_number": "110000000",
            }));
            let swift = json!({
                "account_holder_address": holder, "account_holder_name": HOLDER, "account_number": number,
                "account_type": "checking", "bank_address": address(country), "bank_name": "Sandbox Bank",
                "swift_code": "TESTUS99XXX",
            });
            json!([
                { "type": "aba", "supported_networks": ["ach", "domestic_wire_us"], "aba": aba },
                { "type": "swift", "supported_networks": ["swift"], "swift": swift },
            ])
        }
    }
}

fn address(country: &str) -> Value {
    json!({ "city": "Sandbox", "country": country, "line1": "1 Loopback Street", "line2": null, "postal_code": "12711",
        "state": null })
}

fn bic(country: &str) -> String {
    format!("TEST{country}99XXX")
}

/// An IBAN with the length and the check digits of its country (ISO 13616), so that clients may verify it.
fn iban(country: &str, digits: &mut Digits) -> String {
    let bban = match country {
        "NL" => format!("TEST{}", digits.take(10)),
        "IE" => format!("TEST{}", digits.take(14)),
        "BE" => {
            // Belgium's own check: the first ten digits modulo 97, 97 for 0.
            let account = digits.take(10);
            let check = account.parse::<u64>().unwrap_or(0) % 97;
            format!("{account}{:02}", if check == 0 { 97 } else { check })
        }
        "ES" => digits.take(20),
        "FR" => digits.take(23),
        _ => digits.take(18),
    };
    format!("{country}{:02}{bban}", 98 - remainder(&format!("{bban}{country}00")))
}

/// The number behind an IBAN modulo 97, letters counting as two digits.
fn remainder(text: &str) -> u64 {
    text.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, value| {
        let value = u64::from(value);
        if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }
    })
}

/// Digits drawn from a text, the same ones each time (FNV-1a, then a linear congruential step for each).
struct Digits(u64);

impl Digits {
    fn of(text: &str) -> Self {
        Self(
            text.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)),
        )
    }

    fn take(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'0' + u8::try_from((self.0 >> 33) % 10).unwrap_or(0))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Digits, IBAN_COUNTRIES, addresses, iban, remainder};

    #[test]
    fn every_iban_has_its_country_s_length_and_passes_the_check() {
        for (country, length) in IBAN_COUNTRIES.into_iter().zip([16, 22, 24, 27, 22, 18]) {
            let iban = iban(country, &mut Digits::of("cus_1"));
            assert_eq!(iban.len(), length, "{iban}");
            let (front, rest) = iban.split_at(4);
            assert_eq!(remainder(&format!("{rest}{front}")), 1, "{iban}");
        }
        assert_eq!(remainder("370400440532013000DE89"), 1, "the example of ISO 13616");
    }

    #[test]
    fn a_customer_keeps_the_account_and_another_one_has_another() {
        let of = |customer| addresses(customer, "eu_bank_transfer", "DE");
        assert_eq!(of("cus_1"), of("cus_1"));
        assert_ne!(of("cus_1")[0]["iban"]["iban"], of("cus_2")[0]["iban"]["iban"]);
    }
}
