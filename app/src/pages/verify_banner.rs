//! The banner until the e-mail address is confirmed.

use backend::text::en::{accounts, portal_accounts as text};
use leptos::prelude::*;

use crate::components::{Notice, PostButton, Tone};
use crate::request::Visit;

/// Asks whoever is signed in to confirm the address, until it is. Nothing waits for it.
pub fn verify_banner(visit: &Visit) -> Option<AnyView> {
    let viewer = visit.viewer.as_ref().filter(|viewer| viewer.acting.is_none())?;
    if viewer.user.email_verified_at.is_some() {
        return None;
    }
    let sent_to = text::mail_sent_to(&viewer.user.email);
    let banner = view! {
        <Notice
            tone=Tone::Warn
            title=accounts::VERIFY_BANNER
            text=sent_to
            action=|| view! { <PostButton action="/act/send-verification" label=text::SEND_AGAIN /> }
        />
    };
    Some(banner.into_any())
}
