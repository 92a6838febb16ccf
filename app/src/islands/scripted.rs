//! Is a script running?

use leptos::prelude::*;

/// `false` on the server and while the page has only its HTML, `true` from hydration on. What only a script can serve
/// is rendered with `hidden=move || !scripted.get()`.
#[must_use]
pub fn scripted() -> ReadSignal<bool> {
    let (running, set_running) = signal(false);
    Effect::new(move |_| set_running.set(true));
    running
}
