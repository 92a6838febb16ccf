//! How to start the product under a license.

use backend::text::en::license_start::{self as text, Lines, Start};
use leptos::prelude::*;

use super::OwnLicense;
use crate::components::{Card, CopyWords, Fold, Snippet};

/// The card. With the key still masked, lines that hold it would not start anything, so there is nothing to
/// copy yet.
pub(super) fn card(own: &OwnLicense, origin: &str, version: &str, key: Option<&str>) -> impl IntoView + use<> {
    let start = Start {
        origin,
        product: &own.view.product_code,
        version,
        key: key.unwrap_or(text::KEY_PLACE),
        seats: own.license().seats,
    };
    let is_masked = key.is_none();
    let snippet = move |lines: Lines| {
        let copy = (!lines.holds_key || !is_masked).then(copy_lines);
        view! { <Snippet label=lines.label code=lines.code copy /> }
    };
    let env = snippet(text::env_file(&start));
    let folds = text::others(&start)
        .into_iter()
        .map(|lines| {
            let summary = lines.label;
            view! { <Fold summary=summary>{snippet(lines)}</Fold> }
        })
        .collect_view();
    let missing = is_masked.then(|| view! { <p class="hint">{text::KEY_MISSING}</p> });
    view! {
        <Card title=text::TITLE lead=text::LEAD id="start">
            {env}
            {missing}
            <div class="folds">{folds}</div>
        </Card>
    }
}

/// The words of a button that copies lines.
fn copy_lines() -> CopyWords {
    let [label, copied, failed] = text::COPY_LINES.map(str::to_owned);
    CopyWords { label, copied, failed }
}
