//! What pages on which something is ordered say about tax.

use backend::tax::rules;
use backend::text::en::buying;
use leptos::prelude::*;

use crate::request::Visit;

/// Whether tax is added to what is ordered on the page that is asked for.
pub(super) fn is_taxed() -> bool {
    rules::is_taxed(&Visit::here().vendor)
}

/// The line under the button that pays.
pub(super) fn tax_note() -> impl IntoView {
    view! { <p class="hint">{buying::tax_note(is_taxed())}</p> }
}
