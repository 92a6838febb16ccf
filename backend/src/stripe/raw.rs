//! Calls for which the client library has no type enabled: answered as JSON, of which callers read the little they need.

use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{IdempotencyKey, Stripe, StripeError};

impl Stripe {
    /// `GET /v1/{path}`.
    pub(super) async fn look(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, format!("/{path}"));
        request.query = Some(form(query));
        read(request.customize::<miniserde::json::Value>().send(&self.0.transport).await?)
    }

    /// `POST /v1/{path}`.
    pub(super) async fn post(
        &self,
        key: &IdempotencyKey,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Post, format!("/{path}"));
        request.body = Some(form(parameters));
        let request = request.customize::<miniserde::json::Value>().request_strategy(key.strategy());
        read(request.send(&self.0.transport).await?)
    }

    /// `DELETE /v1/{path}`.
    pub(super) async fn remove(&self, path: &str) -> Result<(), StripeError> {
        let request = RequestBuilder::new(StripeMethod::Delete, format!("/{path}"));
        request.customize::<miniserde::json::Value>().send(&self.0.transport).await.map(drop)
    }
}

fn read(answer: miniserde::json::Value) -> Result<Value, StripeError> {
    serde_json::from_str(&miniserde::json::to_string(&answer)).map_err(StripeError::unreadable)
}

/// `application/x-www-form-urlencoded`; names are ours and need no escapes.
fn form(parameters: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn whatever_a_value_holds_stays_one_value() {
        assert_eq!(
            form(&[("name", "A&B=C é"), ("items[0][price]", "price_1")]),
            "name=A%26B%3DC%20%C3%A9&items[0][price]=price_1"
        );
        assert_eq!(form(&[]), "");
    }
}
