//! HTTP: one request, and what came of it.

use std::{error::Error as _, sync::Arc, time::Duration};

use reqwest::{Response, header, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    BuildError,
    failure::{Failure, Trouble},
};
use crate::{
    error::{Code, PROBLEM_JSON, Problem},
    wire::API_PREFIX,
};

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

#[derive(Clone)]
pub(super) struct Transport {
    http: reqwest::Client,
}

impl Transport {
    /// `ca_pem` are certificates to trust besides the public ones; `proxy` replaces the environment's.
    pub(super) fn new(ca_pem: &[u8], proxy: Option<&str>, timeout: Duration) -> Result<Self, BuildError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in CertificateDer::pem_slice_iter(ca_pem) {
            let certificate = certificate.map_err(|e| BuildError::Certificate(e.to_string()))?;
            roots.add(certificate).map_err(|e| BuildError::Certificate(e.to_string()))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| BuildError::Http(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // The API never redirects; whoever does is something in between and must not get the key.
            .redirect(redirect::Policy::none())
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .timeout(timeout)
            .user_agent(concat!("leasehold-sdk/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|e| BuildError::Proxy(e.to_string()))?);
        }
        Ok(Self { http: builder.build().map_err(|e| BuildError::Http(e.to_string()))? })
    }

    /// Posts `body` to an endpoint such as `licenses/check`.
    pub(super) async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        server: &str,
        endpoint: &str,
        body: &Q,
    ) -> Result<A, Failure> {
        let url = format!("{server}{API_PREFIX}/{endpoint}");
        let response = self.http.post(url).json(body).send().await.map_err(|e| Failure::Trouble(unanswered(&e)))?;
        let status = response.status().as_u16();
        let retry_after_s = retry_after(&response);
        let media_type = media_type(&response);
        let trouble = |why: String| Failure::Trouble(Trouble { retry_after_s, ..Trouble::new(why) });
        let bytes = read(response).await.map_err(trouble)?;
        if status == 200 && media_type == "application/json" {
            return serde_json::from_slice(&bytes).map_err(|e| trouble(format!("the answer is malformed: {e}")));
        }
        let problem = (media_type == PROBLEM_JSON).then(|| serde_json::from_slice::<Problem>(&bytes).ok()).flatten();
        let Some(mut problem) = problem else {
            return Err(trouble(format!("HTTP status {status} without an answer of a license server")));
        };
        problem.retry_after_s = problem.retry_after_s.or(retry_after_s.and_then(|s| i64::try_from(s).ok()));
        // A proxy's own refusal is no refusal of the license: status and code must agree with the table.
        let code = problem.code().filter(|code| code.status() == status);
        if code.is_some_and(Code::is_refusal) {
            return Err(Failure::Refused(Box::new(problem)));
        }
        Err(Failure::Trouble(Trouble {
            retry_after_s: problem.retry_after_s.and_then(|s| u64::try_from(s).ok()),
            without_effect: matches!(code, Some(Code::NotReady | Code::DelegationExpired)),
            why: format!("{} ({})", problem.title, problem.code),
            problem: code.is_some().then(|| Box::new(problem)),
        }))
    }

    /// Gets a document, such as `/api/v1/revocations`, as text.
    pub(super) async fn get(&self, server: &str, path: &str) -> Result<String, Trouble> {
        let response = self.http.get(format!("{server}{path}")).send().await.map_err(|e| unanswered(&e))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(Trouble::new(format!("HTTP status {status}")));
        }
        let bytes = read(response).await.map_err(Trouble::new)?;
        String::from_utf8(bytes).map_err(|_| Trouble::new("the answer is no text"))
    }
}

fn unanswered(error: &reqwest::Error) -> Trouble {
    Trouble { without_effect: error.is_connect() || error.is_builder(), ..Trouble::new(explain(error)) }
}

/// An error with its causes; the outermost one alone says little.
fn explain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn media_type(response: &Response) -> String {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `Retry-After` in seconds; the form with a date is not used by license servers.
fn retry_after(response: &Response) -> Option<u64> {
    response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| explain(&e))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err("the answer is longer than a license server's".into());
        }
    }
    Ok(bytes)
}
