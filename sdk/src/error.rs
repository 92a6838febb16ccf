//! The table of everything that the API refuses, and the problem document that carries a refusal (RFC 9457).
//!
//! Status, title and remedy of a problem are said here and nowhere else: the server's answers, the API description,
//! the documentation and the client's errors are all read from [`Code::row`].

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::wire::{Holder, InvalidMember};

/// Media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a code is about; decides what a client makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The request itself: a mistake of the caller or of something in between.
    Request,
    /// The device flow.
    Claim,
    /// The license or its key.
    License,
    /// Seats and devices.
    Seat,
    /// The instance or its secret.
    Instance,
    /// The version of the build.
    Version,
    /// A local license server.
    LocalServer,
    /// The server's own state: try again.
    Server,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code on the wire; also the anchor of its section in the documentation.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What it is about.
    pub subject: Subject,
    /// What happened, as a heading.
    pub title: &'static str,
    /// One sentence: what to do.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $subject:ident $title:literal $remedy:literal)*) => {
        /// Everything that the API refuses with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "` (", $status, "): ", $title, ".")] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code's row of the table.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        code: $code, status: $status, subject: Subject::$subject, title: $title, remedy: $remedy,
                    },)*
                }
            }
        }
    };
}

codes! {
    InvalidRequest "invalid_request" 400 Request
        "The request is malformed"
        "Correct the member that is named and send the request again."
    AuthorizationPending "authorization_pending" 400 Claim
        "Nobody has confirmed the code yet"
        "Ask again after the interval that was given at the start."
    SlowDown "slow_down" 400 Claim
        "Asked too soon"
        "Wait five seconds longer between two questions."
    ExpiredToken "expired_token" 400 Claim
        "The code has ended"
        "Start again to get a new code."
    AccessDenied "access_denied" 400 Claim
        "The request was declined in the portal"
        "Start again, or ask the owner of the license."
    InvalidSecret "invalid_secret" 401 Instance
        "The instance secret is not genuine"
        "Activate again with the license key."
    InvalidToken "invalid_token" 401 Request
        "The API token is missing or worth nothing"
        "Send a token that is neither revoked nor ended as Authorization: Bearer, or make one in the portal."
    InsufficientScope "insufficient_scope" 403 Request
        "The API token does not include this"
        "Make a token with the scope that is named, in the portal."
    LicenseInactive "license_inactive" 403 License
        "The license is not active"
        "Open the license in the portal: it has not started, or a payment is due, or it was cancelled."
    LicenseExpired "license_expired" 403 License
        "The license has ended"
        "Renew the license in the portal; running instances continue at their next check."
    LicenseSuspended "license_suspended" 403 License
        "The license is suspended"
        "Ask the vendor why it was suspended."
    LicenseRevoked "license_revoked" 403 License
        "The license was revoked"
        "Ask the vendor, or buy a new license."
    LicenseKeyReplaced "license_key_replaced" 403 License
        "This license key was replaced by another"
        "Configure the new key, which the owner sees in the portal."
    VersionNotCovered "version_not_covered" 403 Version
        "This version was released after the end of updates"
        "Install the newest covered release, or renew the updates in the portal."
    FeatureNotLicensed "feature_not_licensed" 403 License
        "A required feature is not part of the license"
        "Upgrade the plan in the portal, or start the product without the feature."
    InstanceReleased "instance_released" 403 Instance
        "This instance gave its seat back"
        "Activate again with the license key to take a free seat."
    InstanceDeactivated "instance_deactivated" 403 Instance
        "This instance was deactivated"
        "Activate again with the license key after the time that is given."
    InstanceBlocked "instance_blocked" 403 Instance
        "This instance is blocked"
        "Ask the owner of the license to unblock it in the portal."
    EnrolmentTokenInvalid "enrolment_token_invalid" 403 LocalServer
        "The enrolment token is unknown, used or ended"
        "Create a new enrolment token in the portal."
    LicenseNotFound "license_not_found" 404 License
        "No license of this product has this key"
        "Copy the key from the portal again, and check that the product asks the right server."
    InstanceNotFound "instance_not_found" 404 Instance
        "No such instance"
        "Activate again with the license key."
    LocalServerNotFound "local_server_not_found" 404 LocalServer
        "No such local license server"
        "Enrol the local license server again."
    NotFound "not_found" 404 Request
        "There is nothing at this address"
        "Check the server's URL: endpoints live under /api/v1 and /api/manage/v1, and ids name only what the caller may see."
    MethodNotAllowed "method_not_allowed" 405 Request
        "This address takes another method"
        "Use the method that the documentation names, mostly POST."
    PayloadTooLarge "payload_too_large" 413 Request
        "The request is larger than 64 KiB"
        "Send less: report fewer levels and counters at once."
    UnsupportedMediaType "unsupported_media_type" 415 Request
        "The request is not JSON"
        "Send the header Content-Type: application/json, and the body as it is, not compressed."
    SeatsExhausted "seats_exhausted" 409 Seat
        "All seats are taken"
        "Release one of the instances that are listed, or add seats in the portal."
    DevicesExhausted "devices_exhausted" 409 Seat
        "This user is active on as many devices as the plan allows"
        "Release one of the devices that are listed, or upgrade the plan."
    InstanceStale "instance_stale" 409 Instance
        "A newer secret of this instance is in use"
        "Activate again with the license key; if it comes back, two copies run under one identity."
    InstanceConflict "instance_conflict" 409 Instance
        "Several copies claim to be this instance"
        "Give each copy its own identity, and decide in the portal which one stays."
    BundleOutOfOrder "bundle_out_of_order" 409 LocalServer
        "A newer bundle has been seen already"
        "Fetch or import the newest bundle; enrol again if the local server was restored from a copy."
    ReleaseConflict "release_conflict" 409 Request
        "This version is published with another date or channel"
        "Publish under another version, or have the vendor change the release in the catalog."
    IdentityKindMismatch "identity_kind_mismatch" 422 License
        "The license takes another kind of identity"
        "Send an identity of a kind that the license type allows."
    RateLimited "rate_limited" 429 Server
        "Too many requests"
        "Wait for the time in Retry-After."
    ServerError "server_error" 500 Server
        "The server failed"
        "Try again later; tell the vendor the request id if it stays."
    DelegationExpired "delegation_expired" 503 Server
        "The local license server may no longer grant leases"
        "Sync the local license server, or import a new bundle."
    NotReady "not_ready" 503 Server
        "The server is not ready"
        "Try again in a moment."
}

impl Code {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        self.row().code
    }

    /// HTTP status.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// What happened, as a heading.
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// One sentence: what to do.
    pub const fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// Finds a code by the word on the wire; none for codes of later servers.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.as_str() == code)
    }

    /// Whether it refuses a license, seat, instance or version, as opposed to a request that went wrong: the
    /// enforcement policy then starts without waiting for the lease to end.
    pub const fn is_refusal(self) -> bool {
        let row = self.row();
        row.status < 500
            && matches!(row.subject, Subject::License | Subject::Seat | Subject::Instance | Subject::Version)
    }
}

/// A release that a perpetual license covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoveredRelease {
    /// Its version.
    pub version: String,
    /// The day it was published.
    pub released_on: Date,
}

/// What renewing the updates costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RenewalPrice {
    /// Amount in the currency's minor unit, before tax.
    pub amount_minor: i64,
    /// ISO 4217 code in lower case, as Stripe writes it.
    pub currency: String,
}

/// A refusal as it travels: `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{title} ({code}). {remedy}")]
pub struct Problem {
    /// URL of the section of the documentation; relative where the host that was asked names no vendor.
    #[serde(rename = "type", default)]
    #[cfg_attr(feature = "schema", schemars(extend("format" = "uri-reference")))]
    pub type_url: String,
    /// What happened.
    pub title: String,
    /// HTTP status.
    #[cfg_attr(feature = "schema", schemars(range(min = 400, max = 599)))]
    pub status: u16,
    /// The code; see [`Problem::code`] for the typed one. Text here because a later server may know more codes.
    pub code: String,
    /// One sentence: what to do.
    #[serde(default)]
    pub remedy: String,
    /// Names the request in the server's log.
    #[serde(default)]
    pub request_id: String,
    /// What exactly is wrong in this case, where there is more to say than the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `invalid_request`: path of the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// `seats_exhausted`, `devices_exhausted`: who holds them; at most a hundred, longest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<Vec<Holder>>,
    /// How many hold them in all; `licenses/instances` lists everybody who holds a seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders_total: Option<i64>,
    /// `license_inactive`: why, as in `not_started`, `not_paid`, `past_due`, `cancelled`; `disputed` where only
    /// new activations are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `feature_not_licensed`: the features that are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// `version_not_covered`: the newest release that the license covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_covered: Option<CoveredRelease>,
    /// `version_not_covered`: what another year of updates costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_price: Option<RenewalPrice>,
    /// Seconds to wait before asking again; also sent as `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<i64>,
}

impl Problem {
    /// A problem with the table's status, title and remedy, and a `type` relative to the server.
    pub fn of(code: Code) -> Self {
        let row = code.row();
        Self {
            type_url: format!("/docs/api#{}", row.code),
            title: row.title.to_owned(),
            status: row.status,
            code: row.code.to_owned(),
            remedy: row.remedy.to_owned(),
            request_id: String::new(),
            detail: None,
            member: None,
            holders: None,
            holders_total: None,
            reason: None,
            features: None,
            newest_covered: None,
            renewal_price: None,
            retry_after_s: None,
        }
    }

    /// The typed code; none when a later server knows more codes than this table.
    pub fn code(&self) -> Option<Code> {
        Code::parse(&self.code)
    }

    /// Makes `type` absolute: `{origin}/docs/api#{code}`. `origin` has no slash at its end.
    #[must_use]
    pub fn at_origin(mut self, origin: &str) -> Self {
        self.type_url = format!("{origin}/docs/api#{}", self.code);
        self
    }

    /// Names the request in the server's log.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// Says what exactly is wrong in this case.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Lists who holds the seats or devices, and says how many do in all.
    #[must_use]
    pub fn with_holders(mut self, holders: Vec<Holder>, total: i64) -> Self {
        self.holders = Some(holders);
        self.holders_total = Some(total);
        self
    }

    /// Says why a license is not active.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Lists the features that are missing.
    #[must_use]
    pub fn with_features(mut self, features: Vec<String>) -> Self {
        self.features = Some(features);
        self
    }

    /// Says which release is covered and what a renewal costs.
    #[must_use]
    pub fn with_coverage(mut self, newest: Option<CoveredRelease>, renewal: Option<RenewalPrice>) -> Self {
        self.newest_covered = newest;
        self.renewal_price = renewal;
        self
    }

    /// Says how many seconds to wait; the server repeats it as `Retry-After`.
    #[must_use]
    pub fn with_retry_after_s(mut self, seconds: i64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<InvalidMember> for Problem {
    fn from(invalid: InvalidMember) -> Self {
        let detail = invalid.to_string();
        Self { member: Some(invalid.member), ..Self::of(Code::InvalidRequest).with_detail(detail) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_code_is_a_distinct_word_and_finds_itself() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(Code::ALL[..i].iter().all(|other| other.as_str() != code.as_str()), "{code:?}");
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
    }

    #[test]
    fn every_remedy_is_one_sentence_and_no_title_ends_in_a_stop() {
        for code in Code::ALL {
            assert!(code.remedy().ends_with('.') && code.remedy().matches(". ").count() == 0, "{code:?}");
            assert!(!code.title().ends_with('.') && !code.title().is_empty(), "{code:?}");
        }
    }

    #[test]
    fn statuses_are_those_of_the_contract() {
        for (status, codes) in [
            (400, "invalid_request authorization_pending slow_down expired_token access_denied"),
            (401, "invalid_secret invalid_token"),
            (403, "license_inactive license_expired license_suspended license_revoked license_key_replaced"),
            (403, "version_not_covered feature_not_licensed instance_released instance_deactivated instance_blocked"),
            (403, "enrolment_token_invalid insufficient_scope"),
            (404, "license_not_found instance_not_found local_server_not_found not_found"),
            (405, "method_not_allowed"),
            (
                409,
                "seats_exhausted devices_exhausted instance_stale instance_conflict bundle_out_of_order release_conflict",
            ),
            (413, "payload_too_large"),
            (415, "unsupported_media_type"),
            (422, "identity_kind_mismatch"),
            (429, "rate_limited"),
            (500, "server_error"),
            (503, "delegation_expired not_ready"),
        ] {
            for code in codes.split(' ') {
                assert_eq!(Code::parse(code).map(Code::status), Some(status), "{code}");
            }
        }
        assert_eq!(Code::ALL.len(), 37);
    }

    #[test]
    fn only_what_is_about_license_seat_instance_or_version_is_a_refusal() {
        assert!(Code::SeatsExhausted.is_refusal() && Code::LicenseRevoked.is_refusal());
        assert!(Code::VersionNotCovered.is_refusal() && Code::InstanceStale.is_refusal());
        assert!(!Code::RateLimited.is_refusal() && !Code::NotFound.is_refusal());
        assert!(!Code::InvalidRequest.is_refusal() && !Code::NotReady.is_refusal());
    }

    #[test]
    fn a_problem_survives_the_wire_and_a_later_servers_code_is_kept_as_text() {
        let problem = Problem::of(Code::LicenseInactive).at_origin("https://x.example").with_reason("past_due");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "https://x.example/docs/api#license_inactive");
        assert!(json.get("holders").is_none());
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
        let later: Problem = serde_json::from_str(r#"{"title":"T","status":418,"code":"teapot","extra":{}}"#).unwrap();
        assert_eq!((later.code(), later.code.as_str()), (None, "teapot"));
    }
}
