//! A license server of one license with one seat, whose clock is moved by hand: honest about secrets and nonces, which can be told to misbehave.

use std::{
    collections::{BTreeMap, VecDeque},
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
    license_key::LicenseKey,
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
    pub(super) features: BTreeMap<String, Option<i64>>,
    pub(super) license_type: LicenseType,
    /// Seconds that an ordinary lease lasts.
    pub(super) life_s: i64,
    /// Longest borrowed lease, in seconds.
    pub(super) max_borrow_s: i64,
    pub(super) usage_signals: bool,
    /// The key that it signs with.
    pub(super) key: SigningKey,
    /// The delegation under which it signs, where it is a local license server.
    pub(super) delegation: Option<String>,
    /// What activate and check answer as `keys`.
    pub(super) key_sets: Vec<String>,
    /// What `GET /api/v1/revocations` answers.
    pub(super) revocations: Option<String>,
    pub(super) revocations_read: u32,
    /// What polls of a claim are refused with before it is granted.
    pub(super) claim_refusals: VecDeque<Code>,
    /// The seat is held for the client until then, Unix seconds.
    pub(super) held_until: i64,
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
    TrustBundle {
        iss: "https://vendor.example".into(),
        keys: vec![PublicJwk::of(&signing_key().verifying_key())],
        seq: 0,
    }
}

/// What it tells applications to do while checks fail.
pub(super) fn policy() -> EnforcementPolicy {
    let steps = [(Stage::Warn, 0), (Stage::BlockNew, 3600), (Stage::Stop, 86_400)];
    let steps: Vec<_> = steps.map(|(stage, after_s)| EnforcementStep { stage, after_s }).into();
    EnforcementPolicy::try_from(steps).unwrap_or_default()
}

impl FakeServer {
    pub(super) async fn start(now: i64) -> anyhow::Result<Self> {
        let inner = Inner {
            misdeeds: VecDeque::new(),
            requests: Vec::new(),
            now,
            devices: 10,
            updates_until: None,
            features: [("sso".to_owned(), None)].into(),
            license_type: LicenseType::Floating,
            life_s: 600,
            max_borrow_s: 7 * 86_400,
            usage_signals: true,
            key: signing_key(),
            delegation: None,
            key_sets: Vec::new(),
            revocations: None,
            revocations_read: 0,
            claim_refusals: VecDeque::new(),
            held_until: 0,
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
    if endpoint == "revocations" {
        inner.revocations_read += 1;
        return inner.revocations.clone().map_or(refuse(Code::NotFound), |list| list.into_response());
    }
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
        // Whoever holds a seat is never told that there is none.
        Some(Misdeed::Refuse(Code::SeatsExhausted)) if inner.now < inner.held_until => {}
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
                self.held_until = 0;
                let free_at = Timestamp::from_second(self.now).unwrap_or_default();
                axum::Json(json!({"released": true, "free_at": free_at})).into_response()
            }
            "claims/start" => axum::Json(json!({
                "device_code": "device-code-device-code", "user_code": "WDJB-MJHT", "interval": 5, "expires_in": 900,
                "verification_uri": "https://vendor.example/claim",
                "verification_uri_complete": "https://vendor.example/claim/WDJB-MJHT",
            }))
            .into_response(),
            "claims/poll" => match self.claim_refusals.pop_front() {
                Some(code) => refuse(code),
                None => axum::Json(json!({"license_key": LicenseKey::from_random([5; 17]).expose()})).into_response(),
            },
            _ => refuse(Code::NotFound),
        }
    }

    fn grant(&mut self, body: &Value, nonce: &str, misdeed: Option<&Misdeed>) -> Response {
        let identity =
            serde_json::from_value(body["identity"].clone()).unwrap_or_else(|_| Identity::instance("node-a"));
        let nonce = if matches!(misdeed, Some(Misdeed::ReplayLease)) { "another-request-1" } else { nonce };
        let borrow_s = body["borrow_s"].as_i64().unwrap_or(0).min(self.max_borrow_s);
        let borrowed = borrow_s > self.life_s && self.license_type == LicenseType::Floating;
        let life_s = if borrowed { borrow_s } else { self.life_s };
        self.held_until = self.held_until.max(self.now + life_s + 60);
        let claims = LeaseClaims {
            ver: 1,
            iss: "https://vendor.example".into(),
            aud: "iot-platform".into(),
            sub: "ins_1".into(),
            jti: format!("lse_{}", self.requests.len()),
            iat: self.now,
            nbf: self.now,
            exp: self.now + life_s,
            nonce: Nonce::parse(nonce).ok(),
            lic: "lic_1".into(),
            lty: self.license_type,
            pln: "pilot".into(),
            idn: identity,
            lim: [("devices".to_owned(), self.devices)].into(),
            fea: self.features.clone(),
            seats: 1,
            upd: self.updates_until,
            enf: policy(),
            chk: 180,
            brw: borrowed,
        };
        let stranger = SigningKey::from_bytes(&[2; 32]);
        let key = if matches!(misdeed, Some(Misdeed::ForgeLease)) { stranger } else { self.key.clone() };
        let kid = jwk::thumbprint(&self.key.verifying_key());
        let token = match &self.delegation {
            Some(delegation) => lease::sign_delegated(&claims, &key, &kid, delegation),
            None => lease::sign(&claims, &key, &kid),
        };
        axum::Json(json!({
            "instance_id": "ins_1", "license_id": "lic_1", "secret": format!("{}.{}", self.epoch, self.shown + 1),
            "lease": token, "check_after_s": 180,
            "plan": {"code": "pilot", "name": "Pilot", "limits": {"devices": self.devices}, "features": {"sso": null},
                     "seats": 1, "usage_signals": self.usage_signals},
            "server_time": Timestamp::from_second(self.now).unwrap_or_default(), "notices": [],
            "keys": self.key_sets,
        }))
        .into_response()
    }
}
