//! A plan in the price list.

use leptos::prelude::*;

use super::{Badge, Tone, Words};

/// A plan: name, price, what it contains, and how to choose it.
#[component]
pub fn PlanCard(
    /// Name of the plan.
    #[prop(into)]
    name: String,
    /// Whom it is for, in one sentence.
    #[prop(optional, into)]
    summary: Words,
    /// The amount: "$299".
    #[prop(into)]
    price: String,
    /// What the amount is for: "a month".
    #[prop(into)]
    per: String,
    /// What it contains, one phrase each.
    contains: Vec<String>,
    /// The word that recommends it: "Most chosen". Its presence sets the plan apart.
    #[prop(optional, into)]
    recommended: Words,
    /// What can be had besides, below what it contains.
    #[prop(optional, into)]
    on_top: ViewFn,
    /// How to choose it: a link, or the price calculator.
    children: Children,
) -> impl IntoView {
    let class = if recommended.0.is_some() { "card plan best" } else { "card plan" };
    view! {
        <section class=class>
            <div class="plan-name">
                <h2>{name}</h2>
                {recommended.0.map(|word| view! { <Badge tone=Tone::Good word=word /> })}
            </div>
            {summary.0.map(|summary| view! { <p>{summary}</p> })}
            <p class="price">{price} " " <small>{per}</small></p>
            {children()}
            <div class="holds">
                <ul class="ticks">{contains.into_iter().map(|phrase| view! { <li>{phrase}</li> }).collect_view()}</ul>
                {on_top.run()}
            </div>
        </section>
    }
}

/// Plans side by side; one below the other on a phone.
#[component]
pub fn Plans(
    /// The plan cards.
    children: Children,
) -> impl IntoView {
    view! { <div class="plans">{children()}</div> }
}
