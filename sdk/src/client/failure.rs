//! What can go wrong with a request, in terms of what the client makes of it.

use crate::{
    error::{Code, Problem},
    lease::LeaseError,
};

/// Why an operation of the client did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server said no, and why. The application may show title and remedy as they are.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The server could not be asked or did not manage to answer: network error, 5xx, 429, an answer of something in
    /// between. The client goes on trying by itself.
    #[error("the license server could not be asked: {0}")]
    Unavailable(String),
    /// The server answered, but not about the license: too many requests, a fault of its own, or a request that it does
    /// not take. The client goes on trying by itself, not before the time that was asked for.
    #[error("the license server could not decide: {0}")]
    Undecided(Box<Problem>),
    /// The answer carries no lease that this product may act on.
    #[error("the license server's lease was not accepted: {0}")]
    LeaseNotAccepted(#[from] LeaseError),
    /// There is nothing to check or release: the product was not activated, or gave its seat back.
    #[error("this installation is not activated")]
    NotActivated,
    /// The license does not allow what was asked for to be borrowed.
    #[error("the license cannot be borrowed for that long")]
    NotBorrowed,
    /// A claim was not confirmed in time, or was declined.
    #[error("{0}")]
    ClaimEnded(Box<Problem>),
}

impl ClientError {
    /// The server's code, where it answered with one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) | Self::Undecided(problem) | Self::ClaimEnded(problem) => problem.code(),
            _ => None,
        }
    }

    /// One sentence: what the operator can do.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Refused(problem) | Self::Undecided(problem) | Self::ClaimEnded(problem) => &problem.remedy,
            Self::Unavailable(_) => "Check the server's URL, the network and the proxy; the product keeps trying.",
            Self::LeaseNotAccepted(LeaseError::UnknownKey(_) | LeaseError::Issuer(_)) => {
                "Check the server's URL; if it is right, update the product, which does not know the vendor's key."
            }
            Self::LeaseNotAccepted(LeaseError::Revoked(_)) => "Ask the vendor why it was revoked.",
            Self::LeaseNotAccepted(_) => "Check the server's URL, and report this to the vendor if it stays.",
            Self::NotActivated => "Activate with a license key.",
            Self::NotBorrowed => {
                "Borrow for a longer time than an ordinary lease lasts, or ask for a plan that can be borrowed."
            }
        }
    }
}

/// A request that brought no answer to act on.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server's decision.
    Refused(Box<Problem>),
    /// Everything else; the request may or may not have taken effect.
    Trouble(Trouble),
}

#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) why: String,
    /// The server's words, where it was one that answered.
    pub(super) problem: Option<Box<Problem>>,
    /// Seconds that the server asked to wait.
    pub(super) retry_after_s: Option<u64>,
    /// No connection came about, or the server said that it grants nothing: the request took no effect for certain.
    pub(super) without_effect: bool,
}

impl Trouble {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), problem: None, retry_after_s: None, without_effect: false }
    }

    pub(super) fn into_error(self) -> ClientError {
        match self.problem {
            Some(problem) => ClientError::Undecided(problem),
            None => ClientError::Unavailable(self.why),
        }
    }
}
