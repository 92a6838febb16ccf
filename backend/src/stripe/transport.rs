//! How requests reach Stripe: one pooled HTTP client, a time limit, and retries that cannot act twice.
//!
//! Every POST carries an idempotency key. Callers derive it from our own ids, so that the same business
//! step always has the same key, also after a crash; a retry repeats it, and Stripe answers a repeated
//! key with the first answer (<https://docs.stripe.com/api/idempotent_requests>).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use stripe_client_core::{CustomizedStripeRequest, RequestBuilder, StripeClient, StripeMethod, VERSION};
use zeroize::Zeroizing;

use super::StripeError;
use crate::cx::Entropy;

const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often one call is sent at most. A person may be waiting: with the pauses below that is about 2 s
/// of patience on top of the answers themselves.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE_MS: u64 = 150;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");

/// The HTTP client of one vendor's Stripe account.
pub(super) struct Transport {
    http: reqwest::Client,
    base: String,
    secret_key: Zeroizing<String>,
    entropy: Entropy,
}

impl Transport {
    pub(super) fn new(base: &str, secret_key: Zeroizing<String>, entropy: Entropy) -> Result<Self, StripeError> {
        let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(StripeError::unreachable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(8)
            .user_agent(concat!("leasehold/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(StripeError::unreachable)?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), secret_key, entropy })
    }

    async fn attempt(&self, request: &RequestBuilder, key: Option<&str>) -> Attempt {
        let url = match &request.query {
            Some(query) if !query.is_empty() => format!("{}/v1{}?{query}", self.base, request.path),
            _ => format!("{}/v1{}", self.base, request.path),
        };
        let mut call = match request.method {
            StripeMethod::Get => self.http.get(url),
            StripeMethod::Post => self.http.post(url),
            StripeMethod::Delete => self.http.delete(url),
        }
        .bearer_auth(self.secret_key.as_str())
        .header(&STRIPE_VERSION, VERSION.as_str());
        if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
            call = call.header(&IDEMPOTENCY_KEY, key);
        }
        if let Some(body) = &request.body {
            call = call.header("content-type", "application/x-www-form-urlencoded").body(in_order(body));
        }
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => return Attempt::Retry(StripeError::unreachable(error.without_url())),
        };
        let status = answer.status().as_u16();
        let request_id = text(answer.headers(), "request-id");
        let should_retry = text(answer.headers(), "stripe-should-retry");
        let body = match answer.bytes().await {
            Ok(body) => body,
            Err(error) => return Attempt::Retry(StripeError::unreachable(error.without_url())),
        };
        let path = &request.path;
        if (200..300).contains(&status) {
            tracing::debug!(status, request_id, path, "Stripe answered");
            return Attempt::Done(Ok(body));
        }
        let error = StripeError::from_answer(status, request_id, &body);
        tracing::info!(status, request_id = error.request_id, code = error.code, path, "Stripe refused");
        // Stripe's own word goes first; without it, the statuses that its documentation calls transient.
        let again = match should_retry.as_deref() {
            Some("true") => true,
            Some("false") => false,
            _ => matches!(status, 409 | 424 | 429 | 500..=504),
        };
        if again { Attempt::Retry(error) } else { Attempt::Done(Err(error)) }
    }

    /// Doubling pauses with full jitter, so that processes that failed together do not return together.
    fn pause(&self, attempt: u32) -> Duration {
        let ceiling = FIRST_PAUSE_MS << attempt;
        Duration::from_millis(ceiling / 2 + u64::from_le_bytes(self.entropy.bytes()) % (ceiling / 2 + 1))
    }
}

/// The parameters in the order of their names. Metadata comes out of a hash map in any order, and a key that comes
/// again has to come with the same body. Elements of lists carry their index in their name.
fn in_order(body: &str) -> String {
    let mut parameters: Vec<&str> = body.split('&').collect();
    parameters.sort_by_key(|parameter| parameter.split('=').next());
    parameters.join("&")
}

enum Attempt {
    Done(Result<Bytes, StripeError>),
    Retry(StripeError),
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

impl StripeClient for Transport {
    type Err = StripeError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, StripeError> {
        let (request, settings) = request.into_pieces();
        let key = settings.request_strategy.and_then(|strategy| strategy.get_key());
        // A POST without a key could act twice, so it is sent once.
        let attempts = if key.is_some() || matches!(request.method, StripeMethod::Get) { ATTEMPTS } else { 1 };
        let mut attempt = 0;
        loop {
            match self.attempt(&request, key.as_ref().map(|key| key.as_str())).await {
                Attempt::Done(result) => return result,
                Attempt::Retry(error) if attempt + 1 >= attempts => return Err(error),
                Attempt::Retry(_) => tokio::time::sleep(self.pause(attempt)).await,
            }
            attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn the_same_parameters_make_the_same_body_whatever_order_they_come_in() {
        let body = "metadata[a]=1&items[1][price]=p&items[0][price]=q&metadata[b]=2";
        assert_eq!(in_order(body), in_order("metadata[b]=2&items[1][price]=p&items[0][price]=q&metadata[a]=1"));
        assert_eq!(
            in_order("expand[]=b&expand[]=a"),
            "expand[]=b&expand[]=a",
            "a list without indices keeps its order"
        );
        assert_eq!(in_order(""), "");
    }
}
