//! A question before an act, and details on demand; both without a script.

use leptos::prelude::*;

use super::{Emphasis, Words};

/// A button that opens a dialog. The dialog is an HTML popover: it opens, closes on Escape or a click beside it, and
/// gives the focus back, all without a script. Inside goes what the act does, and the form that does it.
#[component]
pub fn Dialog(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The button that opens it: "Cancel the subscription…".
    #[prop(into)]
    open: String,
    /// How much that button asks for attention.
    #[prop(optional)]
    emphasis: Emphasis,
    /// What the button is about, for those who hear only it: "node-a". Said after its label, not shown.
    #[prop(optional, into)]
    about: Words,
    /// The heading: the question.
    #[prop(into)]
    title: String,
    /// The button that closes it and does nothing: "Keep the subscription".
    #[prop(into)]
    close: String,
    /// What will happen, and the form that does it.
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let (opens, closes, labelled_by) = (id.clone(), id.clone(), title_id.clone());
    view! {
        <button type="button" class=emphasis.class() popovertarget=opens>
            {open}
            {about.0.map(|about| view! { <span class="visually-hidden">" " {about}</span> })}
        </button>
        <div class="dialog" id=id popover="auto" role="dialog" aria-labelledby=labelled_by>
            <div class="stack">
                <h2 id=title_id>{title}</h2>
                {children()}
                <div class="acts">
                    <button type="button" class="btn" popovertarget=closes popovertargetaction="hide">
                        {close}
                    </button>
                </div>
            </div>
        </div>
    }
}

/// Details that most readers can do without.
#[component]
pub fn Fold(
    /// What is inside: "Which addresses does the server need?"
    #[prop(into)]
    summary: String,
    /// Whether it is open at first.
    #[prop(optional)]
    open: bool,
    /// The details.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="fold" open=open>
            <summary>{summary}</summary>
            <div>{children()}</div>
        </details>
    }
}
