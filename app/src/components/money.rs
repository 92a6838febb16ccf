//! An amount of money.

use leptos::prelude::*;

pub use crate::islands::amount::{Cents, money_text};

/// An amount, never broken over two lines. In a sentence use [`money_text`].
#[component]
pub fn Money(
    /// Minor units of `currency`.
    minor: i64,
    /// ISO 4217 code, any case.
    #[prop(into)]
    currency: String,
    /// Whether an amount without cents shows them.
    #[prop(default = Cents::Always)]
    cents: Cents,
) -> impl IntoView {
    view! { <span class="money">{money_text(minor, &currency, cents)}</span> }
}
