//! The add-ons of a plan, to be ticked on the pages that buy and change.

use backend::catalog::{Composition, Plan};
use backend::text::en::{licenses, options as text};
use leptos::prelude::*;

use crate::components::{ChoiceCard, ChoiceCards};

/// The add-ons that can be had with what is chosen, and those that are had already; nothing where there are none.
pub(super) fn addon_cards(plan: &Plan, chosen: &Composition) -> Option<AnyView> {
    let card = |code: &str| {
        let addon = plan.addon(code)?;
        let sold = plan.addons_for_sale(chosen).find(|(addon, _)| addon.code == code);
        Some(ChoiceCard {
            value: addon.code.clone(),
            name: addon.name.clone(),
            price: sold.map(|(addon, price)| {
                let amount = licenses::amount(price.unit_amount);
                text::price(addon, &amount, chosen.interval, plan.license_type)
            }),
            detail: text::detail(addon),
            chosen: chosen.addons.contains(code),
        })
    };
    let is_shown =
        |code: &str| chosen.addons.contains(code) || plan.addons_for_sale(chosen).any(|(addon, _)| addon.code == code);
    let codes = plan.addons.iter().map(|addon| addon.code.as_str()).filter(|code| is_shown(code));
    let options: Vec<ChoiceCard> = codes.filter_map(card).collect();
    (!options.is_empty())
        .then(|| view! { <ChoiceCards name="addon" legend=text::LABEL options several=true /> }.into_any())
}
