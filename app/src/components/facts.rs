//! What is true, by name.

use leptos::prelude::*;

/// A name and its value. Collected by [`Facts`].
#[derive(Debug)]
pub struct Fact {
    name: String,
    value: AnyView,
}

impl Fact {
    /// A fact whose value is any markup or text.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl IntoAny) -> Self {
        Self { name: name.into(), value: value.into_any() }
    }
}

/// A list of facts: name on the left, value on the right; one above the other on a phone.
#[component]
pub fn Facts(
    /// In the order of reading.
    facts: Vec<Fact>,
) -> impl IntoView {
    let facts = facts
        .into_iter()
        .map(|fact| {
            view! {
                <dt>{fact.name}</dt>
                <dd>{fact.value}</dd>
            }
        })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }
}
