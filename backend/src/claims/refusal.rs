//! Why a claim brings no key, and how that reads as a problem.

use sdk::error::{Code, Problem};
use sdk::wire::InvalidMember;

/// Why a claim call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimRefusal {
    /// A member of the request cannot be taken.
    Invalid(InvalidMember),
    /// Nobody has decided yet.
    Pending {
        /// Seconds to wait before the next poll.
        interval_s: i64,
    },
    /// Asked too soon.
    SlowDown {
        /// Seconds to wait between polls from now on.
        interval_s: i64,
    },
    /// The codes have ended, or never were.
    Expired,
    /// Somebody said no.
    Declined,
    /// Too many were started from this address.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The key cannot be opened; an operator must act.
    NotReady,
}

impl ClaimRefusal {
    /// The code of the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidRequest,
            Self::Pending { .. } => Code::AuthorizationPending,
            Self::SlowDown { .. } => Code::SlowDown,
            Self::Expired => Code::ExpiredToken,
            Self::Declined => Code::AccessDenied,
            Self::Limited { .. } => Code::RateLimited,
            Self::NotReady => Code::NotReady,
        }
    }

    /// The problem document, without origin and request id.
    #[must_use]
    pub fn problem(self) -> Problem {
        let problem = Problem::of(self.code());
        match self {
            Self::Invalid(member) => member.into(),
            Self::Pending { interval_s: seconds }
            | Self::SlowDown { interval_s: seconds }
            | Self::Limited { retry_after_s: seconds } => problem.with_retry_after_s(seconds),
            Self::Expired | Self::Declined | Self::NotReady => problem,
        }
    }
}
