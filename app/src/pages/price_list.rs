//! `/`: what is sold, at what price, for whoever asks.

use backend::text::en::portal as text;

use super::{Page, render};
use crate::components::PageHead;
use crate::request::Visit;
use leptos::prelude::*;

/// The price list.
pub fn page() -> impl IntoView {
    render(async {
        let visit = Visit::here();
        let lead = visit.vendor.profile.lead.clone();
        let title = visit.vendor.profile.headline.clone();
        Ok(Page::new(text::LOG_IN, view! { <PageHead title=title lead=lead /> }))
    })
}
