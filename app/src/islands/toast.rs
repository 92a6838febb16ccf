//! Says that something was done.

use leptos::prelude::*;

/// What the act that led here did ("Two instances were added."), at the lower edge of the window. It stays until it is
/// dismissed or the next page comes, so that nobody has to read against the clock.
///
/// The server renders it after the redirect that follows a form. Without a script it is there all the same; only the
/// button that puts it away needs one.
#[island]
pub fn Toast(
    /// One sentence.
    message: String,
    /// The button that puts it away: "Dismiss".
    dismiss: String,
) -> impl IntoView {
    let running = super::scripted();
    let (gone, set_gone) = signal(false);
    view! {
        <div class="toast" role="status" hidden=gone>
            <span>{message}</span>
            <button type="button" class="btn quiet" hidden=move || !running.get() on:click=move |_| set_gone.set(true)>
                {dismiss}
            </button>
        </div>
    }
}
