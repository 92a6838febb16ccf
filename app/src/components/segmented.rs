//! One of a few views of the same thing.

use leptos::prelude::*;

use crate::layout::NavLink;

/// Links to the few views of one page: monthly, yearly, perpetual.
#[component]
pub fn Segmented(
    /// Accessible name: "Billing".
    #[prop(into)]
    label: String,
    /// The views; exactly one is current.
    options: Vec<NavLink>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|option| {
            view! {
                <a href=option.href aria-current=option.current.then_some("true")>
                    {option.label}
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="seg" role="group" aria-label=label>
            {options}
        </div>
    }
}
