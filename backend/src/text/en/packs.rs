//! Packs: more of a limit, bought on top of a plan.

use std::collections::BTreeMap;

use super::licenses::{humanised, number};
use super::orders;
use crate::catalog::{BillingInterval, Pack, PacksHeld, Plan, Price, TierMode};
use crate::money::Money;

/// Names the packs of a license.
pub const LABEL: &str = "Packs";

/// A limit's name within a sentence: `field devices`.
fn name(limit: &str) -> String {
    limit.replace(['_', '-'], " ")
}

/// What so many packs give: `300 devices more`.
#[must_use]
pub fn more(pack: &Pack, count: i64) -> String {
    format!("{} {} more", number(pack.gives(count)), name(&pack.limit))
}

/// The question on the pages that buy and change: `Packs of 100 devices`.
#[must_use]
pub fn label(pack: &Pack) -> String {
    format!("Packs of {} {}", number(pack.size), name(&pack.limit))
}

/// Accessible names of − and +.
#[must_use]
pub fn steps(pack: &Pack) -> (String, String) {
    let name = name(&pack.limit);
    (format!("One pack of {name} fewer"), format!("One pack of {name} more"))
}

/// The running price, of none and of some packs: `{more}` and `{total}` stand for what they give and cost.
#[must_use]
pub fn running(pack: &Pack, interval: BillingInterval) -> (String, String) {
    let name = name(&pack.limit);
    (format!("No further {name}"), format!("{{more}} {name} more, {{total}} {}", orders::per(interval)))
}

/// What the packs of a limit cost on the price list, with `amount` writing its amounts: `100 devices: $5 a month, less from
/// 11 packs on`.
#[must_use]
pub fn on_the_list(pack: &Pack, price: &Price, interval: BillingInterval, amount: impl Fn(Money) -> String) -> String {
    let first = amount(price.unit_amount);
    let what = format!("{} {}: {first} {}", number(pack.size), name(&pack.limit), orders::per(interval));
    let steps = price.tiers.as_ref().map(|tiers| tiers.steps.as_slice()).unwrap_or_default();
    match steps {
        [first, second, ..] if second.each_minor < first.each_minor => {
            format!("{what}, less from {} packs on", first.up_to.unwrap_or(0).saturating_add(1))
        }
        _ => what,
    }
}

/// What a pack costs by the number of packs: `Each is $5.00 a month, $4.00 from 11 on; the price counts for all of them.`
#[must_use]
pub fn tiers(price: &Price, interval: BillingInterval, amount: impl Fn(Money) -> String) -> String {
    let per = orders::per(interval);
    let steps = price.tiers.as_ref().map(|tiers| tiers.steps.as_slice()).unwrap_or_default();
    let each = |minor| amount(Money::new(minor, price.unit_amount.currency));
    let is_graduated = price.tiers.as_ref().is_some_and(|tiers| tiers.mode == TierMode::Graduated);
    let [first, others @ ..] = steps else { return format!("Each is {} {per}.", amount(price.unit_amount)) };
    if others.is_empty() {
        return format!("Each is {} {per}.", each(first.each_minor));
    }
    let mut below = first.up_to.unwrap_or(0);
    let mut parts = Vec::with_capacity(others.len());
    for tier in others {
        let price = each(tier.each_minor);
        parts.push(match (is_graduated, tier.up_to) {
            (true, Some(up_to)) => format!("the next {} {price}", up_to - below),
            (true, None) => format!("further ones {price}"),
            (false, _) => format!("{price} from {} on", below.saturating_add(1)),
        });
        below = tier.up_to.unwrap_or(below);
    }
    let first_each = each(first.each_minor);
    if is_graduated {
        let count = first.up_to.unwrap_or(0);
        format!("The first {count} are {first_each} {per} each, {}.", parts.join(", "))
    } else {
        format!("Each is {first_each} {per}, {}; the price counts for all of them.", parts.join(", "))
    }
}

/// What packs a plan's buyer chooses, as they are enumerated: `300 devices more`.
#[must_use]
pub fn chosen(plan: &Plan, packs: &BTreeMap<String, i64>) -> Vec<String> {
    plan.packs.iter().filter_map(|pack| Some(more(pack, *packs.get(&pack.limit)?))).collect()
}

/// The packs that a license has: `Devices: 3 × 100`.
#[must_use]
pub fn held(packs: &BTreeMap<String, PacksHeld>) -> String {
    let each = packs
        .iter()
        .map(|(limit, held)| format!("{}: {} × {}", humanised(limit), number(held.count), number(held.size)));
    each.collect::<Vec<_>>().join(", ")
}

/// What becomes of a limit of which packs are given up: `Devices: 400 now, 200 with the change.`
#[must_use]
pub fn given_up(limit: &str, now: i64, then: i64) -> String {
    let words = |limit| if limit == -1 { "any number".to_owned() } else { number(limit) };
    format!("{}: {} now, {} with the change.", humanised(limit), words(now), words(then))
}

/// That the packs of a license end when it turns perpetual; nothing where it has none.
#[must_use]
pub fn end_with_subscription(packs: &BTreeMap<String, PacksHeld>, plan: &Plan) -> Vec<String> {
    let sentence = |limit: &String| {
        let then = plan.terms.limits.get(limit).copied().unwrap_or(0);
        let allows = if then == -1 { "any number of them".to_owned() } else { number(then) };
        format!("Packs of {} end with the subscription; {} allows {allows}.", name(limit), plan.name)
    };
    packs.keys().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{PlanKind, PriceRole, Tier, Tiers};
    use crate::orders::rules::tests as sold;
    use crate::text::en::licenses::amount;

    fn pack() -> Pack {
        Pack { limit: "field_devices".to_owned(), size: 1_000, max: 50, offered: true }
    }

    fn price(mode: TierMode, steps: &[(Option<i64>, i64)]) -> Price {
        let steps = steps.iter().map(|(up_to, each_minor)| Tier { up_to: *up_to, each_minor: *each_minor }).collect();
        let price = sold::price(PriceRole::Pack, BillingInterval::Month, 500, "usd");
        Price { tiers: Some(Tiers { mode, steps }), ..price }
    }

    #[test]
    fn packs_say_what_they_give_and_cost() {
        let month = BillingInterval::Month;
        let two = price(TierMode::Volume, &[(Some(10), 500), (None, 400)]);
        let three = |mode| price(mode, &[(Some(10), 500), (Some(25), 450), (None, 400)]);
        let one = price(TierMode::Graduated, &[(None, 500)]);
        assert_eq!(
            (more(&pack(), 3), label(&pack())),
            ("3,000 field devices more".into(), "Packs of 1,000 field devices".into())
        );
        let listed = |price| on_the_list(&pack(), price, month, amount);
        assert_eq!(listed(&two), "1,000 field devices: $5.00 a month, less from 11 packs on");
        assert_eq!(listed(&one), "1,000 field devices: $5.00 a month");
        assert_eq!(tiers(&one, month, amount), "Each is $5.00 a month.");
        assert_eq!(
            tiers(&three(TierMode::Volume), month, amount),
            "Each is $5.00 a month, $4.50 from 11 on, $4.00 from 26 on; the price counts for all of them."
        );
        assert_eq!(
            tiers(&three(TierMode::Graduated), month, amount),
            "The first 10 are $5.00 a month each, the next 15 $4.50, further ones $4.00."
        );
    }

    #[test]
    fn what_becomes_of_packs_is_said_before_it_is_agreed_to() {
        assert_eq!(given_up("devices", 1_400, 200), "Devices: 1,400 now, 200 with the change.");
        assert_eq!(given_up("devices", 400, -1), "Devices: 400 now, any number with the change.");
        let mut plan = sold::plan(PlanKind::Perpetual, 1, Vec::new());
        plan.terms.limits = [("devices".to_owned(), -1)].into();
        let held = |limit: &str| BTreeMap::from([(limit.to_owned(), PacksHeld { count: 3, size: 100 })]);
        assert_eq!(
            end_with_subscription(&held("devices"), &plan),
            ["Packs of devices end with the subscription; X allows any number of them."]
        );
        assert_eq!(
            end_with_subscription(&held("users"), &plan)[0],
            "Packs of users end with the subscription; X allows 0."
        );
        assert_eq!(super::held(&held("field_devices")), "Field devices: 3 × 100");
        assert!(price(TierMode::Volume, &[(None, 1)]).rows(3).unwrap().len() == 1);
    }
}
