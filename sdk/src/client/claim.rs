//! Getting a license key from a browser: the device flow of RFC 8628, for products without a place to type a key.

use std::time::Duration;

use super::{
    builder::Config,
    failure::{ClientError, Failure, Trouble},
    transport::Transport,
};
use crate::{
    error::{Code, Problem},
    license_key::LicenseKey,
    wire::{ClaimPollRequest, ClaimPollResponse, ClaimStartRequest, ClaimStartResponse, Secret},
};

/// What `slow_down` adds to the interval (RFC 8628 §3.5).
const SLOWER_BY: Duration = Duration::from_secs(5);
/// Longest interval that makes sense for someone who waits.
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);

/// A code that waits for somebody to confirm it in the portal.
#[derive(Debug)]
pub struct Claim {
    /// What the person types or compares, as in `WDJB-MJHT`.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// The same with the code filled in, for a link or a QR code.
    pub verification_uri_complete: String,
    server: String,
    device_code: Secret,
    interval: Duration,
    ends_at: Duration,
}

/// What a poll found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimProgress {
    /// Nobody has confirmed yet.
    Pending {
        /// Wait at least this long before the next poll.
        ask_again_in: Duration,
    },
    /// The key of the license that the person chose. Keep it where the product keeps its configuration, and
    /// [activate](super::Client::activate) with it.
    Granted(LicenseKey),
}

impl Claim {
    /// Time between two polls; it grows when the server asks for it.
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

pub(super) async fn start(config: &Config, transport: &Transport) -> Result<Claim, ClientError> {
    let request = ClaimStartRequest {
        product: config.product.clone(),
        version: config.version.clone(),
        identity: config.identity.clone(),
    };
    let mut trouble = Trouble::new("no server is configured");
    for server in &config.servers {
        match transport.post::<_, ClaimStartResponse>(server, "claims/start", &request).await {
            Ok(answer) => {
                let lasts = Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0));
                let interval = Duration::from_secs(u64::try_from(answer.interval).unwrap_or(0).max(1));
                return Ok(Claim {
                    user_code: answer.user_code,
                    verification_uri: answer.verification_uri,
                    verification_uri_complete: answer.verification_uri_complete,
                    server: server.clone(),
                    device_code: answer.device_code,
                    interval: interval.min(LONGEST_INTERVAL),
                    ends_at: config.clock.monotonic().saturating_add(lasts),
                });
            }
            Err(Failure::Refused(problem)) => return Err(ClientError::Refused(problem)),
            Err(Failure::Trouble(met)) => trouble = met,
        }
    }
    Err(trouble.into_error())
}

pub(super) async fn poll(
    config: &Config,
    transport: &Transport,
    claim: &mut Claim,
) -> Result<ClaimProgress, ClientError> {
    let request = ClaimPollRequest { device_code: claim.device_code.clone() };
    let trouble = match transport.post::<_, ClaimPollResponse>(&claim.server, "claims/poll", &request).await {
        Ok(answer) => {
            return LicenseKey::parse(answer.license_key.expose())
                .map(ClaimProgress::Granted)
                .map_err(|error| ClientError::Unavailable(format!("the answer is malformed: {error}")));
        }
        Err(Failure::Refused(problem)) => return Err(ClientError::Refused(problem)),
        Err(Failure::Trouble(trouble)) => trouble,
    };
    match trouble.problem.as_ref().and_then(|problem| problem.code()) {
        Some(Code::AuthorizationPending) => {}
        Some(Code::SlowDown) => claim.interval = (claim.interval + SLOWER_BY).min(LONGEST_INTERVAL),
        Some(Code::ExpiredToken | Code::AccessDenied) => {
            let problem = trouble.problem.unwrap_or_else(|| Box::new(Problem::of(Code::ExpiredToken)));
            return Err(ClientError::ClaimEnded(problem));
        }
        _ if config.clock.monotonic() >= claim.ends_at => {
            return Err(ClientError::ClaimEnded(Box::new(Problem::of(Code::ExpiredToken))));
        }
        // RFC 8628 §3.5: whoever meets network trouble asks less often.
        _ => claim.interval = (claim.interval * 2).min(LONGEST_INTERVAL),
    }
    let asked = Duration::from_secs(trouble.retry_after_s.unwrap_or(0)).min(LONGEST_INTERVAL);
    Ok(ClaimProgress::Pending { ask_again_in: claim.interval.max(asked) })
}

pub(super) async fn wait(config: &Config, transport: &Transport, mut claim: Claim) -> Result<LicenseKey, ClientError> {
    let mut pause = claim.interval;
    loop {
        tokio::time::sleep(pause).await;
        match poll(config, transport, &mut claim).await? {
            ClaimProgress::Granted(key) => return Ok(key),
            ClaimProgress::Pending { ask_again_in } => pause = ask_again_in,
        }
    }
}
