//! The beginning of a page.

use leptos::prelude::*;

use super::Words;

/// The heading, the lead below it, and the acts beside it.
#[component]
pub fn PageHead(
    /// The page's only `h1`.
    #[prop(into)]
    title: String,
    /// What is true now and what happens next, with amounts and dates.
    #[prop(optional, into)]
    lead: Words,
    /// What can be done here; at most one primary act.
    #[prop(optional, into)]
    actions: ViewFn,
) -> impl IntoView {
    view! {
        <div class="page-head">
            <div>
                <h1>{title}</h1>
                {lead.0.map(|lead| view! { <p class="lead">{lead}</p> })}
            </div>
            <div class="acts">{actions.run()}</div>
        </div>
    }
}
