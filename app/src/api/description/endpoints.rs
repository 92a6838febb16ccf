//! Every endpoint: address, shapes, what it refuses with.

use schemars::{Schema, SchemaGenerator};
use sdk::error::Code;
use sdk::jwk::JwkSet;
use sdk::key_set::KeyChain;
use sdk::trust::TrustBundle;
use sdk::wire::{
    ActivateRequest, CheckRequest, ClaimPollRequest, ClaimPollResponse, ClaimStartRequest, ClaimStartResponse,
    DeactivateRequest, DeactivateResponse, InstancesRequest, InstancesResponse, LeaseResponse, ReleaseRequest,
    ReleaseResponse,
};
use serde_json::Value;

use super::examples;

/// How an endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With a JSON object.
    Post,
    /// Plain HTTP.
    Get,
}

impl Method {
    /// As it stands in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}

/// Makes a type's schema, and leaves those that it refers to in the generator.
pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What a success carries.
#[derive(Clone, Copy)]
pub enum Answer {
    /// JSON of this type.
    Json {
        /// Media type.
        media_type: &'static str,
        /// Its schema.
        schema: MakeSchema,
        /// One.
        example: fn() -> Value,
    },
    /// Text of this media type.
    Text {
        /// Media type.
        media_type: &'static str,
        /// One.
        example: &'static str,
    },
}

/// One endpoint.
pub struct Endpoint {
    /// Its operation id in the OpenAPI document, and its anchor on the page.
    pub id: &'static str,
    /// How it is called.
    pub method: Method,
    /// Its address.
    pub path: &'static str,
    /// What is sent, where something is.
    pub request: Option<(MakeSchema, fn() -> Value)>,
    /// What a success carries.
    pub answer: Answer,
    /// Whether a success bears an entity tag, by which whoever has it already is answered 304.
    pub is_tagged: bool,
    /// What it refuses with beside what every call can be refused with; see [`Endpoint::codes`].
    own_codes: &'static [Code],
}

/// What every POST can be refused with: `not_found` where the host that was asked names no vendor.
const ANY_POST: [Code; 7] = [
    Code::InvalidRequest,
    Code::NotFound,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::RateLimited,
    Code::ServerError,
    Code::NotReady,
];

/// The same of every GET of the APIs.
const ANY_GET: [Code; 3] = [Code::NotFound, Code::ServerError, Code::NotReady];

impl Endpoint {
    /// What it can be refused with, in the order of the table.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        let any: &[Code] = match self.method {
            Method::Post => &ANY_POST,
            Method::Get if self.is_of_the_process() => &[],
            Method::Get => &ANY_GET,
        };
        let has = |code: &Code| any.contains(code) || self.own_codes.contains(code);
        Code::ALL.iter().copied().filter(has).collect()
    }

    /// Whether it asks for the process, which answers in a line of text, and not for one of its vendors.
    fn is_of_the_process(&self) -> bool {
        !self.path.starts_with("/api/") && !self.path.starts_with("/.well-known/")
    }
}

const JSON: &str = "application/json";

/// All endpoints, in the order in which a product comes to need them.
pub static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        id: "licenses-activate",
        method: Method::Post,
        path: "/api/v1/licenses/activate",
        request: Some((|schemas| schemas.subschema_for::<ActivateRequest>(), examples::activate)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<LeaseResponse>(),
            example: examples::leased,
        },
        is_tagged: false,
        own_codes: &[
            Code::LicenseInactive,
            Code::LicenseExpired,
            Code::LicenseSuspended,
            Code::LicenseRevoked,
            Code::LicenseKeyReplaced,
            Code::VersionNotCovered,
            Code::FeatureNotLicensed,
            Code::InstanceDeactivated,
            Code::InstanceBlocked,
            Code::LicenseNotFound,
            Code::SeatsExhausted,
            Code::DevicesExhausted,
            Code::InstanceConflict,
            Code::IdentityKindMismatch,
        ],
    },
    Endpoint {
        id: "licenses-check",
        method: Method::Post,
        path: "/api/v1/licenses/check",
        request: Some((|schemas| schemas.subschema_for::<CheckRequest>(), examples::check)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<LeaseResponse>(),
            example: examples::leased,
        },
        is_tagged: false,
        own_codes: &[
            Code::InvalidSecret,
            Code::LicenseInactive,
            Code::LicenseExpired,
            Code::LicenseSuspended,
            Code::LicenseRevoked,
            Code::VersionNotCovered,
            Code::InstanceReleased,
            Code::InstanceDeactivated,
            Code::InstanceBlocked,
            Code::InstanceNotFound,
            Code::SeatsExhausted,
            Code::DevicesExhausted,
            Code::InstanceStale,
        ],
    },
    Endpoint {
        id: "licenses-release",
        method: Method::Post,
        path: "/api/v1/licenses/release",
        request: Some((|schemas| schemas.subschema_for::<ReleaseRequest>(), examples::release)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<ReleaseResponse>(),
            example: examples::released,
        },
        is_tagged: false,
        own_codes: &[Code::InvalidSecret, Code::InstanceNotFound, Code::InstanceStale],
    },
    Endpoint {
        id: "licenses-instances",
        method: Method::Post,
        path: "/api/v1/licenses/instances",
        request: Some((|schemas| schemas.subschema_for::<InstancesRequest>(), examples::instances)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<InstancesResponse>(),
            example: examples::holders,
        },
        is_tagged: false,
        own_codes: &[
            Code::InvalidSecret,
            Code::LicenseKeyReplaced,
            Code::InstanceReleased,
            Code::InstanceDeactivated,
            Code::InstanceBlocked,
            Code::LicenseNotFound,
            Code::InstanceNotFound,
            Code::InstanceStale,
        ],
    },
    Endpoint {
        id: "licenses-deactivate",
        method: Method::Post,
        path: "/api/v1/licenses/deactivate",
        request: Some((|schemas| schemas.subschema_for::<DeactivateRequest>(), examples::deactivate)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<DeactivateResponse>(),
            example: examples::deactivated,
        },
        is_tagged: false,
        own_codes: &[
            Code::InvalidSecret,
            Code::LicenseKeyReplaced,
            Code::InstanceReleased,
            Code::InstanceDeactivated,
            Code::InstanceBlocked,
            Code::LicenseNotFound,
            Code::InstanceNotFound,
            Code::InstanceStale,
        ],
    },
    Endpoint {
        id: "claims-start",
        method: Method::Post,
        path: "/api/v1/claims/start",
        request: Some((|schemas| schemas.subschema_for::<ClaimStartRequest>(), examples::claim_start)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<ClaimStartResponse>(),
            example: examples::claim_started,
        },
        is_tagged: false,
        own_codes: &[],
    },
    Endpoint {
        id: "claims-poll",
        method: Method::Post,
        path: "/api/v1/claims/poll",
        request: Some((|schemas| schemas.subschema_for::<ClaimPollRequest>(), examples::claim_poll)),
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<ClaimPollResponse>(),
            example: examples::claimed,
        },
        is_tagged: false,
        own_codes: &[Code::AuthorizationPending, Code::SlowDown, Code::ExpiredToken, Code::AccessDenied],
    },
    Endpoint {
        id: "jwks",
        method: Method::Get,
        path: "/.well-known/jwks.json",
        request: None,
        answer: Answer::Json {
            media_type: "application/jwk-set+json",
            schema: |schemas| schemas.subschema_for::<JwkSet>(),
            example: examples::jwks,
        },
        is_tagged: true,
        own_codes: &[],
    },
    Endpoint {
        id: "trust-bundle",
        method: Method::Get,
        path: "/.well-known/trust.json",
        request: None,
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<TrustBundle>(),
            example: examples::trust_bundle,
        },
        is_tagged: true,
        own_codes: &[],
    },
    Endpoint {
        id: "key-sets",
        method: Method::Get,
        path: "/.well-known/keys.json",
        request: None,
        answer: Answer::Json {
            media_type: JSON,
            schema: |schemas| schemas.subschema_for::<KeyChain>(),
            example: examples::key_sets,
        },
        is_tagged: true,
        own_codes: &[],
    },
    Endpoint {
        id: "revocations",
        method: Method::Get,
        path: "/api/v1/revocations",
        request: None,
        answer: Answer::Text { media_type: "application/jose", example: examples::TOKEN },
        is_tagged: true,
        own_codes: &[],
    },
    Endpoint {
        id: "openapi",
        method: Method::Get,
        path: "/api/openapi.json",
        request: None,
        answer: Answer::Json {
            media_type: JSON,
            schema: |_| schemars::json_schema!({ "type": "object", "required": ["openapi", "info", "paths"] }),
            example: examples::openapi,
        },
        is_tagged: false,
        own_codes: &[],
    },
    Endpoint {
        id: "healthz",
        method: Method::Get,
        path: "/healthz",
        request: None,
        answer: Answer::Text { media_type: "text/plain; charset=utf-8", example: "alive\n" },
        is_tagged: false,
        own_codes: &[],
    },
    Endpoint {
        id: "readyz",
        method: Method::Get,
        path: "/readyz",
        request: None,
        answer: Answer::Text { media_type: "text/plain; charset=utf-8", example: "ready\n" },
        is_tagged: false,
        own_codes: &[],
    },
];
