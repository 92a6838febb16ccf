//! A question with a few answers, each of which says what it means.

use leptos::prelude::*;

use super::form::FormScope;

/// One of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceCard {
    /// The form value.
    pub value: String,
    /// What it is: "Startup".
    pub name: String,
    /// What it costs, where it costs something: "$299.00 a month".
    pub price: Option<String>,
    /// What it means, in one line.
    pub detail: Option<String>,
    /// Whether it is chosen at first.
    pub chosen: bool,
}

/// Radio buttons, or boxes to tick, each with its meaning beside it. The whole line can be pressed.
#[component]
pub fn ChoiceCards(
    /// Name of the form value.
    #[prop(into)]
    name: String,
    /// The question.
    #[prop(into)]
    legend: String,
    /// The answers; one of them is chosen, unless several may be.
    options: Vec<ChoiceCard>,
    /// Whether any number of them may be chosen; each is sent under the same name.
    #[prop(optional)]
    several: bool,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let error = scope.error_of(&name).map(|error| view! { <p class="error">{error}</p> });
    let id = scope.id_of(&name);
    let kind = if several { "checkbox" } else { "radio" };
    let options = options
        .into_iter()
        .enumerate()
        .map(|(place, option)| {
            // The first bears the field's id, so that the list of refusals leads to it.
            let id = if place == 0 { id.clone() } else { format!("{id}-{place}") };
            let labelled = id.clone();
            view! {
                <label class="choice" for=labelled>
                    <input type=kind id=id name=name.clone() value=option.value checked=option.chosen required=!several />
                    <span class="name">{option.name}</span>
                    {option.price.map(|price| view! { <span class="price-note">{price}</span> })}
                    {option.detail.map(|detail| view! { <small>{detail}</small> })}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="choices">
            <legend>{legend}</legend>
            {options}
            {error}
        </fieldset>
    }
}
