//! The sandbox from outside: over HTTP, with a browser's forms, a webhook receiver and a clock that tests move.

#![expect(clippy::unwrap_used, reason = "tests")]

mod billing;
mod cards;
mod checkout;
mod clocks;
mod front;
mod money_back;
mod pricing;
mod state;
mod taxes;
mod transfers;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use serde_json::Value;
use stripe_sandbox::{Config, Running, start};

/// The secret of the receiver's endpoint.
const SECRET: &str = "whsec_receiver";

/// One received webhook: signature header and exact bytes.
type Received = Arc<Mutex<Vec<(String, Bytes)>>>;

/// A running sandbox with a receiver and a clock that stands at 2027-01-31T12:00:00Z.
struct Shop {
    running: Running,
    http: reqwest::Client,
    received: Received,
    clock: tempfile::NamedTempFile,
}

impl Shop {
    async fn open() -> Self {
        let received = Received::default();
        let router = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&received));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(clock.path(), "2027-01-31T12:00:00Z").unwrap();
        let config = Config {
            webhook: Some((hook, SECRET.to_owned())),
            clock: Some(clock.path().to_owned()),
            ..Config::default()
        };
        let http = plain_http();
        Self { running: start(config).await.unwrap(), http, received, clock }
    }

    fn at(&self, instant: &str) {
        std::fs::write(self.clock.path(), instant).unwrap();
    }

    /// A POST that succeeds.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.try_post(path, form).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A POST with whatever comes back.
    async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(format!("{}/v1/{path}", self.running.url)).bearer_auth("sk_test_shop").form(form);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A GET that succeeds.
    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/v1/{path}", self.running.url)).bearer_auth("sk_test_shop");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// A DELETE that succeeds.
    async fn delete(&self, path: &str) -> Value {
        let request = self.http.delete(format!("{}/v1/{path}", self.running.url)).bearer_auth("sk_test_shop");
        request.send().await.unwrap().json().await.unwrap()
    }

    /// A form sent by the browser: status and where it leads.
    async fn browse(&self, url: &str, form: &[(&str, &str)]) -> (u16, String) {
        let response = self.http.post(url).form(form).send().await.unwrap();
        let location = response.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
        (response.status().as_u16(), location.unwrap_or_default())
    }

    /// A call to the control API.
    async fn control(&self, what: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/_sandbox/{what}", self.running.url)).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// A price of the shop's one product.
    async fn price(&self, key: &str, amount: i64, every: Option<&str>) -> String {
        let products = self.get("products").await;
        let product = match products["data"].as_array().unwrap().first() {
            Some(product) => id(product),
            None => id(&self.post("products", &[("name", "IoT Platform")]).await),
        };
        let amount = amount.to_string();
        let mut form =
            vec![("product", product.as_str()), ("currency", "usd"), ("unit_amount", &amount), ("lookup_key", key)];
        form.extend(every.map(|every| ("recurring[interval]", every)));
        id(&self.post("prices", &form).await)
    }

    /// A customer in a country with a card as default.
    async fn customer(&self, country: &str, card: &str) -> String {
        let customer =
            id(&self.post("customers", &[("email", "jo@acme.example"), ("address[country]", country)]).await);
        let method = id(&self.post(&format!("payment_methods/{card}/attach"), &[("customer", &customer)]).await);
        self.post(&format!("customers/{customer}"), &[("invoice_settings[default_payment_method]", &method)]).await;
        customer
    }

    /// A subscription paid by the customer's default card.
    async fn subscription(&self, customer: &str, price: &str) -> Value {
        let form = [("customer", customer), ("items[0][price]", price), ("metadata[order]", "ord_1")];
        self.post("subscriptions", &form).await
    }

    /// Types of all events, oldest first.
    async fn event_types(&self) -> Vec<String> {
        let events = self.get("events?limit=100").await;
        events["data"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What the receiver has got once `enough` holds; panics after five seconds.
    async fn received_until(&self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        for _ in 0..500 {
            let events: Vec<Value> =
                self.received.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
            if enough(&events) {
                return events;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the receiver did not get what was expected");
    }
}

async fn receive(State(received): State<Received>, headers: HeaderMap, body: Bytes) {
    let signature = headers.get("stripe-signature").unwrap().to_str().unwrap().to_owned();
    received.lock().unwrap().push((signature, body));
}

/// A browser without a proxy that follows no redirect.
fn plain_http() -> reqwest::Client {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}
