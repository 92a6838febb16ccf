//! What can go wrong when Stripe is asked, sorted by what a caller can do about it.

use std::fmt::Display;

use serde::Deserialize;
use stripe_client_core::StripeClientErr;

/// What kind of failure it was: decides whether to tell the buyer, try again, or look at the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripeErrorKind {
    /// The bank or the card said no; `decline_code` says why. For the buyer.
    Declined,
    /// The request was wrong or no longer possible (a session that is complete, a subscription that is over).
    Refused,
    /// No such object with this key.
    NotFound,
    /// The key is wrong or lacks a permission. For the operator.
    Authentication,
    /// The same idempotency key came with other parameters: a bug of ours.
    IdempotencyMismatch,
    /// Rate limit, failure on Stripe's side, or no connection, after all retries. Later may help.
    Unavailable,
    /// Stripe said that it worked, but the answer cannot be read. The same call with the same key, or
    /// fetching the object, tells what happened.
    OutcomeUnknown,
}

/// Stripe's refusal or failure, with what support needs to find it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Stripe: {message} (status {status:?}, code {code:?}, request {request_id:?})")]
pub struct StripeError {
    /// What kind of failure it was.
    pub kind: StripeErrorKind,
    /// The answer's HTTP status; none without an answer.
    pub status: Option<u16>,
    /// Stripe's code, for example `resource_missing` (<https://docs.stripe.com/error-codes>).
    pub code: Option<String>,
    /// Why a card was declined (<https://docs.stripe.com/declines/codes>).
    pub decline_code: Option<String>,
    /// Stripe's sentence, for logs.
    pub message: String,
    /// Stripe's id of the request.
    pub request_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorObject,
}

#[derive(Deserialize)]
struct ErrorObject {
    #[serde(rename = "type", default)]
    error_type: String,
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

impl StripeError {
    /// From an answer that is not 2xx. A body that is not Stripe's error object (a proxy's page) keeps its
    /// status and request id.
    pub(super) fn from_answer(status: u16, request_id: Option<String>, body: &[u8]) -> Self {
        let error = serde_json::from_slice::<ErrorBody>(body).ok().map(|body| body.error);
        let kind = match (status, error.as_ref().map_or("", |error| error.error_type.as_str())) {
            (_, "idempotency_error") => StripeErrorKind::IdempotencyMismatch,
            (_, "card_error") | (402, _) => StripeErrorKind::Declined,
            (401 | 403, _) => StripeErrorKind::Authentication,
            (404, _) => StripeErrorKind::NotFound,
            (408 | 409 | 424 | 429 | 500.., _) => StripeErrorKind::Unavailable,
            _ => StripeErrorKind::Refused,
        };
        let (code, decline_code, message) =
            error.map_or((None, None, None), |error| (error.code, error.decline_code, error.message));
        Self {
            kind,
            status: Some(status),
            code,
            decline_code,
            message: message.unwrap_or_else(|| "the answer holds no error object".to_owned()),
            request_id,
        }
    }

    pub(super) fn unreachable(reason: impl Display) -> Self {
        Self::without_answer(StripeErrorKind::Unavailable, reason)
    }

    pub(super) fn unreadable(reason: impl Display) -> Self {
        Self::without_answer(StripeErrorKind::OutcomeUnknown, reason)
    }

    fn without_answer(kind: StripeErrorKind, reason: impl Display) -> Self {
        Self { kind, status: None, code: None, decline_code: None, message: reason.to_string(), request_id: None }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self.kind, StripeErrorKind::Unavailable | StripeErrorKind::OutcomeUnknown)
    }
}

impl StripeClientErr for StripeError {
    fn deserialize_err(reason: impl Display) -> Self {
        Self::unreadable(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_sorted_by_what_can_be_done_about_it() {
        let cases: [(u16, &str, StripeErrorKind); 9] = [
            (
                402,
                r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"generic_decline"}}"#,
                StripeErrorKind::Declined,
            ),
            (
                400,
                r#"{"error":{"type":"invalid_request_error","code":"parameter_unknown","message":"no"}}"#,
                StripeErrorKind::Refused,
            ),
            (400, r#"{"error":{"type":"idempotency_error"}}"#, StripeErrorKind::IdempotencyMismatch),
            (401, r#"{"error":{"type":"invalid_request_error"}}"#, StripeErrorKind::Authentication),
            (404, r#"{"error":{"type":"invalid_request_error","code":"resource_missing"}}"#, StripeErrorKind::NotFound),
            (409, "", StripeErrorKind::Unavailable),
            (429, "{}", StripeErrorKind::Unavailable),
            (500, "<html>", StripeErrorKind::Unavailable),
            (503, "", StripeErrorKind::Unavailable),
        ];
        for (status, body, kind) in cases {
            let error = StripeError::from_answer(status, Some("req_1".to_owned()), body.as_bytes());
            assert_eq!(
                (error.kind, error.status, error.request_id.as_deref()),
                (kind, Some(status), Some("req_1")),
                "{body}"
            );
        }
    }
}
