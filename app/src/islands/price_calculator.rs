//! A price that follows the number of seats.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    amount::{Cents, money_text},
    number_stepper::StepperInput,
};

/// How a plan's price depends on its seats: `base + extra × (seats − included)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTerms {
    /// Price with the included seats, in minor units.
    pub base_minor: i64,
    /// Seats in the base price; also the fewest that can be bought.
    pub included_seats: u32,
    /// Price of each further seat, in minor units.
    pub extra_seat_minor: i64,
    /// The most seats that can be bought.
    pub max_seats: u32,
    /// ISO 4217 code.
    pub currency: String,
}

impl PriceTerms {
    /// Price of `seats` seats in minor units. Fewer than the included ones cost the base price.
    #[must_use]
    pub fn total_minor(&self, seats: u32) -> i64 {
        let extra = i64::from(seats.saturating_sub(self.included_seats));
        self.base_minor.saturating_add(self.extra_seat_minor.saturating_mul(extra))
    }
}

/// A sentence about a number of seats and a price, in the plural forms of its language. `{seats}` and `{total}` stand
/// for the number and the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatSentence {
    /// For one seat: `"{seats} instance for {total} a month"`.
    pub one: String,
    /// For any other number.
    pub other: String,
}

impl SeatSentence {
    /// The sentence for `seats` seats under `terms`, with cents as needed.
    #[must_use]
    pub fn fill(&self, seats: u32, terms: &PriceTerms) -> String {
        let total = money_text(terms.total_minor(seats), &terms.currency, Cents::WhenNeeded);
        let pattern = if seats == 1 { &self.one } else { &self.other };
        pattern.replace("{seats}", &seats.to_string()).replace("{total}", &total)
    }
}

/// A GET form that asks for a number of seats, says what they cost, and goes on to buy them.
///
/// Without a script "Update price" sends the number to `update_url`, and the server renders the total for it; with one
/// the total follows the number, and that button is gone. Both buttons send `hidden` and the number as `seats`.
#[island]
pub fn PriceCalculator(
    /// Unique on the page; prefixes the ids inside.
    id: String,
    /// Where buying goes on, e.g. `/order`.
    action: String,
    /// The page itself, which shows the price of the number sent.
    update_url: String,
    /// Further form values, as name and value: which plan, which interval.
    hidden: Vec<(String, String)>,
    /// How the price is made.
    terms: PriceTerms,
    /// Seats at first: the query's, or the included ones.
    seats: u32,
    /// Label of the number: "Instances".
    label: String,
    /// Accessible name of −.
    fewer: String,
    /// Accessible name of +.
    more: String,
    /// Below the number: what is included, what more costs.
    hint: String,
    /// What it costs: "2 instances, $448 a month".
    total: SeatSentence,
    /// The act: "Buy 2 instances for $448 a month".
    submit: SeatSentence,
    /// Whether buying this is the view's primary act.
    primary: bool,
    /// The button for those without scripts: "Update price".
    update: String,
) -> impl IntoView {
    let running = super::scripted();
    let (min, max) = (terms.included_seats.max(1), terms.max_seats.max(1));
    let number = RwSignal::new(seats.clamp(min, max));
    let (input_id, hint_id) = (format!("{id}-seats"), format!("{id}-hint"));
    let submit_terms = terms.clone();
    view! {
        <form class="calc" method="get" action=action>
            {hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()}
            <div class="field">
                <label for=input_id.clone()>{label}</label>
                <StepperInput
                    name="seats".to_owned()
                    id=input_id
                    number
                    min
                    max
                    fewer
                    more
                    described_by=Some(hint_id.clone())
                />
                <p class="hint" id=hint_id>
                    {hint}
                </p>
            </div>
            <output class="total">{move || total.fill(number.get(), &terms)}</output>
            <button type="submit" class="btn" formaction=update_url hidden=running>
                {update}
            </button>
            <button type="submit" class=if primary { "btn primary" } else { "btn" }>
                {move || submit.fill(number.get(), &submit_terms)}
            </button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn startup() -> PriceTerms {
        PriceTerms {
            base_minor: 29_900,
            included_seats: 2,
            extra_seat_minor: 14_900,
            max_seats: 100,
            currency: "usd".into(),
        }
    }

    #[test]
    fn included_seats_cost_the_base_price_and_each_further_one_the_extra_price() {
        assert_eq!(startup().total_minor(1), 29_900);
        assert_eq!(startup().total_minor(2), 29_900);
        assert_eq!(startup().total_minor(5), 29_900 + 3 * 14_900);
    }

    #[test]
    fn an_absurd_price_stays_a_number() {
        let terms = PriceTerms { extra_seat_minor: i64::MAX, ..startup() };
        assert_eq!(terms.total_minor(u32::MAX), i64::MAX);
    }

    #[test]
    fn a_sentence_takes_the_plural_form_of_its_number() {
        let sentence =
            SeatSentence { one: "{seats} instance, {total}".into(), other: "{seats} instances, {total}".into() };
        assert_eq!(sentence.fill(1, &startup()), "1 instance, $299");
        assert_eq!(sentence.fill(3, &startup()), "3 instances, $448");
    }
}
