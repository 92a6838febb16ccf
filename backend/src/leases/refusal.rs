//! Why no lease is issued, in the business's words, and how that reads as a problem.

use jiff::civil::Date;
use sdk::error::{Code, CoveredRelease, Problem, RenewalPrice};
use sdk::wire::InvalidMember;

use super::Holders;
use crate::licenses::rules::Inactive;

/// Why no lease is issued.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A member of the request cannot be taken, and nothing in it is genuine.
    Malformed(InvalidMember),
    /// The same to whoever has a genuine key or secret.
    Invalid(InvalidMember),
    /// No license of this vendor has the key.
    LicenseNotFound,
    /// The key is that of a license of another product.
    OtherProduct,
    /// The license grants nothing now.
    Inactive(Inactive),
    /// A payment for the license is disputed: what runs goes on, and nothing new is activated.
    Disputed,
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
    /// The key was replaced by another, and its overlap is over.
    KeyReplaced,
    /// Every seat is held.
    SeatsExhausted(Holders),
    /// The user is active on as many devices as the plan allows.
    DevicesExhausted(Holders),
    /// No such instance.
    InstanceNotFound,
    /// No such instance under the license, of which the caller has proved to be one or to have the key.
    TargetNotFound,
    /// The secret is not genuine.
    InvalidSecret,
    /// A newer secret is in use.
    InstanceStale,
    /// Several copies claim to be the instance, and the owner has not decided yet.
    InstanceConflict,
    /// The instance gave its seat back.
    InstanceReleased,
    /// Somebody freed the instance's seat.
    InstanceDeactivated {
        /// Seconds until it may activate again; 0 when it may.
        retry_after_s: i64,
    },
    /// The instance must not run.
    InstanceBlocked,
    /// Too many calls of this kind.
    RateLimited {
        /// Seconds until the next one is taken.
        retry_after_s: i64,
    },
    /// The vendor has no key to sign with; an operator must act.
    NotReady,
}

impl Refusal {
    /// The code of the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::Invalid(_) => Code::InvalidRequest,
            Self::LicenseNotFound | Self::OtherProduct => Code::LicenseNotFound,
            Self::Inactive(why) => match why {
                Inactive::NotPaid | Inactive::NotStarted | Inactive::PastDue | Inactive::Cancelled => {
                    Code::LicenseInactive
                }
                Inactive::Expired => Code::LicenseExpired,
                Inactive::Suspended => Code::LicenseSuspended,
                Inactive::Revoked => Code::LicenseRevoked,
            },
            Self::Disputed => Code::LicenseInactive,
            Self::IdentityKindMismatch => Code::IdentityKindMismatch,
            Self::VersionNotCovered { .. } => Code::VersionNotCovered,
            Self::FeatureNotLicensed(_) => Code::FeatureNotLicensed,
            Self::KeyReplaced => Code::LicenseKeyReplaced,
            Self::SeatsExhausted(_) => Code::SeatsExhausted,
            Self::DevicesExhausted(_) => Code::DevicesExhausted,
            Self::InstanceNotFound | Self::TargetNotFound => Code::InstanceNotFound,
            Self::InvalidSecret => Code::InvalidSecret,
            Self::InstanceStale => Code::InstanceStale,
            Self::InstanceConflict => Code::InstanceConflict,
            Self::InstanceReleased => Code::InstanceReleased,
            Self::InstanceDeactivated { .. } => Code::InstanceDeactivated,
            Self::InstanceBlocked => Code::InstanceBlocked,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::NotReady => Code::NotReady,
        }
    }

    /// Whether it was refused to somebody with a genuine key or secret, whatever its code: of others the address counts.
    #[must_use]
    pub fn is_to_genuine(&self) -> bool {
        !matches!(self, Self::Malformed(_) | Self::LicenseNotFound | Self::InstanceNotFound | Self::InvalidSecret)
    }

    /// The problem document, without origin and request id.
    #[must_use]
    pub fn problem(self) -> Problem {
        let problem = Problem::of(self.code());
        match self {
            Self::Malformed(member) | Self::Invalid(member) => member.into(),
            Self::Inactive(why) => match reason(why) {
                Some(reason) => problem.with_reason(reason),
                None => problem,
            },
            Self::Disputed => problem.with_reason("disputed"),
            Self::VersionNotCovered { updates_until, newest, renewal } => problem
                .with_detail(crate::text::en::leases::updates_ended(updates_until))
                .with_coverage(newest, renewal),
            Self::FeatureNotLicensed(features) => problem.with_features(features),
            Self::SeatsExhausted(holders) | Self::DevicesExhausted(holders) => {
                problem.with_holders(holders.listed, holders.total)
            }
            Self::InstanceDeactivated { retry_after_s } if retry_after_s > 0 => {
                problem.with_retry_after_s(retry_after_s)
            }
            Self::RateLimited { retry_after_s } => problem.with_retry_after_s(retry_after_s),
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
