//! A number with one step down and one step up.

use leptos::{html::Input, prelude::*};

/// A whole number in a form, with − and + beside it. Without a script it is a number input.
///
/// Use it through the `Stepper` component, which brings label, hint and error.
#[island]
pub fn NumberStepper(
    /// Name of the form value.
    name: String,
    /// Id of the input, for its label.
    id: String,
    /// The number at first.
    value: u32,
    /// The least number accepted.
    min: u32,
    /// The greatest number accepted.
    max: u32,
    /// Accessible name of −: "One instance fewer".
    fewer: String,
    /// Accessible name of +: "One instance more".
    more: String,
    /// Id of the hint or error that describes the input, if there is one.
    described_by: Option<String>,
    /// Whether the last value sent was refused.
    invalid: bool,
) -> impl IntoView {
    let number = RwSignal::new(value);
    view! { <StepperInput name id number min max fewer more described_by invalid /> }
}

/// The markup and behaviour that [`NumberStepper`] and [`PriceCalculator`](super::PriceCalculator) share. `number`
/// follows the input; while the input holds no number between `min` and `max`, it keeps the last one that was.
#[component]
pub(super) fn StepperInput(
    name: String,
    id: String,
    number: RwSignal<u32>,
    min: u32,
    max: u32,
    fewer: String,
    more: String,
    #[prop(optional_no_strip)] described_by: Option<String>,
    #[prop(optional)] invalid: bool,
) -> impl IntoView {
    let running = super::scripted();
    let input = NodeRef::<Input>::new();
    let read = move || {
        let typed = input.get_untracked().and_then(|input| input.value().trim().parse().ok());
        if let Some(typed) = typed.filter(|typed| (min..=max).contains(typed)) {
            number.set(typed);
        }
    };
    // A number typed before the script arrived, or restored by "back", wins over the server's.
    Effect::new(move |_| {
        if input.get().is_some() {
            read();
        }
    });
    // The input's value is set by hand, not bound: a binding would rewrite what is half typed.
    let step = move |next: u32| {
        let next = next.clamp(min, max);
        number.set(next);
        if let Some(input) = input.get_untracked() {
            input.set_value(&next.to_string());
        }
    };
    let least = move || number.get() <= min;
    let most = move || number.get() >= max;
    view! {
        <span class="stepper">
            <button
                type="button"
                aria-label=fewer
                aria-controls=id.clone()
                hidden=move || !running.get()
                disabled=least
                on:click=move |_| step(number.get_untracked().saturating_sub(1))
            >
                "−"
            </button>
            <input
                type="number"
                inputmode="numeric"
                id=id.clone()
                name=name
                min=min
                max=max
                step="1"
                required
                value=number.get_untracked()
                aria-describedby=described_by
                aria-invalid=invalid.then_some("true")
                node_ref=input
                on:input=move |_| read()
            />
            <button
                type="button"
                aria-label=more
                aria-controls=id
                hidden=move || !running.get()
                disabled=most
                on:click=move |_| step(number.get_untracked().saturating_add(1))
            >
                "+"
            </button>
        </span>
    }
}
