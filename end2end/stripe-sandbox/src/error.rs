//! Stripe's error object: <https://docs.stripe.com/api/errors>.

use serde_json::{Map, Value, json};

/// A refusal as Stripe words it: HTTP status plus the members of `error`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<Box<str>>,
    pub(crate) param: Option<Box<str>>,
    pub(crate) message: String,
    pub(crate) decline_code: Option<Box<str>>,
    /// Further members of `error`, such as the payment intent of a declined payment.
    pub(crate) more: Map<String, Value>,
    /// Whether the endpoint had begun to execute: only then is the answer kept for its idempotency key.
    pub(crate) executed: bool,
}

/// What every endpoint answers.
pub(crate) type Answer = Result<Value, ApiError>;

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            param: None,
            message: message.into(),
            decline_code: None,
            more: Map::new(),
            executed: true,
        }
    }

    /// 400 `invalid_request_error`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// 401: no key, or a key this sandbox does not take.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self { executed: false, ..Self::new(401, "invalid_request_error", message) }
    }

    /// 400 `parameter_unknown`, the way Stripe refuses what it does not know.
    pub(crate) fn unknown_parameter(param: &str) -> Self {
        Self { executed: false, ..Self::invalid(format!("Received unknown parameter: {param}")) }
            .with_code("parameter_unknown")
            .with_param(param)
    }

    /// 400 `parameter_missing`.
    pub(crate) fn missing(param: &str) -> Self {
        Self { executed: false, ..Self::invalid(format!("Missing required param: {param}.")) }
            .with_code("parameter_missing")
            .with_param(param)
    }

    /// 400 `resource_missing` for a referenced object; 404 where the object is the URL's (see [`Self::not_found`]).
    pub(crate) fn no_such(kind: &str, id: &str, param: &str) -> Self {
        Self::invalid(format!("No such {kind}: '{id}'")).with_code("resource_missing").with_param(param)
    }

    /// 404 `resource_missing` for the object that the URL names.
    pub(crate) fn not_found(kind: &str, id: &str) -> Self {
        Self { status: 404, ..Self::no_such(kind, id, "id") }
    }

    /// 404 for a route that Stripe has not, or that this sandbox has not.
    pub(crate) fn unrecognized(method: &str, path: &str) -> Self {
        Self {
            executed: false,
            ..Self::new(
                404,
                "invalid_request_error",
                format!("Unrecognized request URL ({method}: {path}). The sandbox does not know this endpoint."),
            )
        }
    }

    /// 400 `idempotency_error`: the key was used with other parameters.
    pub(crate) fn idempotency_mismatch(key: &str) -> Self {
        Self {
            executed: false,
            ..Self::new(
                400,
                "idempotency_error",
                format!(
                    "Keys for idempotent requests can only be used with the same parameters they were first used \
                     with. Try using a key other than '{key}' if you meant to execute a different request."
                ),
            )
        }
    }

    /// 409 `idempotency_key_in_use`: the first request with this key is still running.
    pub(crate) fn idempotency_in_use(key: &str) -> Self {
        Self {
            executed: false,
            ..Self::new(
                409,
                "idempotency_error",
                format!("There is currently another in-progress request using this Idempotent Key ('{key}')."),
            )
        }
        .with_code("idempotency_key_in_use")
    }

    /// 402 `card_error` with the code that the card network gave.
    pub(crate) fn card(code: &str, decline_code: Option<&str>, message: &str) -> Self {
        Self { decline_code: decline_code.map(Into::into), ..Self::new(402, "card_error", message).with_code(code) }
    }

    /// 429 as chaos asks for it.
    pub(crate) fn rate_limited() -> Self {
        Self {
            executed: false,
            ..Self::new(429, "invalid_request_error", "Request rate limit exceeded.").with_code("rate_limit")
        }
    }

    /// 500 as chaos asks for it.
    pub(crate) fn server_error() -> Self {
        Self { executed: false, ..Self::new(500, "api_error", "An unknown error occurred") }
    }

    pub(crate) fn with_code(mut self, code: &str) -> Self {
        self.code = Some(code.into());
        self
    }

    pub(crate) fn with_param(mut self, param: &str) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn with(mut self, member: &str, value: Value) -> Self {
        self.more.insert(member.to_owned(), value);
        self
    }

    /// The `error` member alone, as it also appears in `last_payment_error`.
    pub(crate) fn object(&self) -> Value {
        let mut error = self.more.clone();
        error.insert("type".into(), json!(self.kind));
        error.insert("message".into(), json!(self.message));
        for (member, value) in [("code", &self.code), ("param", &self.param), ("decline_code", &self.decline_code)] {
            if let Some(value) = value {
                error.insert(member.into(), json!(value));
            }
        }
        if let Some(code) = &self.code {
            error.insert(
                "doc_url".into(),
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"))),
            );
        }
        Value::Object(error)
    }

    /// The whole response body.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.object() })
    }
}
