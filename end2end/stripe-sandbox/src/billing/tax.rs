//! Automatic tax: exclusive, by where the account is registered and where the buyer is.

use serde_json::{Value, json};

use crate::{
    billing::{
        proration::share_in,
        seller::Seller,
        tax_table::{self, Levy, is_in_eu, levies, state_of},
    },
    object::{elements, text},
    world::World,
};

/// How a buyer is taxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// The taxes that apply, each on the net amount; none where no tax is collected at all.
    levies: Vec<Levy>,
    /// Stripe's `taxability_reason`.
    reason: &'static str,
    country: String,
    located: bool,
}

/// What is known about a buyer.
struct Buyer<'a> {
    address: &'a Value,
    /// Whether there is a valid VAT id.
    business: bool,
    /// Stripe's `tax_exempt`.
    exempt: &'a str,
}

impl Treatment {
    fn decide(seller: &Seller, buyer: &Buyer<'_>) -> Self {
        let country = text(buyer.address, "country");
        let state = state_of(text(buyer.address, "state"), text(buyer.address, "postal_code"));
        let taxes = if seller.collects(country, state) { levies(country, state) } else { Vec::new() };
        let nothing = vec![Levy::nothing(country)];
        let (levies, reason) = match buyer.exempt {
            "exempt" => (nothing, "customer_exempt"),
            "reverse" => (nothing, "reverse_charge"),
            _ if taxes.is_empty() => (taxes, "not_collecting"),
            _ if buyer.business && is_in_eu(country) && country != seller.country => (nothing, "reverse_charge"),
            _ => (taxes, "standard_rated"),
        };
        let says_where = ["state", "postal_code"].iter().any(|part| !text(buyer.address, part).is_empty());
        let located = !country.is_empty() && (country != "US" || says_where || !seller.asks_for_state());
        Self { levies, reason, country: country.to_owned(), located }
    }

    /// For a stored customer: address and tax ids.
    pub(crate) fn of_customer(world: &World, customer: &Value) -> Self {
        let business = world.tax_ids_of(text(customer, "id")).iter().any(valid_vat_id);
        let buyer = Buyer { address: &customer["address"], business, exempt: text(customer, "tax_exempt") };
        Self::decide(&Seller::of(world), &buyer)
    }

    /// For what the buyer has entered at Checkout so far (`customer_details`).
    pub(crate) fn of_details(world: &World, details: &Value) -> Self {
        let business = elements(details, "tax_ids").iter().any(valid_vat_id);
        let buyer = Buyer { address: &details["address"], business, exempt: text(details, "tax_exempt") };
        Self::decide(&Seller::of(world), &buyer)
    }

    /// Whether the buyer's place is known well enough to decide.
    pub(crate) fn located(&self) -> bool {
        self.located
    }

    /// The taxes on a net amount, one for each that applies, as multiples of `grain`.
    pub(crate) fn on(&self, net: i64, grain: i64) -> Vec<i64> {
        self.levies.iter().map(|levy| share_in(net, levy.per_10_000, 10_000, grain)).collect()
    }

    /// The id of the tax rate object behind one of the taxes; one per jurisdiction and rate.
    fn rate_id(&self, levy: &Levy) -> String {
        let place = levy.state.map(|state| format!("{state}{}", levy.level)).unwrap_or_default();
        let turned = if self.reason == "reverse_charge" { "rc" } else { "" };
        format!("txr_{}{place}{:04}{turned}", self.country, levy.per_10_000)
    }

    fn rate(&self, levy: &Levy, created: i64) -> Value {
        let percentage = levy.per_10_000 as f64 / 100.0;
        json!({
            "id": self.rate_id(levy), "object": "tax_rate", "active": true, "country": self.country, "created": created,
            "description": null, "display_name": levy.name, "effective_percentage": percentage, "flat_amount": null,
            "inclusive": false, "jurisdiction": levy.jurisdiction, "jurisdiction_level": levy.level, "livemode": false,
            "metadata": {}, "percentage": percentage, "rate_type": "percentage", "state": levy.state,
            "tax_type": levy.kind,
        })
    }

    /// Stores the tax rate objects that invoices with this treatment name.
    pub(crate) fn keep_rates(&self, world: &mut World) {
        for levy in &self.levies {
            if world.find(&self.rate_id(levy)).is_none() {
                world.insert(self.rate(levy, world.now));
            }
        }
    }

    /// An invoice's `total_taxes` or a line's `taxes`: an entry for each tax, of which `amounts` are what they come to.
    pub(crate) fn entries(&self, amounts: &[i64], taxable: i64) -> Vec<Value> {
        let entry = |(levy, amount): (&Levy, &i64)| {
            json!({
                "amount": amount, "tax_behavior": "exclusive", "tax_rate_details": { "tax_rate": self.rate_id(levy) },
                "taxability_reason": self.reason, "taxable_amount": taxable, "type": "tax_rate_details",
            })
        };
        self.levies.iter().zip(amounts).map(entry).collect()
    }
}

/// What a country calls its tax on sales, for pages that show the sum of all taxes.
pub(crate) fn name_in(country: &str) -> &'static str {
    tax_table::name_in(country)
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
    use serde_json::json;

    use super::{Buyer, Treatment};
    use crate::billing::seller::Seller;

    fn treat(seller: &Seller, country: &str, state: &str, business: bool) -> Treatment {
        let address = json!({ "country": country, "state": state });
        Treatment::decide(seller, &Buyer { address: &address, business, exempt: "none" })
    }

    #[test]
    fn vat_follows_seller_buyer_and_vat_id() {
        let (german, french) = (Seller::at("DE", &[("DE", None)]), Seller::at("FR", &[("FR", None)]));
        let (swiss, american) = (Seller::at("CH", &[("CH", None)]), Seller::at("US", &[("US", Some("CA"))]));
        let abroad = Seller::at("US", &[("US", Some("CA")), ("IE", None)]);
        for (seller, country, business, tax, reason) in [
            (&german, "DE", false, Some(1_900), "standard_rated"),
            (&german, "DE", true, Some(1_900), "standard_rated"),
            (&german, "FR", false, Some(2_000), "standard_rated"),
            (&german, "FR", true, Some(0), "reverse_charge"),
            (&german, "US", true, None, "not_collecting"),
            (&german, "", false, None, "not_collecting"),
            (&french, "FR", true, Some(2_000), "standard_rated"),
            (&french, "DE", true, Some(0), "reverse_charge"),
            (&french, "DE", false, Some(1_900), "standard_rated"),
            (&swiss, "CH", false, Some(810), "standard_rated"),
            (&swiss, "DE", false, None, "not_collecting"),
            (&swiss, "DE", true, None, "not_collecting"),
            (&american, "DE", false, None, "not_collecting"),
            (&abroad, "IE", true, Some(0), "reverse_charge"),
            (&abroad, "FR", false, Some(2_000), "standard_rated"),
        ] {
            let treatment = treat(seller, country, "", business);
            assert_eq!(treatment.on(10_000, 1), Vec::from_iter(tax), "{seller:?} {country} {business}");
            assert_eq!(treatment.reason, reason, "{seller:?} {country} {business}");
        }
        assert_eq!(treat(&german, "FI", "", false).on(999, 1), [255]);
        assert_eq!(treat(&german, "FI", "", false).on(9_150, 10), [2_330]);
    }

    #[test]
    fn sales_tax_is_collected_in_states_with_a_registration() {
        let german = Seller::at("DE", &[("DE", None), ("US", Some("NY"))]);
        assert_eq!(treat(&german, "US", "NY", true).on(9_900, 1), [396, 470]);
        assert!(treat(&german, "US", "CA", false).on(9_900, 1).is_empty());
        assert!(treat(&german, "US", "OR", false).located());
        assert!(!treat(&german, "US", "", false).located(), "the state decides");
        assert!(treat(&Seller::at("DE", &[("DE", None)]), "US", "", false).located(), "nothing depends on it");
    }
}
