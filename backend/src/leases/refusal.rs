//! Why no lease is issued, in the business's words, and how that reads as a problem.

use jiff::civil::Date;
use sdk::error::{Code, CoveredRelease, Problem, RenewalPrice};
use sdk::wire::{Holder, InvalidMember};

use crate::licenses::rules::Inactive;

/// Why no lease is issued.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A member of the request is well-formed but cannot be taken.
    Invalid(InvalidMember),
    /// No license of this product and vendor has the key.
    LicenseNotFound,
    /// The license grants nothing now.
    Inactive(Inactive),
    /// The license seats another kind of identity.
    IdentityKindMismatch,
    /// The build was released after updates ended.
    VersionNotCovered {
        /// The last covered day.
        updates_until: Date,
        /// The newest release that is covered.
        newest: Option<CoveredRelease>,
        /// What one more year costs.
        renewal: Option<RenewalPrice>,
    },
    /// The license lacks features that the caller requires.
    FeatureNotLicensed(Vec<String>),
    /// Every seat is held.
    SeatsExhausted(Vec<Holder>),
    /// No such instance.
    InstanceNotFound,
    /// The secret is not genuine.
    InvalidSecret,
    /// A newer secret is in use.
    InstanceStale,
    /// The instance gave its seat back.
    InstanceReleased,
    /// Somebody freed the instance's seat.
    InstanceDeactivated {
        /// Seconds until it may activate again; 0 when it may.
        retry_after_s: i64,
    },
    /// The instance must not run.
    InstanceBlocked,
    /// The vendor has no key to sign with; an operator must act.
    NotReady,
}

impl Refusal {
    /// The code of the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidRequest,
            Self::LicenseNotFound => Code::LicenseNotFound,
            Self::Inactive(why) => match why {
                Inactive::NotPaid | Inactive::NotStarted | Inactive::PastDue | Inactive::Cancelled => {
                    Code::LicenseInactive
                }
                Inactive::Expired => Code::LicenseExpired,
                Inactive::Suspended => Code::LicenseSuspended,
                Inactive::Revoked => Code::LicenseRevoked,
            },
            Self::IdentityKindMismatch => Code::IdentityKindMismatch,
            Self::VersionNotCovered { .. } => Code::VersionNotCovered,
            Self::FeatureNotLicensed(_) => Code::FeatureNotLicensed,
            Self::SeatsExhausted(_) => Code::SeatsExhausted,
            Self::InstanceNotFound => Code::InstanceNotFound,
            Self::InvalidSecret => Code::InvalidSecret,
            Self::InstanceStale => Code::InstanceStale,
            Self::InstanceReleased => Code::InstanceReleased,
            Self::InstanceDeactivated { .. } => Code::InstanceDeactivated,
            Self::InstanceBlocked => Code::InstanceBlocked,
            Self::NotReady => Code::NotReady,
        }
    }

    /// The problem document, without origin and request id.
    #[must_use]
    pub fn problem(self) -> Problem {
        let problem = Problem::of(self.code());
        match self {
            Self::Invalid(member) => member.into(),
            Self::Inactive(why) => match reason(why) {
                Some(reason) => problem.with_reason(reason),
                None => problem,
            },
            Self::VersionNotCovered { updates_until, newest, renewal } => problem
                .with_detail(crate::text::en::leases::updates_ended(updates_until))
                .with_coverage(newest, renewal),
            Self::FeatureNotLicensed(features) => problem.with_features(features),
            Self::SeatsExhausted(holders) => problem.with_holders(holders),
            Self::InstanceDeactivated { retry_after_s } if retry_after_s > 0 => {
                problem.with_retry_after_s(retry_after_s)
            }
            _ => problem,
        }
    }
}

fn reason(why: Inactive) -> Option<&'static str> {
    match why {
        Inactive::NotPaid => Some("not_paid"),
        Inactive::NotStarted => Some("not_started"),
        Inactive::PastDue => Some("past_due"),
        Inactive::Cancelled => Some("cancelled"),
        Inactive::Expired | Inactive::Suspended | Inactive::Revoked => None,
    }
}
