//! The button that uses a passkey, where a password is asked for.

use backend::accounts::RelyingParty;
use backend::text::en::passkeys as text;
use leptos::prelude::*;

use crate::islands::{PasskeyButton, PasskeyWords};
use crate::request::Visit;

/// The button on the page that logs in; nothing where the portal cannot have passkeys.
pub(super) fn log_in(visit: &Visit, next: &str) -> Option<AnyView> {
    button(visit, text::LOG_IN, ["/act/begin-passkey-log-in", "/act/log-in-with-passkey"], next)
}

/// The button where somebody has to show again who it is, for those who have a passkey.
pub(super) fn confirm(visit: &Visit, next: &str) -> Option<AnyView> {
    button(visit, text::CONFIRM, ["/act/begin-passkey-confirmation", "/act/confirm-with-passkey"], next)
}

fn button(visit: &Visit, act: &str, [begin, action]: [&'static str; 2], next: &str) -> Option<AnyView> {
    let origin = RelyingParty::of(&visit.vendor)?.origin().to_owned();
    let words = PasskeyWords {
        act: act.to_owned(),
        not_done: text::NOT_DONE.to_owned(),
        present: String::new(),
        cannot: String::new(),
    };
    let hidden = vec![("next".to_owned(), next.to_owned())];
    let (begin, action) = (begin.to_owned(), action.to_owned());
    let button = view! { <PasskeyButton make=false begin action origin hidden name=None words /> };
    Some(button.into_any())
}
