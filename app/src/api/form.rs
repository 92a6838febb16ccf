//! Forms that lose nothing: what was refused goes back to its page with what was typed.
//!
//! A form's server function that refuses calls [`Refused::go_back`]: values (never passwords) and problems
//! wait in the session for one rendering of the page, which takes them with [`take_refused`]. What an act
//! did is said the same way, once, by [`say_done`]. With and without JavaScript it is the same walk: post,
//! redirect, get.
//!
//! What no change of the form would mend is a [`FormFailure`], and ends on a page that says so.

use std::collections::BTreeMap;
use std::fmt::Display;

use axum::http::request::Parts;
use backend::db::DbError;
use http::{StatusCode, header};
use leptos::prelude::use_context;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos_axum::ResponseOptions;
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

/// Why a form was neither done nor refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The values are not those of the form.
    Malformed,
    /// Whoever sent it may not do this, or what it names belongs to somebody else.
    NotAllowed,
    /// It is for another account than the one that is acted for.
    OtherAccount,
    /// Something failed on our side; the log knows what.
    Failed,
}

impl FailureCode {
    /// The code in answers and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotAllowed => "not_allowed",
            Self::OtherAccount => "other_account",
            Self::Failed => "failed",
        }
    }

    /// The code of this name; whatever is unknown has failed.
    #[must_use]
    pub fn named(name: &str) -> Self {
        [Self::Malformed, Self::NotAllowed, Self::OtherAccount]
            .into_iter()
            .find(|code| code.as_str() == name)
            .unwrap_or(Self::Failed)
    }

    /// The status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotAllowed | Self::OtherAccount => StatusCode::FORBIDDEN,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The error of every form's server function. Making one answers the request: browsers are sent to the page
/// that says what happened, others get the status and the code as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFailure {
    code: FailureCode,
}

impl FormFailure {
    /// The values are not those of the form: no person typed them.
    #[must_use]
    pub fn malformed() -> Self {
        Self::answer(FailureCode::Malformed)
    }

    /// Whoever sent the form may not do this.
    #[must_use]
    pub fn not_allowed() -> Self {
        Self::answer(FailureCode::NotAllowed)
    }

    /// The form is for another account than the one that is acted for: it was opened before a switch, or forged.
    #[must_use]
    pub fn other_account() -> Self {
        Self::answer(FailureCode::OtherAccount)
    }

    /// Something failed: `error` goes to the log, with the request id that the person is told.
    #[must_use]
    pub fn failed(error: &dyn Display) -> Self {
        let request_id = use_context::<Visit>().map(|visit| visit.request_id).unwrap_or_default();
        tracing::error!(request_id, %error, "a form failed");
        Self::answer(FailureCode::Failed)
    }

    /// Why.
    #[must_use]
    pub fn code(self) -> FailureCode {
        self.code
    }

    fn answer(code: FailureCode) -> Self {
        let accept = use_context::<Parts>().and_then(|parts| parts.headers.get(header::ACCEPT).cloned());
        let browser = accept.is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
        if browser {
            // A status of its own would undo the redirect.
            let request_id = use_context::<Visit>().map(|visit| visit.request_id).unwrap_or_default();
            let query = serde_urlencoded::to_string([("code", code.as_str()), ("request", &request_id)]);
            leptos_axum::redirect(&format!("{FAILURE_PATH}?{}", query.unwrap_or_default()));
        } else if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(code.status());
        }
        Self { code }
    }
}

/// Address of the page that says why a form came to nothing.
pub const FAILURE_PATH: &str = "/not-done";

impl FromServerFnError for FormFailure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::malformed()
            }
            error => Self::failed(&error),
        }
    }
}

impl From<DbError> for FormFailure {
    fn from(error: DbError) -> Self {
        Self::failed(&error)
    }
}

impl From<tower_sessions::session::Error> for FormFailure {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::failed(&error)
    }
}
