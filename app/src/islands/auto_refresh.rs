//! Watches something that is still going on.

use leptos::prelude::*;

/// Asks `url` every `every_ms` milliseconds and reloads the page once the answer differs from `state`. Renders nothing.
///
/// Meant for pages that also send a `Refresh` header for people without scripts: once hydrated it takes over, so that
/// such a page is loaded again only when there is something new to see. An answer that is not a success is ignored,
/// and so is a lost connection: the next round asks again.
#[island]
pub fn AutoRefresh(
    /// Answers GET with a short text that names the state, e.g. `pending` or `ready`.
    url: String,
    /// The state this page shows.
    state: String,
    /// Time between two questions, in milliseconds.
    every_ms: u32,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| browser::watch(&url, &state, every_ms));
    #[cfg(not(feature = "hydrate"))]
    drop((url, state, every_ms));
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::{cell::Cell, rc::Rc, time::Duration};

    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;

    pub(super) fn watch(url: &str, state: &str, every_ms: u32) {
        // Cancels the pending `Refresh` of the response.
        _ = window().stop();
        let (url, state) = (Rc::<str>::from(url), Rc::<str>::from(state));
        let asking = Rc::new(Cell::new(false));
        set_interval(
            move || {
                // A slow answer is waited for, not overtaken.
                if asking.replace(true) {
                    return;
                }
                let (url, state, asking) = (Rc::clone(&url), Rc::clone(&state), Rc::clone(&asking));
                leptos::task::spawn_local(async move {
                    if answer(&url).await.is_some_and(|answer| answer.trim() != &*state) {
                        _ = window().location().reload();
                    }
                    asking.set(false);
                });
            },
            Duration::from_millis(every_ms.into()),
        );
    }

    async fn answer(url: &str) -> Option<String> {
        let response = JsFuture::from(window().fetch_with_str(url)).await.ok()?;
        let response = response.dyn_into::<web_sys::Response>().ok()?;
        if !response.ok() {
            return None;
        }
        JsFuture::from(response.text().ok()?).await.ok()?.as_string()
    }
}
