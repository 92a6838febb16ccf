//! A license server of one license with one seat, honest about secrets and nonces, which can be told to misbehave.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    error::{Code, PROBLEM_JSON, Problem},
    jwk::{self, PublicJwk},
    lease::{self, EnforcementPolicy, EnforcementStep, LeaseClaims, LicenseType, Stage},
    trust::TrustBundle,
    wire::{Identity, Nonce},
};

/// What the server does instead of answering properly, once each.
#[derive(Debug, Clone)]
pub(super) enum Misdeed {
    /// Acts on the request, but the answer does not arrive.
    LoseReply,
    /// Answers a bare status, without acting.
    Status(u16),
    /// 429 with `Retry-After`.
    RateLimit(u64),
    /// Refuses.
    Refuse(Code),
    /// A proxy's page.
    ProxyPage(u16),
    /// 200 with something else.
    Garbage,
    /// Acts, and signs the lease with a stranger's key.
    ForgeLease,
    /// Acts, and answers with a lease over another nonce.
    ReplayLease,
}

pub(super) struct Inner {
    pub(super) misdeeds: VecDeque<Misdeed>,
    /// Every request: endpoint and body.
    pub(super) requests: Vec<(String, Value)>,
    /// The server's clock, Unix seconds.
    pub(super) now: i64,
    pub(super) devices: i64,
    pub(super) updates_until: Option<i64>,
    epoch: u64,
    shown: u64,
    activation_nonce: Option<String>,
    check_nonce: Option<String>,
    /// Presented the stored secret again with another nonce: a copy is about.
    pub(super) forks: u32,
    pub(super) state: Option<Code>,
}

#[derive(Clone)]
pub(super) struct FakeServer {
    pub(super) url: String,
    inner: Arc<Mutex<Inner>>,
}

pub(super) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(super) fn trust() -> TrustBundle {
    TrustBundle { iss: "https://vendor.example".into(), keys: vec![PublicJwk::of(&signing_key().verifying_key())] }
}

impl FakeServer {
    pub(super) async fn start(now: i64) -> anyhow::Result<Self> {
        let inner = Inner {
            misdeeds: VecDeque::new(),
            requests: Vec::new(),
            now,
            devices: 10,
            updates_until: None,
            epoch: 0,
            shown: 0,
            activation_nonce: None,
            check_nonce: None,
            forks: 0,
            state: None,
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = Self { url, inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new().fallback(handle).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(server)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn will(&self, misdeeds: impl IntoIterator<Item = Misdeed>) {
        self.lock().misdeeds.extend(misdeeds);
    }

    pub(super) fn endpoints(&self) -> Vec<String> {
        self.lock().requests.iter().map(|(endpoint, _)| endpoint.clone()).collect()
    }

    pub(super) fn count(&self, endpoint: &str) -> usize {
        self.endpoints().iter().filter(|asked| *asked == endpoint).count()
    }

    pub(super) fn last_body(&self) -> Value {
        self.lock().requests.last().map(|(_, body)| body.clone()).unwrap_or_default()
    }
}

fn refuse(code: Code) -> Response {
    let problem = Problem::of(code).with_request_id("req_1");
    let status = StatusCode::from_u16(code.status()).unwrap_or_default();
    (status, [("content-type", PROBLEM_JSON)], json!(problem).to_string()).into_response()
}

async fn handle(State(server): State<FakeServer>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let endpoint = uri.path().trim_start_matches("/api/v1/").to_owned();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let mut inner = server.lock();
    inner.requests.push((endpoint.clone(), body.clone()));
    if headers.get("content-type").is_none_or(|t| t != "application/json") {
        return refuse(Code::UnsupportedMediaType);
    }
    let misdeed = inner.misdeeds.pop_front();
    match &misdeed {
        Some(Misdeed::Status(status)) => return StatusCode::from_u16(*status).unwrap_or_default().into_response(),
        Some(Misdeed::RateLimit(seconds)) => {
            let mut response = refuse(Code::RateLimited);
            response.headers_mut().insert("retry-after", (*seconds).into());
            return response;
        }
        Some(Misdeed::Refuse(code)) => return refuse(*code),
        Some(Misdeed::ProxyPage(status)) => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            return (status, [("content-type", "text/html")], "<h1>Blocked by your proxy</h1>").into_response();
        }
        Some(Misdeed::Garbage) => return ([("content-type", "application/json")], "{\"lease\":").into_response(),
        _ => {}
    }
    let response = inner.act(&endpoint, &body, misdeed.as_ref());
    if matches!(misdeed, Some(Misdeed::LoseReply)) { StatusCode::BAD_GATEWAY.into_response() } else { response }
}

impl Inner {
    fn act(&mut self, endpoint: &str, body: &Value, misdeed: Option<&Misdeed>) -> Response {
        let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
        match endpoint {
            "licenses/activate" => {
                if let Some(code) = self.state.filter(|code| *code == Code::InstanceBlocked) {
                    return refuse(code);
                }
                if self.activation_nonce.as_ref() != Some(&nonce) {
                    self.epoch += 1;
                    self.shown = 0;
                    self.check_nonce = None;
                    self.activation_nonce = Some(nonce.clone());
                }
                self.state = None;
                self.grant(body, &nonce, misdeed)
            }
            "licenses/check" => {
                let secret = body["secret"].as_str().unwrap_or_default();
                let Some((epoch, n)) =
                    secret.split_once('.').and_then(|(e, n)| Some((e.parse().ok()?, n.parse().ok()?)))
                else {
                    return refuse(Code::InvalidSecret);
                };
                if let Some(code) = self.state {
                    return refuse(code);
                }
                if (epoch, n) < (self.epoch, self.shown) {
                    return refuse(Code::InstanceStale);
                }
                if (epoch, n) == (self.epoch, self.shown) && self.check_nonce.as_ref().is_some_and(|c| *c != nonce) {
                    self.forks += 1;
                }
                (self.epoch, self.shown, self.check_nonce) = (epoch, n, Some(nonce.clone()));
                self.grant(body, &nonce, misdeed)
            }
            "licenses/release" => {
                self.state = Some(Code::InstanceReleased);
                let free_at = Timestamp::from_second(self.now).unwrap_or_default();
                axum::Json(json!({"released": true, "free_at": free_at})).into_response()
            }
            _ => refuse(Code::NotFound),
        }
    }

    fn grant(&self, body: &Value, nonce: &str, misdeed: Option<&Misdeed>) -> Response {
        let identity =
            serde_json::from_value(body["identity"].clone()).unwrap_or_else(|_| Identity::instance("node-a"));
        let nonce = if matches!(misdeed, Some(Misdeed::ReplayLease)) { "another-request-1" } else { nonce };
        let steps = [(Stage::Warn, 0), (Stage::BlockNew, 3600), (Stage::Stop, 86_400)];
        let steps: Vec<_> = steps.map(|(stage, after_s)| EnforcementStep { stage, after_s }).into();
        let claims = LeaseClaims {
            ver: 1,
            iss: "https://vendor.example".into(),
            aud: "iot-platform".into(),
            sub: "ins_1".into(),
            jti: format!("lse_{}", self.requests.len()),
            iat: self.now,
            nbf: self.now,
            exp: self.now + 600,
            nonce: Nonce::parse(nonce).ok(),
            lic: "lic_1".into(),
            lty: LicenseType::Floating,
            pln: "pilot".into(),
            idn: identity,
            lim: [("devices".to_owned(), self.devices)].into(),
            fea: [("sso".to_owned(), None)].into(),
            seats: 1,
            upd: self.updates_until,
            enf: EnforcementPolicy::try_from(steps).unwrap_or_default(),
            chk: 180,
            brw: false,
        };
        let stranger = SigningKey::from_bytes(&[2; 32]);
        let key = if matches!(misdeed, Some(Misdeed::ForgeLease)) { stranger } else { signing_key() };
        let kid = jwk::thumbprint(&signing_key().verifying_key());
        axum::Json(json!({
            "instance_id": "ins_1", "license_id": "lic_1", "secret": format!("{}.{}", self.epoch, self.shown + 1),
            "lease": lease::sign(&claims, &key, &kid), "check_after_s": 180,
            "plan": {"code": "pilot", "name": "Pilot", "limits": {"devices": self.devices}, "features": {"sso": null},
                     "seats": 1, "usage_signals": true},
            "server_time": Timestamp::from_second(self.now).unwrap_or_default(), "notices": [],
        }))
        .into_response()
    }
}
