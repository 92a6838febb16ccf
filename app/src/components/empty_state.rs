//! Where something could be, and is not yet.

use leptos::prelude::*;

/// An empty list: what it will hold, and what to do to fill it.
#[component]
pub fn EmptyState(
    /// One or two sentences: "No instance has been activated. Start the product with the license key."
    #[prop(into)]
    text: String,
    /// The next step: a link or a form.
    #[prop(optional, into)]
    action: ViewFn,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p>{text}</p>
            {action.run()}
        </div>
    }
}
