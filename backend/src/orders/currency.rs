//! In which currency an account buys.
//!
//! Stripe lets a customer pay in one currency while a subscription runs or credit is left
//! (<https://docs.stripe.com/billing/customer#currency>), so the choice is free only before that, and after.

use crate::billing;
use crate::catalog::Plan;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::ledger;
use crate::money::Currency;

/// Why an account has no choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixedBy {
    /// A subscription is paid in it.
    Subscription,
    /// Credit is counted in it.
    Credit,
}

/// The currency in which an account has to buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FixedCurrency {
    /// Which.
    pub currency: Currency,
    /// Why.
    pub by: FixedBy,
}

/// The currency in which an account has to buy now; `None` where it may choose.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn fixed_currency(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Option<FixedCurrency>, DbError> {
    let fixed = |by| move |currency| FixedCurrency { currency, by };
    if let Some(currency) = billing::find_currency_of_account(tx, vendor_id, account_id).await? {
        return Ok(Some(fixed(FixedBy::Subscription)(currency)));
    }
    Ok(ledger::find_credit_currency(tx, vendor_id, account_id).await?.map(fixed(FixedBy::Credit)))
}

/// The currencies in which these plans are sold, those that the vendor names first in its order, then the others.
#[must_use]
pub fn offered<'a>(plans: impl IntoIterator<Item = &'a Plan>, vendors_order: &[Currency]) -> Vec<Currency> {
    let mut found: Vec<Currency> =
        plans.into_iter().flat_map(|plan| &plan.prices).map(|price| price.unit_amount.currency).collect();
    let place = |currency: &Currency| vendors_order.iter().position(|named| named == currency).unwrap_or(usize::MAX);
    found.sort_by(|a, b| (place(a), a.as_str()).cmp(&(place(b), b.as_str())));
    found.dedup();
    found
}

/// The currency in which prices are shown: the one that the account is bound to, else the one that is asked for, else the
/// usual one of the account's country, else the vendor's first; of those that are offered.
#[must_use]
pub fn shown(
    offered: &[Currency],
    asked: Option<Currency>,
    fixed: Option<FixedCurrency>,
    country: Option<&str>,
) -> Option<Currency> {
    let wishes = [fixed.map(|fixed| fixed.currency), asked, country.and_then(usual)];
    wishes.into_iter().flatten().find(|wish| offered.contains(wish)).or(offered.first().copied())
}

/// The currency that people of a country (ISO 3166-1 alpha-2) usually pay in; `None` where we do not know.
#[must_use]
pub fn usual(country: &str) -> Option<Currency> {
    let code = match country {
        "AD" | "AT" | "BE" | "BG" | "CY" | "DE" | "EE" | "ES" | "FI" | "FR" | "GR" | "HR" | "IE" | "IT" | "LT"
        | "LU" | "LV" | "MC" | "ME" | "MT" | "NL" | "PT" | "SI" | "SK" | "SM" | "VA" => "eur",
        "US" | "PR" | "EC" | "SV" | "GU" => "usd",
        "GB" | "GG" | "IM" | "JE" => "gbp",
        "CH" | "LI" => "chf",
        "AE" => "aed",
        "AU" => "aud",
        "BH" => "bhd",
        "BR" => "brl",
        "CA" => "cad",
        "CL" => "clp",
        "CN" => "cny",
        "CZ" => "czk",
        "DK" => "dkk",
        "HK" => "hkd",
        "HU" => "huf",
        "IL" => "ils",
        "IN" => "inr",
        "JO" => "jod",
        "JP" => "jpy",
        "KR" => "krw",
        "KW" => "kwd",
        "MX" => "mxn",
        "NO" => "nok",
        "NZ" => "nzd",
        "OM" => "omr",
        "PL" => "pln",
        "RO" => "ron",
        "SA" => "sar",
        "SE" => "sek",
        "SG" => "sgd",
        "TN" => "tnd",
        "TR" => "try",
        "TW" => "twd",
        "VN" => "vnd",
        "ZA" => "zar",
        _ => return None,
    };
    Currency::parse(code)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{BillingInterval, PlanKind, PriceRole};
    use crate::orders::rules::tests as sold;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn the_vendor_says_which_currency_comes_first() {
        let price = |code| sold::price(PriceRole::Base, BillingInterval::Month, 100, code);
        let plans = [
            sold::plan(PlanKind::Subscription, 1, vec![price("usd"), price("eur"), price("chf")]),
            sold::plan(PlanKind::Subscription, 1, vec![price("jpy"), price("usd")]),
        ];
        let codes = |order: &[&str]| {
            let order: Vec<Currency> = order.iter().map(|code| currency(code)).collect();
            offered(&plans, &order).iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(codes(&[]), ["chf", "eur", "jpy", "usd"]);
        assert_eq!(codes(&["usd", "kwd", "eur"]), ["usd", "eur", "chf", "jpy"]);
    }

    #[test]
    fn prices_are_shown_in_the_currency_that_fits_best() {
        let (usd, eur, jpy) = (currency("usd"), currency("eur"), currency("jpy"));
        let fixed = |currency| Some(FixedCurrency { currency, by: FixedBy::Credit });
        for (asked, fixed, country, expected) in [
            (None, None, None, usd),
            (None, None, Some("DE"), eur),
            (None, None, Some("JP"), usd),
            (Some(usd), None, Some("DE"), usd),
            (Some(jpy), None, Some("DE"), eur),
            (Some(eur), fixed(usd), Some("DE"), usd),
            (Some(eur), fixed(jpy), None, eur),
        ] {
            assert_eq!(shown(&[usd, eur], asked, fixed, country), Some(expected), "{asked:?} {fixed:?} {country:?}");
        }
        assert_eq!(shown(&[], Some(usd), None, None), None);
    }

    #[test]
    fn every_country_named_here_exists() {
        for first in b'A'..=b'Z' {
            for second in b'A'..=b'Z' {
                let code = String::from_utf8(vec![first, second]).unwrap();
                let known = crate::text::en::countries::country(&code).is_some();
                assert!(known || usual(&code).is_none(), "{code}");
            }
        }
    }
}
