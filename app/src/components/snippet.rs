//! Lines to be typed elsewhere.

use leptos::prelude::*;

use super::CopyWords;

/// A block of code or commands, with a button that copies it.
#[component]
pub fn Snippet(
    /// What the lines do: "Start the product".
    #[prop(into)]
    label: String,
    /// The lines.
    #[prop(into)]
    code: String,
    /// The copy button's words.
    #[prop(optional_no_strip)]
    copy: Option<CopyWords>,
) -> impl IntoView {
    let copy = copy.map(|words| words.button(code.clone()));
    view! {
        <figure class="snippet">
            <figcaption>{label.clone()} {copy}</figcaption>
            // Reachable by keyboard, because it scrolls sideways.
            <pre tabindex="0" role="region" aria-label=label>
                <code>{code}</code>
            </pre>
        </figure>
    }
}
