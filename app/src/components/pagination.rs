//! The way through a long list.

use leptos::prelude::*;

use super::{Emphasis, LinkButton};

/// The neighbouring pages of a list by key set: there are no page numbers, only before and after.
#[component]
pub fn Pagination(
    /// Accessible name: "Pages of invoices".
    #[prop(into)]
    label: String,
    /// What is shown: "20 invoices up to 3 March 2026".
    #[prop(into)]
    position: String,
    /// The words and the address of the page before, if there is one.
    #[prop(optional_no_strip)]
    previous: Option<(String, String)>,
    /// The words and the address of the page after, if there is one.
    #[prop(optional_no_strip)]
    next: Option<(String, String)>,
) -> impl IntoView {
    let link =
        |(label, href): (String, String)| view! { <LinkButton href=href label=label emphasis=Emphasis::Plain /> };
    view! {
        <nav class="pages" aria-label=label>
            <span>{position}</span>
            <span class="acts">{previous.map(link)} {next.map(link)}</span>
        </nav>
    }
}
