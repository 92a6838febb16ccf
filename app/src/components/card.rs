//! A sheet with a heading.

use leptos::prelude::*;

use super::Words;

/// A section of a page, with its heading.
#[component]
pub fn Card(
    /// The heading.
    #[prop(into)]
    title: String,
    /// One sentence below the heading: what is true now, what happens next.
    #[prop(optional, into)]
    lead: Words,
    /// Beside the heading: a badge or quiet acts.
    #[prop(optional, into)]
    aside: ViewFn,
    /// Makes the section a target of links.
    #[prop(optional, into)]
    id: Option<String>,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" id=id>
            <div class="card-head">
                <h2>{title}</h2>
                {aside.run()}
            </div>
            {lead.0.map(|lead| view! { <p class="lead">{lead}</p> })}
            {children()}
        </section>
    }
}
