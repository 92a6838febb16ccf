//! Putting a client together.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::civil::Date;

use super::{
    Client,
    clock::{Clock, SystemClock},
    data_file::{DataFile, Kept},
    session::Session,
    transport::Transport,
};
use crate::{
    trust::TrustBundle,
    wire::{Identity, InvalidMember, validate_name},
};

/// What a client needs to know; see [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    servers: Vec<String>,
    product: Option<String>,
    version: Option<String>,
    released_on: Option<Date>,
    identity: Option<Identity>,
    trust: Option<TrustBundle>,
    data_file: Option<PathBuf>,
    features: Vec<String>,
    ca_pem: Vec<u8>,
    proxy: Option<String>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A required part is missing.
    #[error("the client needs {0}")]
    Missing(&'static str),
    /// A part is not allowed.
    #[error(transparent)]
    Invalid(#[from] InvalidMember),
    /// A server that is no http(s) URL.
    #[error("{0} is not the URL of a server, as in https://licenses.example.com")]
    Server(String),
    /// Another process uses the data file; every instance needs its own.
    #[error("the data file {} is in use by another process; give every instance its own", path.display())]
    DataFileInUse {
        /// The file.
        path: PathBuf,
    },
    /// The data file or its folder cannot be used.
    #[error("the data file {} cannot be used: {why}", path.display())]
    DataFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The additional certificates are not PEM certificates.
    #[error("the certificates cannot be used: {0}")]
    Certificate(String),
    /// The proxy is no URL.
    #[error("the proxy cannot be used: {0}")]
    Proxy(String),
    /// The HTTP client did not start.
    #[error("HTTP cannot be used: {0}")]
    Http(String),
}

/// The parts that stay as they were built.
pub(super) struct Config {
    pub(super) servers: Vec<String>,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) released_on: Option<Date>,
    pub(super) identity: Identity,
    pub(super) trust: TrustBundle,
    pub(super) features: Vec<String>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            product: None,
            version: None,
            released_on: None,
            identity: None,
            trust: None,
            data_file: None,
            features: Vec::new(),
            ca_pem: Vec::new(),
            proxy: None,
            timeout: Duration::from_secs(20),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl ClientBuilder {
    /// The license server, as in `https://licenses.example.com`. Required.
    pub fn server(self, url: impl Into<String>) -> Self {
        self.servers([url])
    }

    /// Several license servers in order of preference, such as a local one and the vendor's. A later one is asked when
    /// an earlier one cannot be reached, has no free seat or does not know the license. Two of them never hold a seat
    /// for this instance: the one that granted it is asked alone until the seat is given back or refused, or, where it
    /// is a floating one, until it has lapsed. The data file keeps one credential per server.
    ///
    /// When the server that holds the seat is taken off the list, the seat is given back there first, if it answers.
    pub fn servers<S: Into<String>>(mut self, urls: impl IntoIterator<Item = S>) -> Self {
        self.servers.extend(urls.into_iter().map(|url| url.into().trim_end_matches('/').to_owned()));
        self
    }

    /// Product code. Required.
    pub fn product(mut self, code: impl Into<String>) -> Self {
        self.product = Some(code.into());
        self
    }

    /// Version of this build. Required.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Day on which this build was published; perpetual licenses need it.
    pub fn released_on(mut self, day: Date) -> Self {
        self.released_on = Some(day);
        self
    }

    /// Who takes the seat. Required.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The vendor's issuer and keys, built into the product. Required.
    pub fn trust(mut self, bundle: TrustBundle) -> Self {
        self.trust = Some(bundle);
        self
    }

    /// Where lease and credential are kept over restarts, one file per instance. Without it, the seat is taken up
    /// again with the key at each start, and there is no grace at a start without the server.
    pub fn data_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_file = Some(path.into());
        self
    }

    /// A feature without which the product does not run: activation is refused when the license lacks it.
    pub fn require_feature(mut self, name: impl Into<String>) -> Self {
        self.features.push(name.into());
        self
    }

    /// Certificates of authorities to trust besides the public ones, as PEM.
    pub fn extra_ca_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca_pem.extend_from_slice(pem.as_ref());
        self.ca_pem.push(b'\n');
        self
    }

    /// An HTTP proxy for all requests. Without it `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Longest time for one request; 20 s unless told.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another clock than the system's, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the client: locks and reads the data file, asks nobody. [`Client::status`] works from here on, and
    /// [`Client::activate`] begins to talk to the server.
    ///
    /// # Errors
    /// When a part is missing or not allowed, or when another process uses the data file.
    pub fn build(self) -> Result<Client, BuildError> {
        if self.servers.is_empty() {
            return Err(BuildError::Missing("a server"));
        }
        if let Some(bad) = self.servers.iter().find(|url| !is_server_url(url)) {
            return Err(BuildError::Server(bad.clone()));
        }
        let config = Config {
            servers: self.servers,
            product: self.product.ok_or(BuildError::Missing("a product code"))?,
            version: self.version.ok_or(BuildError::Missing("a version"))?,
            released_on: self.released_on,
            identity: self.identity.ok_or(BuildError::Missing("an identity"))?,
            trust: self.trust.ok_or(BuildError::Missing("a trust bundle"))?,
            features: self.features,
            clock: self.clock,
        };
        validate_name("product", &config.product)?;
        validate_name("version", &config.version)?;
        config.identity.validate()?;
        let transport = Transport::new(&self.ca_pem, self.proxy.as_deref(), self.timeout)?;
        let (file, kept, warning) = match &self.data_file {
            None => (None, Kept::default(), None),
            Some(path) => {
                let (file, kept, warning) = DataFile::open(path)?;
                (Some(file), kept, warning)
            }
        };
        let config = Arc::new(config);
        let usage = Arc::new(Mutex::default());
        let session = Session::new(Arc::clone(&config), transport.clone(), file, kept, warning, Arc::clone(&usage));
        Ok(Client::new(session, config, transport, usage))
    }
}

fn is_server_url(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|parsed| {
        matches!(parsed.scheme(), "http" | "https") && parsed.host().is_some() && parsed.query().is_none()
    })
}
