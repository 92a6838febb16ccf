//! A password field that can be read while typing.

use leptos::{ev::MouseEvent, prelude::*};

/// A password input with a button that shows and hides what was typed. Without a script it is a password input.
///
/// The password is never part of the server's markup. Use it through the `Field` component, which brings label,
/// hint and error.
#[island]
pub fn PasswordReveal(
    /// Name of the form value.
    name: String,
    /// Id of the input, for its label.
    id: String,
    /// What password managers are told (HTML `autocomplete`): `current-password` or `new-password`.
    autocomplete: String,
    /// Id of the hint or error that describes the input, if there is one.
    described_by: Option<String>,
    /// Whether the last value sent was refused.
    invalid: bool,
    /// Whether the form can do without it.
    optional: bool,
    /// The act while hidden: "Show".
    show: String,
    /// The act while shown: "Hide".
    hide: String,
) -> impl IntoView {
    let running = super::scripted();
    let (shown, set_shown) = signal(false);
    let toggle = move |_: MouseEvent| set_shown.update(|shown| *shown = !*shown);
    view! {
        <div class="reveal">
            <input
                class="input"
                type=move || if shown.get() { "text" } else { "password" }
                id=id.clone()
                name=name
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=!optional
                aria-describedby=described_by
                aria-invalid=invalid.then_some("true")
            />
            <button type="button" class="btn quiet" aria-controls=id hidden=move || !running.get() on:click=toggle>
                {move || if shown.get() { hide.clone() } else { show.clone() }}
            </button>
        </div>
    }
}
