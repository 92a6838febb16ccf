//! Automatic tax with a fixed table: exclusive VAT for the EU as a seller in Germany would charge it.

use serde_json::{Value, json};

use crate::{
    billing::proration::share,
    object::{elements, text},
    world::World,
};

/// The seller's country.
pub(crate) const SELLER: &str = "DE";

/// Standard VAT rates of the EU in per mille.
const RATES: &[(&str, i64)] = &[
    ("AT", 200),
    ("BE", 210),
    ("BG", 200),
    ("CY", 190),
    ("CZ", 210),
    ("DE", 190),
    ("DK", 250),
    ("EE", 240),
    ("ES", 210),
    ("FI", 255),
    ("FR", 200),
    ("GR", 240),
    ("HR", 250),
    ("HU", 270),
    ("IE", 230),
    ("IT", 220),
    ("LT", 210),
    ("LU", 170),
    ("LV", 210),
    ("MT", 180),
    ("NL", 210),
    ("PL", 230),
    ("PT", 230),
    ("RO", 210),
    ("SE", 250),
    ("SI", 220),
    ("SK", 230),
];

/// How a buyer is taxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// Per mille of the net amount.
    pub(crate) per_mille: i64,
    /// Stripe's `taxability_reason`.
    pub(crate) reason: &'static str,
    country: String,
}

impl Treatment {
    /// By country (ISO 3166-1 alpha-2, empty when unknown) and whether the buyer has a valid VAT id.
    pub(crate) fn decide(country: &str, business: bool, exempt: &str) -> Self {
        let rate = RATES.iter().find(|(known, _)| *known == country).map(|(_, rate)| *rate);
        let (per_mille, reason) = match rate {
            _ if exempt == "exempt" => (0, "customer_exempt"),
            _ if exempt == "reverse" => (0, "reverse_charge"),
            None => (0, "not_collecting"),
            Some(_) if business && country != SELLER => (0, "reverse_charge"),
            Some(rate) => (rate, "standard_rated"),
        };
        Self { per_mille, reason, country: country.to_owned() }
    }

    /// For a stored customer: address and tax ids.
    pub(crate) fn of_customer(world: &World, customer: &Value) -> Self {
        let business = world.tax_ids_of(text(customer, "id")).iter().any(valid_vat_id);
        Self::decide(text(&customer["address"], "country"), business, text(customer, "tax_exempt"))
    }

    /// For what the buyer has entered at Checkout so far (`customer_details`).
    pub(crate) fn of_details(details: &Value) -> Self {
        let business = elements(details, "tax_ids").iter().any(valid_vat_id);
        Self::decide(text(&details["address"], "country"), business, text(details, "tax_exempt"))
    }

    /// Whether the buyer's place is known well enough to decide.
    pub(crate) fn located(&self) -> bool {
        !self.country.is_empty()
    }

    /// Tax on a net amount.
    pub(crate) fn on(&self, net: i64) -> i64 {
        share(net, self.per_mille, 1000)
    }

    /// The tax rate object behind this treatment; one per country and rate.
    pub(crate) fn rate_id(&self) -> String {
        format!("txr_{}{:03}{}", self.country, self.per_mille, if self.reason == "reverse_charge" { "rc" } else { "" })
    }

    /// The tax rate object itself.
    pub(crate) fn rate(&self, created: i64) -> Value {
        let percentage = self.per_mille as f64 / 10.0;
        json!({
            "id": self.rate_id(), "object": "tax_rate", "active": true, "country": self.country, "created": created,
            "description": null, "display_name": "VAT", "effective_percentage": percentage, "flat_amount": null,
            "inclusive": false, "jurisdiction": self.country, "jurisdiction_level": "country", "livemode": false,
            "metadata": {}, "percentage": percentage, "rate_type": "percentage", "state": null, "tax_type": "vat",
        })
    }

    /// An entry of an invoice's `total_taxes` or a line's `taxes`; none where no tax is collected at all.
    pub(crate) fn entry(&self, amount: i64, taxable: i64) -> Option<Value> {
        (self.reason != "not_collecting").then(|| {
            json!({
                "amount": amount, "tax_behavior": "exclusive", "tax_rate_details": { "tax_rate": self.rate_id() },
                "taxability_reason": self.reason, "taxable_amount": taxable, "type": "tax_rate_details",
            })
        })
    }
}

fn valid_vat_id(tax_id: &Value) -> bool {
    text(tax_id, "type") == "eu_vat" && verification(text(tax_id, "value")) != "unverified"
}

/// Stripe's own test values decide: `111111111` is not verified, `222222222` pending, all else verified.
pub(crate) fn verification(value: &str) -> &'static str {
    if value.contains("111111111") {
        "unverified"
    } else if value.contains("222222222") {
        "pending"
    } else {
        "verified"
    }
}

#[cfg(test)]
mod tests {
    use super::Treatment;

    #[test]
    fn vat_follows_country_and_vat_id() {
        for (country, business, per_mille, reason) in [
            ("DE", false, 190, "standard_rated"),
            ("DE", true, 190, "standard_rated"),
            ("FR", false, 200, "standard_rated"),
            ("FR", true, 0, "reverse_charge"),
            ("US", true, 0, "not_collecting"),
            ("", false, 0, "not_collecting"),
        ] {
            let treatment = Treatment::decide(country, business, "none");
            assert_eq!((treatment.per_mille, treatment.reason), (per_mille, reason), "{country} {business}");
        }
        assert_eq!(Treatment::decide("FI", false, "none").on(999), 255);
    }
}
