//! Forms that lose nothing: what was refused goes back to its page with what was typed.
//!
//! A form's server function that refuses calls [`Refused::go_back`]: values (never passwords) and problems
//! wait in the session for one rendering of the page, which takes them with [`take_refused`]. What an act
//! did is said the same way, once, by [`say_done`]. With and without JavaScript it is the same walk: post,
//! redirect, get.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::request::Visit;

const REFUSED_KEY: &str = "refused";
const DONE_KEY: &str = "done";

/// A form that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which form, by its action.
    pub form: String,
    /// What was typed, by field name, without passwords.
    pub values: BTreeMap<String, String>,
    /// What is wrong: field name (empty: the form as a whole) and a code that the page has a sentence for.
    pub problems: Vec<(String, String)>,
}

impl Refused {
    /// Begins the refusal of a form.
    #[must_use]
    pub fn new(form: &str) -> Self {
        Self { form: form.to_owned(), ..Self::default() }
    }

    /// Keeps what was typed into a field.
    #[must_use]
    pub fn value(mut self, field: &str, typed: &str) -> Self {
        self.values.insert(field.to_owned(), typed.to_owned());
        self
    }

    /// Says what is wrong with a field, or with the form as a whole where `field` is empty.
    #[must_use]
    pub fn problem(mut self, field: &str, code: &str) -> Self {
        self.problems.push((field.to_owned(), code.to_owned()));
        self
    }

    /// Sends the browser back to `page`, which shows the form with all this.
    pub async fn go_back(self, page: &str) {
        keep(REFUSED_KEY, &self).await;
        leptos_axum::redirect(page);
    }

    /// What was typed into a field.
    #[must_use]
    pub fn typed(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// The code of what is wrong with a field.
    #[must_use]
    pub fn code(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|(name, _)| name == field).map(|(_, code)| code.as_str())
    }
}

/// The refusal of this form that waits to be shown, once.
pub async fn take_refused(form: &str) -> Refused {
    let visit = Visit::here();
    match visit.session.get::<Refused>(REFUSED_KEY).await {
        Ok(Some(refused)) if refused.form == form => {
            forget(&visit, REFUSED_KEY).await;
            refused
        }
        _ => Refused::default(),
    }
}

/// Keeps a code of what an act did, to be said on the next page.
pub async fn say_done(code: &str) {
    keep(DONE_KEY, &code).await;
}

async fn keep(key: &str, value: &(impl Serialize + Sync)) {
    let visit = Visit::here();
    let begun = backend::accounts::begin_visit(&visit.session, &visit.vendor.id, &visit.user_agent).await;
    let kept = match begun {
        Ok(()) => visit.session.insert(key, value).await,
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::error!(%error, key, "something could not be kept in the session");
    }
}

/// What the last act did, once.
pub async fn take_done() -> Option<String> {
    let visit = Visit::here();
    let done = visit.session.get::<String>(DONE_KEY).await.ok().flatten();
    if done.is_some() {
        forget(&visit, DONE_KEY).await;
    }
    done
}

async fn forget(visit: &Visit, key: &str) {
    if let Err(error) = visit.session.remove_value(key).await {
        tracing::error!(%error, key, "the session could not be changed");
    }
}
