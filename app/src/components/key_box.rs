//! A license key.

use leptos::prelude::*;

use super::Words;

use crate::islands::CopyButton;

/// A license key in a field of its own, so that it can be selected whole without a script, and a button that copies it.
#[component]
pub fn KeyBox(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// What it is: "License key".
    #[prop(into)]
    label: String,
    /// The key, or what may be shown of it.
    #[prop(into)]
    key: String,
    /// The copy button's words; absent where `key` is masked, since a masked key is of no use elsewhere.
    #[prop(optional_no_strip)]
    copy: Option<CopyWords>,
    /// Acts beside the key: reveal, replace.
    #[prop(optional, into)]
    acts: ViewFn,
    /// Below the key: where it goes, who should not see it.
    #[prop(optional, into)]
    hint: Words,
) -> impl IntoView {
    let hint_id = format!("{id}-note");
    let described_by = hint.0.is_some().then(|| hint_id.clone());
    let copy = copy.map(|words| words.button(key.clone()));
    view! {
        <div class="key">
            <label for=id.clone()>{label}</label>
            <div class="key-line">
                <textarea
                    id=id
                    rows="1"
                    readonly
                    spellcheck="false"
                    autocomplete="off"
                    aria-describedby=described_by
                >
                    {key}
                </textarea>
                {copy}
                {acts.run()}
            </div>
            {hint.0.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// The words of a copy button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyWords {
    /// The act: "Copy key".
    pub label: String,
    /// Announced once copied.
    pub copied: String,
    /// Announced when the browser refuses.
    pub failed: String,
}

impl CopyWords {
    /// The button that copies `text`.
    pub(super) fn button(self, text: String) -> impl IntoView {
        view! { <CopyButton text label=self.label copied=self.copied failed=self.failed /> }
    }
}
