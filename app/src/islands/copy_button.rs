//! Copies a text to the clipboard.

use leptos::prelude::*;

/// A button that copies `text` and says so, for three seconds, in a live region.
///
/// Without a script, or where the browser offers no clipboard (plain http on another machine), it stays hidden: put
/// the text beside it in a field that can be selected.
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// The act, on the button: "Copy key".
    label: String,
    /// Announced once copied: "License key copied".
    copied: String,
    /// Announced when the browser refuses: "Press Ctrl+C to copy".
    failed: String,
) -> impl IntoView {
    let (offered, set_offered) = signal(false);
    let (said, set_said) = signal(String::new());
    Effect::new(move |_| set_offered.set(clipboard_works()));

    let copy = move |_| {
        let (text, copied, failed) = (text.clone(), copied.clone(), failed.clone());
        leptos::task::spawn_local(async move {
            set_said.set(if write_to_clipboard(&text).await { copied } else { failed });
            set_timeout(move || set_said.set(String::new()), std::time::Duration::from_secs(3));
        });
    };
    view! {
        <span class="copy">
            <output>{said}</output>
            <button type="button" class="btn quiet" hidden=move || !offered.get() on:click=copy>
                {label}
            </button>
        </span>
    }
}

#[cfg(feature = "hydrate")]
fn clipboard_works() -> bool {
    // `navigator.clipboard` exists only in secure contexts (W3C Clipboard API §7.1); calling it elsewhere throws.
    window().is_secure_context()
}

#[cfg(not(feature = "hydrate"))]
const fn clipboard_works() -> bool {
    false
}

#[cfg(feature = "hydrate")]
async fn write_to_clipboard(text: &str) -> bool {
    let written = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::JsFuture::from(written).await.is_ok()
}

#[cfg(not(feature = "hydrate"))]
async fn write_to_clipboard(_text: &str) -> bool {
    false
}
