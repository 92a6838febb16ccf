//! What the reader should know before anything else.

use leptos::prelude::*;

use super::{Tone, Words};

/// A sentence above the content, and what can be done about it.
#[component]
pub fn Notice(
    /// What it means for the reader.
    #[prop(optional)]
    tone: Tone,
    /// What is the case: "node-c has been silent for 3 hours."
    #[prop(into)]
    title: String,
    /// What follows from it: "Its seat is kept until 22:10."
    #[prop(optional, into)]
    text: Words,
    /// What can be done: a link or a form.
    #[prop(optional, into)]
    action: ViewFn,
) -> impl IntoView {
    view! {
        <div class=format!("notice {}", tone.class())>
            <div>
                <strong>
                    <span aria-hidden="true">{tone.sign()}</span>
                    " "
                    {title}
                </strong>
                {text.0.map(|text| view! { " " <span>{text}</span> })}
            </div>
            {action.run()}
        </div>
    }
}
