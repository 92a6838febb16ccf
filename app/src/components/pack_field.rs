//! A question for a number of packs.

use leptos::prelude::*;

use super::{field::note, form::FormScope};
use crate::islands::pack_stepper::{PackSentence, PackStepper, PackTerms};

/// How many packs of a limit, with label, hint and running price.
#[component]
pub fn PackField(
    /// Name of the form value.
    #[prop(into)]
    name: String,
    /// The question: "Packs of 100 devices".
    #[prop(into)]
    label: String,
    /// The number at first.
    value: u32,
    /// The greatest number accepted.
    max: u32,
    /// Accessible names of − and +.
    steps: (String, String),
    /// What packs cost by their number.
    hint: Option<String>,
    /// How the running price is made, where there is one.
    terms: Option<PackTerms>,
    /// What is said about number and price.
    sentence: PackSentence,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let error = scope.error_of(&name);
    let id = scope.id_of(&name);
    let note_id = format!("{id}-note");
    let described_by = (error.is_some() || hint.is_some()).then(|| note_id.clone());
    let (invalid, (fewer, more)) = (error.is_some(), steps);
    view! {
        <div class="field packs">
            <label for=id.clone()>{label}</label>
            <PackStepper name id value max fewer more described_by invalid terms sentence />
            {note(note_id, hint, error)}
        </div>
    }
}
