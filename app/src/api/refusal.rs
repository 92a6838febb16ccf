//! Why forms of people and accounts are refused, as codes that wait in the session, and their sentences.

use backend::accounts::{FieldProblem, Problem};
use backend::text::en::{accounts as text, email_change, passkeys, second_factor};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use super::form::Refused;
use crate::components::FieldError;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A field cannot stay as it is.
    Field(FieldProblem),
    /// Somebody else has the address by now.
    EmailTaken,
    /// Address or password is wrong.
    WrongLogIn,
    /// The password given as the one in force is not.
    WrongPassword,
    /// The code of the second factor is not right, or was used before.
    WrongCode,
    /// The code is not that of the secret which is being set up.
    CodeDiffers,
    /// The second step of a log-in came too late, or its first one is worth nothing any more.
    StartOver,
    /// A passkey cannot be called so.
    PasskeyName(Problem),
    /// The passkey is nobody's, somebody else's, or its answer is wrong.
    PasskeyRefused,
    /// The answer to a challenge came too late, or for the second time.
    PasskeyLate,
    /// There may be a copy of the passkey.
    PasskeyCopied,
    /// The passkey that is added is there already.
    PasskeyPresent,
    /// Nobody adds a passkey before the e-mail address is confirmed.
    PasskeyUnproven,
    /// The passkey that is added cannot be taken.
    PasskeyNotAdded,
    /// Too many attempts.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

impl Refusal {
    /// Adds this to what is wrong with the form: with the field of this name, or with the whole where it is
    /// empty.
    #[must_use]
    pub fn of(&self, refused: Refused, field: &str) -> Refused {
        refused.problem(field, &serde_json::to_string(self).unwrap_or_default())
    }

    /// Adds problems to the fields that bear their names.
    #[must_use]
    pub fn fields(refused: Refused, problems: Vec<FieldProblem>) -> Refused {
        problems.into_iter().fold(refused, |refused, problem| {
            let field = problem.field.as_str();
            Self::Field(problem).of(refused, field)
        })
    }

    /// What it says to the person.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Field(problem) => text::problem(problem),
            Self::EmailTaken => email_change::TAKEN.to_owned(),
            Self::WrongLogIn => text::WRONG_LOG_IN.to_owned(),
            Self::WrongPassword => text::WRONG_PASSWORD.to_owned(),
            Self::WrongCode => second_factor::WRONG_CODE.to_owned(),
            Self::CodeDiffers => second_factor::CODE_DIFFERS.to_owned(),
            Self::StartOver => second_factor::START_OVER.to_owned(),
            Self::PasskeyName(problem) => passkeys::bad_name(problem),
            Self::PasskeyRefused => passkeys::REFUSED.to_owned(),
            Self::PasskeyLate => passkeys::LATE.to_owned(),
            Self::PasskeyCopied => passkeys::COPIED.to_owned(),
            Self::PasskeyPresent => passkeys::PRESENT.to_owned(),
            Self::PasskeyUnproven => passkeys::UNPROVEN.to_owned(),
            Self::PasskeyNotAdded => passkeys::NOT_ADDED.to_owned(),
            Self::Limited { retry_after_s } => text::limited(*retry_after_s),
        }
    }
}

/// The sentences of a refused form, for its page, which answers 429 when the reason is that there were too many
/// attempts.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| Some((field.clone(), serde_json::from_str::<Refusal>(code).ok()?));
    let refusals: Vec<(String, Refusal)> = refused.problems.iter().filter_map(known).collect();
    for (_, refusal) in &refusals {
        if let (Refusal::Limited { retry_after_s }, Some(options)) = (refusal, use_context::<ResponseOptions>()) {
            options.set_status(StatusCode::TOO_MANY_REQUESTS);
            options.insert_header(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
    }
    refusals.into_iter().map(|(field, refusal)| FieldError::new(field, refusal.sentence())).collect()
}

#[cfg(test)]
mod tests {
    use backend::accounts::Field;

    use super::*;

    #[test]
    fn a_refusal_waits_as_a_code_and_comes_back_as_its_sentence() {
        let problem = |field, problem| FieldProblem { field, problem };
        let fields = vec![
            problem(Field::Email, Problem::EmailMalformed),
            problem(Field::Company, Problem::Unprintable { character: '漢' }),
        ];
        let refused = Refusal::fields(Refused::new("x"), fields);
        let refused = Refusal::Limited { retry_after_s: 130 }.of(refused, "");
        let errors = errors_of(&refused);
        let of = |field: &str| errors.iter().find(|error| error.field == field).map_or("", |error| &error.message);
        assert!(of("email").contains("name@example.com"), "{errors:?}");
        assert!(of("company").contains("漢"), "{errors:?}");
        assert_eq!(of(""), "Too many attempts. Try again in 3 minutes.");
    }

    #[test]
    fn a_code_that_nobody_wrote_says_nothing() {
        assert_eq!(errors_of(&Refused::new("x").problem("email", "<b>forged</b>")), []);
    }
}
