//! What happened.

use leptos::prelude::*;

use super::Moment;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// RFC 3339 UTC.
    pub datetime: String,
    /// When, as people say it: "today 16:02".
    pub when: String,
    /// What, in one sentence: "node-d was refused: all 3 seats in use."
    pub sentence: String,
}

/// What happened, newest first.
#[component]
pub fn Timeline(
    /// Newest first.
    happenings: Vec<Happening>,
) -> impl IntoView {
    let happenings = happenings
        .into_iter()
        .map(|happening| {
            view! {
                <li>
                    <Moment datetime=happening.datetime absolute=happening.when />
                    <span>{happening.sentence}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="timeline">{happenings}</ol> }
}
