//! A number of packs, and the price that follows it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    amount::{Cents, grouped, money_text},
    number_stepper::StepperInput,
};

/// How the price of packs depends on their number: the same sum as the backend's tiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackTerms {
    /// What each pack gives.
    pub size: i64,
    /// The last pack of each tier and what each in it costs, in minor units; the last tier has no end.
    pub tiers: Vec<(Option<u32>, i64)>,
    /// Each pack costs what its own tier says; otherwise all cost what the tier of their number says.
    pub graduated: bool,
    /// ISO 4217 code.
    pub currency: String,
}

impl PackTerms {
    /// Price of so many packs in minor units.
    #[must_use]
    pub fn total_minor(&self, packs: u32) -> i64 {
        let mut below = 0;
        let mut total: i64 = 0;
        for (up_to, each) in &self.tiers {
            let end = up_to.unwrap_or(u32::MAX);
            if !self.graduated && packs <= end {
                return each.saturating_mul(packs.into());
            }
            total = total.saturating_add(each.saturating_mul(packs.min(end).saturating_sub(below).into()));
            below = end.min(packs);
        }
        total
    }
}

/// What is said about a number of packs: `{more}` and `{total}` stand for what they give and cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackSentence {
    /// For none.
    pub none: String,
    /// For any: `"{more} devices more, {total} a month"`.
    pub some: String,
}

impl PackSentence {
    /// The sentence for `packs` packs under `terms`.
    #[must_use]
    pub fn fill(&self, packs: u32, terms: &PackTerms) -> String {
        if packs == 0 {
            return self.none.clone();
        }
        let more = terms.size.saturating_mul(packs.into());
        let total = money_text(terms.total_minor(packs), &terms.currency, Cents::Always);
        self.some.replace("{more}", &grouped(more.unsigned_abs())).replace("{total}", &total)
    }
}

/// A number of packs in a form, with what they give and cost below it. Without a script the price is that of the number
/// that was sent.
///
/// Use it through the `PackField` component, which brings label and hint.
#[island]
pub fn PackStepper(
    /// Name of the form value.
    name: String,
    /// Id of the input, for its label.
    id: String,
    /// The number at first.
    value: u32,
    /// The greatest number accepted.
    max: u32,
    /// Accessible name of −: "One pack of devices fewer".
    fewer: String,
    /// Accessible name of +: "One pack of devices more".
    more: String,
    /// Id of the hint or error that describes the input.
    described_by: Option<String>,
    /// Whether the last value sent was refused.
    invalid: bool,
    /// How the price is made; none where packs are not sold, but kept by who has them.
    terms: Option<PackTerms>,
    /// What is said about number and price.
    sentence: PackSentence,
) -> impl IntoView {
    let number = RwSignal::new(value);
    let for_id = id.clone();
    let running = terms.map(|terms| {
        let fill = move || sentence.fill(number.get(), &terms);
        view! { <output class="running" for=for_id>{fill}</output> }
    });
    view! {
        <StepperInput name id number min=0 max fewer more described_by invalid />
        {running}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(graduated: bool) -> PackTerms {
        let tiers = vec![(Some(5), 700), (Some(10), 650), (None, 600)];
        PackTerms { size: 1_000, tiers, graduated, currency: "usd".into() }
    }

    #[test]
    fn packs_cost_what_their_tiers_say() {
        for (packs, volume, graduated) in [(0, 0, 0), (5, 3_500, 3_500), (6, 3_900, 4_150), (25, 15_000, 15_750)] {
            assert_eq!(terms(false).total_minor(packs), volume, "{packs}");
            assert_eq!(terms(true).total_minor(packs), graduated, "{packs}");
        }
    }

    #[test]
    fn a_number_of_packs_says_what_it_gives_and_costs() {
        let sentence =
            PackSentence { none: "No further devices".into(), some: "{more} devices more, {total} a month".into() };
        assert_eq!(sentence.fill(0, &terms(true)), "No further devices");
        assert_eq!(sentence.fill(3, &terms(true)), "3,000 devices more, $21.00 a month");
    }
}
