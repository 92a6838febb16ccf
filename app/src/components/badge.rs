//! A state in one word.

use leptos::prelude::*;

/// What a state means for the reader. Each tone has its colour and its sign, so that nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad: ended, planned, draft.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Needs attention soon.
    Warn,
    /// Stopped, refused, lost.
    Bad,
}

impl Tone {
    /// The class in `style/components/`.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The sign shown with the colour; decoration, so hidden from screen readers.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Neutral => "○",
            Self::Good => "●",
            Self::Warn => "▲",
            Self::Bad => "■",
        }
    }
}

/// A state: sign, colour and word. Never the only place where the state is said; the lead says it in a sentence.
#[component]
pub fn Badge(
    /// What the state means.
    #[prop(optional)]
    tone: Tone,
    /// The state: "Active".
    #[prop(into)]
    word: String,
) -> impl IntoView {
    view! {
        <span class=format!("badge {}", tone.class())>
            <span aria-hidden="true">{tone.sign()}</span>
            {word}
        </span>
    }
}
