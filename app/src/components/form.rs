//! A form: what was refused, the questions, and the act.

use leptos::{context::Provider, prelude::*};

use super::{Emphasis, HiddenValues, Words};

/// How a form is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Changes something; answered by a redirect.
    #[default]
    Post,
    /// Changes nothing: filters and prices.
    Get,
}

/// Why one answer was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the form value; empty when no single answer is at fault.
    pub field: String,
    /// What is wrong and what to do, in one sentence.
    pub message: String,
}

impl FieldError {
    /// A refusal of the answer named `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// A refusal of the whole form.
    #[must_use]
    pub fn general(message: impl Into<String>) -> Self {
        Self::new("", message)
    }
}

/// What fields learn from the form around them.
#[derive(Debug, Clone, Default)]
pub(super) struct FormScope {
    id: Option<String>,
    errors: Vec<FieldError>,
}

impl FormScope {
    pub(super) fn error_of(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.clone())
    }

    pub(super) fn id_of(&self, name: &str) -> String {
        match &self.id {
            Some(form) => format!("{form}-{name}"),
            None => format!("field-{name}"),
        }
    }
}

/// A form of one column. Refused answers are listed on top, each linked to its field, and said again at the field.
#[component]
pub fn Form(
    /// Where it is sent to.
    #[prop(into)]
    action: String,
    /// How it is sent.
    #[prop(optional)]
    method: Method,
    /// Prefixes the ids of its fields; needed when a page has several forms.
    #[prop(optional, into)]
    id: Option<String>,
    /// The act, on the button: "Add 2 instances for €1,200.00".
    #[prop(into)]
    submit: String,
    /// How much the button asks for attention.
    #[prop(default = Emphasis::Primary)]
    emphasis: Emphasis,
    /// What was refused last time.
    #[prop(optional)]
    errors: Vec<FieldError>,
    /// Heading above the refusals: "Two answers need a change". Absent: the list stands alone.
    #[prop(optional, into)]
    errors_title: Words,
    /// Values sent without being shown, as name and value.
    #[prop(optional)]
    hidden: Vec<(String, String)>,
    /// Beside the button: a way out, another way to go on.
    #[prop(optional, into)]
    beside: ViewFn,
    /// The fields.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let scope = FormScope { id, errors: errors.clone() };
    let summary = (!errors.is_empty()).then(|| error_summary(&scope, errors_title.0));
    let fields = children.map(|children| {
        view! {
            <Provider value=scope>
                <div class="fields">{children()}</div>
            </Provider>
        }
    });
    view! {
        <form
            class="form"
            action=action
            method=match method {
                Method::Post => "post",
                Method::Get => "get",
            }
        >
            {summary}
            <HiddenValues values=hidden />
            {fields}
            <div class="acts">
                <button type="submit" class=emphasis.class()>
                    {submit}
                </button>
                {beside.run()}
            </div>
        </form>
    }
}

/// The refusals, announced when the page arrives.
fn error_summary(scope: &FormScope, title: Option<String>) -> impl IntoView + use<> {
    let refusals = scope
        .errors
        .iter()
        .map(|error| {
            let message = error.message.clone();
            if error.field.is_empty() {
                view! { <li>{message}</li> }.into_any()
            } else {
                view! { <li><a href=format!("#{}", scope.id_of(&error.field))>{message}</a></li> }.into_any()
            }
        })
        .collect_view();
    view! {
        <div class="summary" role="alert">
            {title.map(|title| view! { <h2>{title}</h2> })}
            <ul>{refusals}</ul>
        </div>
    }
}
