//! The choice of a currency, and why there is none.

use crate::money::Currency;
use crate::orders::currency::{FixedBy, FixedCurrency};

/// A currency in a list: `EUR`.
#[must_use]
pub fn name(currency: Currency) -> String {
    currency.as_str().to_uppercase()
}

/// Why an account cannot choose.
#[must_use]
pub fn fixed(fixed: &FixedCurrency) -> String {
    let currency = name(fixed.currency);
    match fixed.by {
        FixedBy::Subscription => format!(
            "Your account pays in {currency}, the currency of its subscription: while one runs, everything is in one \
             currency."
        ),
        FixedBy::Credit => {
            format!("Your account pays in {currency}, the currency of its credit, until that is used up.")
        }
    }
}

/// Why an order in another currency is refused.
#[must_use]
pub fn refused(by: &FixedCurrency) -> String {
    format!("{} Choose a plan that is sold in it, or write to us.", fixed(by))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn who_cannot_choose_is_told_why() {
        let currency = Currency::parse("jpy").unwrap();
        for by in [FixedBy::Subscription, FixedBy::Credit] {
            let sentence = fixed(&FixedCurrency { currency, by });
            assert!(sentence.starts_with("Your account pays in JPY, the currency of its "), "{sentence}");
        }
    }
}
