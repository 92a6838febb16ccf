//! A refusal on its way out: the middleware makes it the problem document that it stands for.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backend::billing::CommerceError;
use backend::db::DbError;
use sdk::error::{Code, Problem};
use sdk::wire::InvalidMember;

/// Why a call was not answered as asked.
#[derive(Clone, Debug)]
pub(crate) struct Refused(Box<Problem>);

impl Refused {
    /// With what the table says about this code.
    pub(crate) fn of(code: Code) -> Self {
        Self(Box::new(Problem::of(code)))
    }

    /// A parameter or member that cannot stay as it is.
    pub(super) fn invalid(member: &str, reason: &str) -> Self {
        Self(Box::new(InvalidMember::new(member, reason).into()))
    }

    /// What the call names is not there, or not for this token.
    pub(super) fn nothing() -> Self {
        Self::of(Code::NotFound)
    }

    /// Whether the token was worth nothing.
    pub(super) fn is_of_no_token(&self) -> bool {
        self.0.code() == Some(Code::InvalidToken)
    }

    /// The problem that a response stands for, if it does for one.
    pub(crate) fn take(response: &mut Response) -> Option<Problem> {
        response.extensions_mut().remove::<Self>().map(|Self(problem)| *problem)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<Box<Problem>> for Refused {
    fn from(problem: Box<Problem>) -> Self {
        Self(problem)
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(error) => {
                tracing::error!(%error, "the database cannot take a call of the management API");
                Problem::of(Code::NotReady).with_retry_after_s(5).into()
            }
            error => {
                tracing::error!(%error, "a call of the management API failed");
                Self::of(Code::ServerError)
            }
        }
    }
}

impl From<CommerceError> for Refused {
    fn from(error: CommerceError) -> Self {
        tracing::error!(%error, "a document could not be given out to a call of the management API");
        Self::of(Code::ServerError)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self);
        response
    }
}
