//! A moment.

use leptos::prelude::*;

use super::Words;

/// A moment, for people and for machines. Both phrases come from outside: they depend on language and clock.
#[component]
pub fn Moment(
    /// RFC 3339 UTC, or `YYYY-MM-DD` for a day.
    #[prop(into)]
    datetime: String,
    /// The date as people write it: "14 March 2027".
    #[prop(into)]
    absolute: String,
    /// How far away it is: "2 min ago". Where given it is shown, and the date follows in small print.
    #[prop(optional, into)]
    relative: Words,
) -> impl IntoView {
    match relative.0 {
        Some(relative) => view! {
            <time datetime=datetime>
                {relative} " " <small>{absolute}</small>
            </time>
        }
        .into_any(),
        None => view! { <time datetime=datetime>{absolute}</time> }.into_any(),
    }
}
