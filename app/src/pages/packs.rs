//! Packs of a plan's limits, to be counted on the pages that buy and change.

use std::collections::BTreeMap;

use backend::catalog::{Composition, Pack, Plan, Price, PriceRole, TierMode};
use backend::text::en::{licenses, packs as text};
use leptos::prelude::*;

use crate::api::orders::PACK;
use crate::components::PackField;
use crate::islands::pack_stepper::{PackSentence, PackTerms};
use crate::request::Visit;

/// How many packs of which limits the address asks for. A number that cannot be read is one that no license can have, so
/// that the page says which can.
pub(super) fn asked(visit: &Visit) -> BTreeMap<String, i64> {
    let count = |value: &str| if value.trim().is_empty() { 0 } else { value.trim().parse().unwrap_or(-1) };
    let pairs = visit.query_pairs().into_iter();
    pairs.filter_map(|(name, value)| Some((name.strip_prefix(PACK)?.to_owned(), count(&value)))).collect()
}

/// The packs that can be had with what is chosen, and those that are had already; nothing where there are none. `had` are
/// those of a license that stays under the plan.
pub(super) fn pack_fields(plan: &Plan, chosen: &Composition, had: &BTreeMap<String, i64>) -> Vec<AnyView> {
    let field = |pack: &Pack| {
        let price = plan.price_of(PriceRole::Pack, &pack.limit, chosen.interval, chosen.currency);
        let price = price.filter(|_| pack.offered);
        let had = had.get(&pack.limit).copied().unwrap_or(0);
        let max = if price.is_some() { pack.max.max(had) } else { had };
        if max == 0 {
            return None;
        }
        let number = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        let count = chosen.packs.get(&pack.limit).copied().unwrap_or(0);
        let (none, some) = text::running(pack, chosen.interval);
        let view = view! {
            <PackField
                name=format!("{PACK}{}", pack.limit)
                label=text::label(pack)
                value=number(count)
                max=number(max)
                steps=text::steps(pack)
                hint=price.map(|price| text::tiers(price, chosen.interval, licenses::amount))
                terms=price.map(|price| terms(pack, price))
                sentence=PackSentence { none, some }
            />
        };
        Some(view.into_any())
    };
    plan.packs.iter().filter_map(field).collect()
}

/// How the island adds the price up: the same sum as `Price::rows`.
fn terms(pack: &Pack, price: &Price) -> PackTerms {
    let end = |up_to: i64| u32::try_from(up_to).unwrap_or(u32::MAX);
    let tiers = match &price.tiers {
        Some(tiers) => tiers.steps.iter().map(|tier| (tier.up_to.map(end), tier.each_minor)).collect(),
        None => vec![(None, price.unit_amount.amount_minor)],
    };
    PackTerms {
        size: pack.size,
        tiers,
        graduated: price.tiers.as_ref().is_some_and(|tiers| tiers.mode == TierMode::Graduated),
        currency: price.unit_amount.currency.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use backend::catalog::{BillingInterval, Tier, Tiers};
    use backend::clock::UnixMs;
    use backend::ids::PriceId;
    use backend::money::{Currency, Money};

    use super::*;

    #[test]
    fn the_running_price_is_the_one_that_is_charged() {
        let pack = Pack { limit: "devices".to_owned(), size: 100, max: 80, offered: true };
        for ends in [vec![], vec![1], vec![10], vec![4, 5, 30], vec![10, 20, 79]] {
            for (mode, each) in [(TierMode::Volume, [500, 450, 99, 7]), (TierMode::Graduated, [333, 900, 1, 60])] {
                let ends = ends.iter().copied().map(Some).chain([None]);
                let steps = ends.zip(each).map(|(up_to, each_minor)| Tier { up_to, each_minor }).collect();
                let price = Price {
                    id: PriceId::from_untrusted("prc_x"),
                    role: PriceRole::Pack,
                    option: pack.limit.clone(),
                    interval: BillingInterval::Month,
                    unit_amount: Money::new(each[0], Currency::parse("usd").unwrap()),
                    tiers: Some(Tiers { mode, steps }),
                    lookup_key: String::new(),
                    stripe_price_id: None,
                    created_at: UnixMs(0),
                };
                for packs in 0..=80 {
                    let running = terms(&pack, &price).total_minor(packs);
                    assert_eq!(Some(running), price.amount_minor(packs.into()), "{packs} of {price:?}");
                }
            }
        }
    }
}
