//! A question whose answer is a small number.

use leptos::prelude::*;

use super::{Words, field::note, form::FormScope};
use crate::islands::NumberStepper;

/// A number of seats, with label and hint like a `Field`, and with − and + where a script runs.
#[component]
pub fn Stepper(
    /// Name of the form value.
    #[prop(into)]
    name: String,
    /// The question: "Instances".
    #[prop(into)]
    label: String,
    /// The number at first.
    value: u32,
    /// The least number accepted.
    #[prop(default = 1)]
    min: u32,
    /// The greatest number accepted.
    max: u32,
    /// Accessible name of −: "One instance fewer".
    #[prop(into)]
    fewer: String,
    /// Accessible name of +: "One instance more".
    #[prop(into)]
    more: String,
    /// What helps to answer.
    #[prop(optional, into)]
    hint: Words,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let hint = hint.0;
    let error = scope.error_of(&name);
    let id = scope.id_of(&name);
    let note_id = format!("{id}-note");
    let described_by = (error.is_some() || hint.is_some()).then(|| note_id.clone());
    let invalid = error.is_some();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <NumberStepper name id value min max fewer more described_by invalid />
            {note(note_id, hint, error)}
        </div>
    }
}
