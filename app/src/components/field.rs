//! One question of a form.

use leptos::prelude::*;

use super::{Words, form::FormScope};
use crate::islands::PasswordReveal;

/// One answer that a select offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The form value.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl Choice {
    /// An answer: form value, and what people read.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// How an answer is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Control {
    /// One line of text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A password, never echoed; the two words are those of the button that shows and hides it.
    Password {
        /// "Show".
        show: String,
        /// "Hide".
        hide: String,
    },
    /// A whole number between two others. For a number of seats use `Stepper`.
    Number {
        /// The least accepted.
        min: i64,
        /// The greatest accepted.
        max: i64,
    },
    /// One of several answers.
    Select(Vec<Choice>),
    /// Yes or no; sent as `true` when ticked, and not at all otherwise. The value `"true"` ticks it.
    Checkbox,
    /// A day, as `YYYY-MM-DD`.
    Day,
    /// A moment, as `YYYY-MM-DDTHH:MM`; the label says in which time zone.
    Moment,
    /// Several lines of text.
    Textarea {
        /// Lines visible at once.
        rows: u32,
    },
}

/// A question: label above, control, and below it the hint, or the error in its place.
///
/// Inside a `Form` the error belonging to `name` is found by itself, and the id is made unique by the form's prefix.
#[component]
pub fn Field(
    /// Name of the form value.
    #[prop(into)]
    name: String,
    /// The question.
    #[prop(into)]
    label: String,
    /// How it is answered.
    #[prop(optional)]
    control: Control,
    /// The answer at first. Ignored by passwords.
    #[prop(optional, into)]
    value: String,
    /// What helps to answer.
    #[prop(optional, into)]
    hint: Words,
    /// Why the last answer was refused and what to do; taken from the form when absent.
    #[prop(optional, into)]
    error: Words,
    /// The word beside the label of a question that need not be answered: "optional". Absent means required.
    #[prop(optional, into)]
    optional: Words,
    /// Whether it may be left empty without a word about it: in filters, where every question may.
    #[prop(optional)]
    may_be_empty: bool,
    /// HTML `autocomplete` token, e.g. `email`, `organization`, `new-password`.
    #[prop(optional, into)]
    autocomplete: Option<String>,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let (hint, optional) = (hint.0, optional.0);
    let error = error.0.or_else(|| scope.error_of(&name));
    let id = scope.id_of(&name);
    let note_id = format!("{id}-note");
    let wiring = Wiring {
        described_by: (error.is_some() || hint.is_some()).then(|| note_id.clone()),
        invalid: error.is_some(),
        required: optional.is_none() && !may_be_empty,
        id: id.clone(),
        name,
        autocomplete,
    };
    let label = view! {
        <label for=id>{label} {optional.map(|word| view! { <span class="optional">" (" {word} ")"</span> })}</label>
    };
    let note = note(note_id, hint, error);

    if control == Control::Checkbox {
        return view! {
            <div class="check">
                {checkbox(wiring, &value)} {label} {note}
            </div>
        }
        .into_any();
    }
    let control = match control {
        Control::Text | Control::Checkbox => line(wiring, "text", value, None),
        Control::Email => line(wiring, "email", value, None),
        Control::Day => line(wiring, "date", value, None),
        Control::Moment => line(wiring, "datetime-local", value, None),
        Control::Number { min, max } => line(wiring, "number", value, Some((min, max))),
        Control::Password { show, hide } => password(wiring, show, hide),
        Control::Select(choices) => select(wiring, choices, &value),
        Control::Textarea { rows } => textarea(wiring, rows, value),
    };
    view! { <div class="field">{label} {control} {note}</div> }.into_any()
}

/// What ties a control to its label, its note and its form.
struct Wiring {
    id: String,
    name: String,
    described_by: Option<String>,
    invalid: bool,
    required: bool,
    autocomplete: Option<String>,
}

/// The hint, or the error in its place.
pub(super) fn note(id: String, hint: Option<String>, error: Option<String>) -> Option<AnyView> {
    match (error, hint) {
        (Some(error), _) => Some(view! { <p class="error" id=id>{error}</p> }.into_any()),
        (None, Some(hint)) => Some(view! { <p class="hint" id=id>{hint}</p> }.into_any()),
        (None, None) => None,
    }
}

fn line(wiring: Wiring, kind: &'static str, value: String, range: Option<(i64, i64)>) -> AnyView {
    view! {
        <input
            class=if range.is_some() { "input short" } else { "input" }
            type=kind
            id=wiring.id
            name=wiring.name
            value=value
            required=wiring.required
            min=range.map(|(min, _)| min.to_string())
            max=range.map(|(_, max)| max.to_string())
            inputmode=range.map(|_| "numeric")
            autocomplete=wiring.autocomplete
            aria-describedby=wiring.described_by
            aria-invalid=wiring.invalid.then_some("true")
        />
    }
    .into_any()
}

fn password(wiring: Wiring, show: String, hide: String) -> AnyView {
    view! {
        <PasswordReveal
            name=wiring.name
            id=wiring.id
            autocomplete=wiring.autocomplete.unwrap_or_else(|| "current-password".to_owned())
            described_by=wiring.described_by
            invalid=wiring.invalid
            optional=!wiring.required
            show
            hide
        />
    }
    .into_any()
}

fn select(wiring: Wiring, choices: Vec<Choice>, value: &str) -> AnyView {
    let choices = choices
        .into_iter()
        .map(|choice| {
            let selected = choice.value == value;
            view! { <option value=choice.value selected=selected>{choice.label}</option> }
        })
        .collect_view();
    view! {
        <select
            class="input"
            id=wiring.id
            name=wiring.name
            required=wiring.required
            autocomplete=wiring.autocomplete
            aria-describedby=wiring.described_by
            aria-invalid=wiring.invalid.then_some("true")
        >
            {choices}
        </select>
    }
    .into_any()
}

fn textarea(wiring: Wiring, rows: u32, value: String) -> AnyView {
    view! {
        <textarea
            class="input"
            id=wiring.id
            name=wiring.name
            rows=rows
            required=wiring.required
            autocomplete=wiring.autocomplete
            aria-describedby=wiring.described_by
            aria-invalid=wiring.invalid.then_some("true")
        >
            {value}
        </textarea>
    }
    .into_any()
}

fn checkbox(wiring: Wiring, value: &str) -> AnyView {
    view! {
        <input
            type="checkbox"
            id=wiring.id
            name=wiring.name
            value="true"
            checked=value == "true"
            required=wiring.required
            aria-describedby=wiring.described_by
            aria-invalid=wiring.invalid.then_some("true")
        />
    }
    .into_any()
}
