//! An act, as a link or as the button of a form.

use leptos::prelude::*;

use super::Words;

/// How much an act asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Emphasis {
    /// The one thing this view is for; at most once per view.
    Primary,
    /// Any other act.
    #[default]
    Plain,
    /// An act within a line of text or a table row.
    Quiet,
    /// Ends or removes something.
    Danger,
}

impl Emphasis {
    /// The classes in `style/components/button.css`.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn primary",
            Self::Plain => "btn",
            Self::Quiet => "btn quiet",
            Self::Danger => "btn danger",
        }
    }
}

/// A link that looks like the act it leads to.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// The act: "Change plan".
    #[prop(into)]
    label: String,
    /// How much it asks for attention.
    #[prop(optional)]
    emphasis: Emphasis,
    /// What the act is about, for those who hear only the link: "of node-a". Said after the label, not shown.
    #[prop(optional, into)]
    about: Words,
) -> impl IntoView {
    view! {
        <a class=emphasis.class() href=href>
            {label}
            {about.0.map(|about| view! { <span class="visually-hidden">" " {about}</span> })}
        </a>
    }
}

/// A form that is only its button: posts `hidden` to `action`.
#[component]
pub fn PostButton(
    /// Where it posts to.
    #[prop(into)]
    action: String,
    /// The act: "Free the seat".
    #[prop(into)]
    label: String,
    /// Form values, as name and value.
    #[prop(optional)]
    hidden: Vec<(String, String)>,
    /// How much it asks for attention.
    #[prop(optional)]
    emphasis: Emphasis,
    /// What the act is about, for those who hear only the button. Said after the label, not shown.
    #[prop(optional, into)]
    about: Words,
) -> impl IntoView {
    view! {
        <form class="form inline" method="post" action=action>
            <HiddenValues values=hidden />
            <button type="submit" class=emphasis.class()>
                {label}
                {about.0.map(|about| view! { <span class="visually-hidden">" " {about}</span> })}
            </button>
        </form>
    }
}

/// Form values that are sent without being shown.
#[component]
pub fn HiddenValues(
    /// Name and value of each.
    values: Vec<(String, String)>,
) -> impl IntoView {
    values.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()
}
