//! Money: integer minor units and a currency that knows its exponent. Never a float.

use serde::{Deserialize, Serialize};

/// Every currency in which Stripe takes payments (<https://docs.stripe.com/currencies#presentment-currencies>).
const TAKEN: &str = "\
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf \
    clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr \
    ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur \
    mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr \
    sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg \
    xof xpf yer zar zmw";

/// A three-letter ISO 4217 code in lower case, as Stripe writes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// `XXX`, which ISO 4217 keeps for "no currency".
    pub const NONE: Self = Self(*b"xxx");

    /// Reads a code in either case; `None` unless it is three ASCII letters.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|byte| byte.to_ascii_lowercase())))
    }

    /// The code in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether Stripe takes payments in it. What is read from Stripe or stored may be in another one; what is sold may not.
    #[must_use]
    pub fn is_taken_by_stripe(&self) -> bool {
        TAKEN.split(' ').any(|code| code == self.as_str())
    }

    /// How many digits stand behind the decimal point: 2 for most, 0 for JPY, 3 for KWD
    /// (<https://docs.stripe.com/currencies#zero-decimal>, `#three-decimal`). ISK and UGX have no minor unit,
    /// but Stripe goes on counting them in hundredths (`#special-cases`), and so do we.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        match self.as_str() {
            "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd" | "vuv" | "xaf"
            | "xof" | "xpf" => 0,
            "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
            _ => 2,
        }
    }

    /// The least difference between two amounts that Stripe takes, in minor units: ten of a currency with three decimals
    /// (`#three-decimal`), and whole units of the two that have none but are counted in hundredths (`#special-cases`;
    /// what it says of HUF and TWD is about payouts). What Stripe reckons itself, such as a part of a period, may be finer.
    #[must_use]
    pub fn smallest_step(&self) -> i64 {
        match self.as_str() {
            "isk" | "ugx" => 100,
            _ if self.exponent() == 3 => 10,
            _ => 1,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code).ok_or_else(|| format!("{code:?} is not a three-letter currency code"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<DB: sqlx::Database> sqlx::Type<DB> for Currency
where
    String: sqlx::Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as sqlx::Type<DB>>::type_info()
    }

    fn compatible(info: &DB::TypeInfo) -> bool {
        <String as sqlx::Type<DB>>::compatible(info)
    }
}

impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for Currency
where
    String: sqlx::Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        String::from(*self).encode(buffer)
    }
}

impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for Currency
where
    String: sqlx::Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self::try_from(String::decode(value)?)?)
    }
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: cents for USD, yen for JPY, fils for KWD.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_list_of_currencies_has_each_of_them_once_and_all_that_are_counted_otherwise() {
        let codes: Vec<&str> = TAKEN.split(' ').collect();
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        assert!(codes.iter().all(|code| Currency::parse(code).is_some_and(|currency| currency.as_str() == *code)));
        for code in ["usd", "eur", "gbp", "jpy", "krw", "clp", "xpf", "bhd", "jod", "kwd", "omr", "tnd", "isk", "zmw"] {
            assert!(Currency::parse(code).unwrap().is_taken_by_stripe(), "{code}");
        }
        for code in ["xxx", "xyz", "dem", "xau"] {
            assert!(!Currency::parse(code).unwrap().is_taken_by_stripe(), "{code}");
        }
    }
    #[test]
    fn amounts_are_counted_and_stepped_as_stripe_takes_them() {
        for (code, exponent, smallest_step) in [
            ("usd", 2, 1),
            ("jpy", 0, 1),
            ("kwd", 3, 10),
            ("isk", 2, 100),
            ("ugx", 2, 100),
            ("huf", 2, 1),
            ("twd", 2, 1),
        ] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.exponent(), currency.smallest_step()), (exponent, smallest_step), "{code}");
        }
    }
}
