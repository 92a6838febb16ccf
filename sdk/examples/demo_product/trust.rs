//! Whom the product trusts.

use std::{fs, path::Path};

use anyhow::Context as _;
use sdk::{jwk::JwkSet, trust::TrustBundle};

use super::args::Args;

/// The bundle of `--trust`, or, for development, the server's own keys, fetched once and pinned in the data folder.
///
/// A product that is sold builds its bundle in. One that believes whatever keys its server shows can be licensed by
/// anybody's server.
pub(super) async fn load(args: &Args, folder: &Path) -> anyhow::Result<TrustBundle> {
    let pinned = folder.join("trust.json");
    if let Some(path) = args.trust.as_deref().or_else(|| pinned.exists().then_some(pinned.as_path())) {
        let text = fs::read_to_string(path).with_context(|| format!("the trust bundle {}", path.display()))?;
        return serde_json::from_str(&text).with_context(|| format!("the trust bundle {}", path.display()));
    }
    let server = args.server.trim_end_matches('/');
    let url = format!("{server}/.well-known/jwks.json");
    println!("trust: DEVELOPMENT ONLY: no --trust FILE is given, so the keys of {url} are fetched once and pinned.");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = reqwest::get(&url).await.and_then(reqwest::Response::error_for_status);
    let keys: JwkSet = response.with_context(|| url.clone())?.json().await.with_context(|| url.clone())?;
    let issuer = args.issuer.clone().unwrap_or_else(|| server.to_owned());
    let bundle = TrustBundle::new(issuer, keys);
    fs::write(&pinned, serde_json::to_vec_pretty(&bundle)?).with_context(|| pinned.display().to_string())?;
    println!("trust: pinned in {}; delete that file to fetch again.", pinned.display());
    Ok(bundle)
}
