//! Configuration: the compiled-in [`DEFAULTS`], overridden by a file, overridden by the environment.
//!
//! `default.toml` is the documentation and the list of settings: what it does not have does not exist, and
//! the type of a setting is the type of its default. Files and environment are laid over it in
//! [`layers`]; secrets are read from their files in [`Config::load`] and redact themselves ([`Secret`]).

mod layers;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use app::api::limits::{Rate, Rates};
use backend::db::Synchronous;
use backend::leases::live::Settings;
use serde::{Deserialize, Serialize};

pub(crate) use secret::Secret;

/// The commented default configuration.
pub(crate) const DEFAULTS: &str = include_str!("default.toml");

/// The configuration file that counts where none is named, in the program's folder.
const FILE: &str = "leasehold.toml";

/// Why the configuration cannot be used: one sentence that says what to change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(pub(crate) String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// All settings. What they mean is said in `default.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) licensing: Licensing,
    pub(crate) limits: Limits,
    pub(crate) stripe: Stripe,
    pub(crate) mail: Mail,
    pub(crate) log: Log,
}

/// `[server]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    pub(crate) public_origin: String,
    pub(crate) site_root: PathBuf,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) drain_s: u64,
}

/// `[database]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Secret,
    pub(crate) url_file: String,
    pub(crate) max_connections: u32,
    pub(crate) synchronous: SynchronousSetting,
    pub(crate) migrate_on_start: bool,
}

/// `database.synchronous`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SynchronousSetting {
    Full,
    Normal,
}

impl From<SynchronousSetting> for Synchronous {
    fn from(setting: SynchronousSetting) -> Self {
        match setting {
            SynchronousSetting::Full => Self::Full,
            SynchronousSetting::Normal => Self::Normal,
        }
    }
}

/// `[keys]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    pub(crate) master_key: Secret,
    pub(crate) master_key_file: String,
    pub(crate) other_master_keys: Secret,
    pub(crate) other_master_key_files: Vec<PathBuf>,
    pub(crate) create: bool,
}

/// `[licensing]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Licensing {
    pub(crate) coalesce_ms: u64,
    pub(crate) instances_in_memory: usize,
}

impl Licensing {
    /// As the table in memory takes them.
    pub(crate) fn settings(&self) -> Settings {
        Settings { coalesce: Duration::from_millis(self.coalesce_ms), capacity: self.instances_in_memory }
    }
}

/// `[limits]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) instance_per_s: u32,
    pub(crate) instance_burst: u32,
    pub(crate) key_per_s: u32,
    pub(crate) key_burst: u32,
    pub(crate) license_per_s: u32,
    pub(crate) license_burst: u32,
    pub(crate) failures_per_s: u32,
    pub(crate) failures_burst: u32,
    pub(crate) token_per_s: u32,
    pub(crate) token_burst: u32,
}

impl Limits {
    /// As the APIs take them.
    pub(crate) fn rates(&self) -> Rates {
        Rates {
            instance: Rate { per_s: self.instance_per_s, burst: self.instance_burst },
            key: Rate { per_s: self.key_per_s, burst: self.key_burst },
            license: Rate { per_s: self.license_per_s, burst: self.license_burst },
            failures: Rate { per_s: self.failures_per_s, burst: self.failures_burst },
            token: Rate { per_s: self.token_per_s, burst: self.token_burst },
        }
    }
}

/// `[stripe]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stripe {
    pub(crate) mode: StripeMode,
    pub(crate) api_base: String,
    pub(crate) secret_key: Secret,
    pub(crate) secret_key_file: String,
    pub(crate) webhook_secret: Secret,
    pub(crate) webhook_secret_file: String,
    pub(crate) checkout_origin: String,
    pub(crate) vendors: BTreeMap<String, VendorStripe>,
}

/// `[stripe.vendors.CODE]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VendorStripe {
    pub(crate) secret_key: Secret,
    pub(crate) secret_key_file: String,
    pub(crate) webhook_secret: Secret,
    pub(crate) webhook_secret_file: String,
}

/// `stripe.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StripeMode {
    Sandbox,
    Live,
}

/// `[mail]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    pub(crate) transport: MailTransport,
    pub(crate) directory: PathBuf,
    pub(crate) from: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: MailTls,
    pub(crate) username: String,
    pub(crate) password: Secret,
    pub(crate) password_file: String,
    pub(crate) vendors: BTreeMap<String, VendorMail>,
}

/// `[mail.vendors.CODE]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VendorMail {
    pub(crate) from: String,
}

/// `mail.transport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailTransport {
    File,
    Smtp,
}

/// `mail.tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailTls {
    Starttls,
    Tls,
    None,
}

/// `[log]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// `log.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

impl Config {
    /// Lays the file and the environment over the defaults and reads the secrets' files. `environment` may
    /// hold anything; only names that begin with `LEASEHOLD__` are looked at.
    ///
    /// # Errors
    /// [`ConfigError`], for the first thing that is wrong.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut settings = layers::defaults()?;
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError(format!("{} cannot be read: {error}.", path.display())))?;
            layers::lay_file(&mut settings, &text, &path.display().to_string())?;
        }
        layers::lay_environment(&mut settings, environment)?;
        let mut config: Self = serde_path_error(settings)?;
        config.database.url.fill_from_file(&config.database.url_file, "database.url_file", true)?;
        let stripe = &mut config.stripe;
        stripe.secret_key.fill_from_file(&stripe.secret_key_file, "stripe.secret_key_file", false)?;
        stripe.webhook_secret.fill_from_file(&stripe.webhook_secret_file, "stripe.webhook_secret_file", false)?;
        for (code, account) in &mut stripe.vendors {
            let named = |setting: &str| format!("stripe.vendors.{code}.{setting}");
            account.secret_key.fill_from_file(&account.secret_key_file, &named("secret_key_file"), false)?;
            account.webhook_secret.fill_from_file(
                &account.webhook_secret_file,
                &named("webhook_secret_file"),
                false,
            )?;
        }
        config.mail.password.fill_from_file(&config.mail.password_file, "mail.password_file", false)?;
        config.check()?;
        Ok(config)
    }

    /// Loads the file that is named, else `leasehold.toml` in the program's folder where there is one, and answers which it
    /// was. The site is looked for from the program's folder on, so that the folder that the build makes runs from anywhere.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn load_beside(
        program: Option<&Path>,
        named: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Option<PathBuf>), ConfigError> {
        let beside = program.map(|folder| folder.join(FILE)).filter(|file| file.is_file());
        let file = named.map(Path::to_owned).or(beside);
        let mut config = Self::load(file.as_deref(), environment)?;
        if let Some(folder) = program {
            // A path that is absolute stays what it is.
            config.server.site_root = folder.join(&config.server.site_root);
        }
        Ok((config, file))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |sentence: &str| Err(ConfigError(sentence.to_owned()));
        if !backend::catalog::is_origin(&self.server.public_origin) {
            return refuse(
                "server.public_origin must be an origin such as https://licenses.example.com: no path, and http only \
                 on this machine.",
            );
        }
        if self.database.max_connections == 0 {
            return refuse("database.max_connections must be at least 1.");
        }
        if self.licensing.coalesce_ms > 1000 {
            return refuse("licensing.coalesce_ms must be at most 1000.");
        }
        if !self.keys.master_key.is_empty() && !self.keys.master_key_file.is_empty() {
            return refuse("Set keys.master_key or keys.master_key_file, not both.");
        }
        if !self.stripe.vendors.is_empty() && !self.stripe.secret_key.is_empty() {
            return refuse(
                "Set stripe.secret_key where there is one vendor, or stripe.vendors where there are several, not both: \
                 a vendor that is not named would sell on somebody else's account.",
            );
        }
        let mut keys = BTreeMap::new();
        for (code, account) in self.stripe.vendors.iter().filter(|(_, account)| !account.secret_key.is_empty()) {
            if let Some(other) = keys.insert(account.secret_key.reveal(), code) {
                return refuse(&format!(
                    "stripe.vendors.{other} and stripe.vendors.{code} have the same secret key: each vendor needs an \
                     account of its own, or one would take the other's customers and events for its own."
                ));
            }
        }
        let mail = &self.mail;
        if mail.transport == MailTransport::Smtp && mail.host.is_empty() {
            return refuse("mail.transport is smtp, so mail.host must name the SMTP server.");
        }
        if mail.username.is_empty() != mail.password.is_empty() {
            return refuse("mail.username and mail.password belong together: set both or neither.");
        }
        if mail.tls == MailTls::None && mail.transport == MailTransport::Smtp && !is_loopback(&mail.host) {
            return refuse("mail.tls is none, which is allowed only for a mail server on this machine.");
        }
        Ok(())
    }

    /// Whether people reach the portal through TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.server.public_origin.starts_with("https://")
    }

    /// All settings in force, as TOML, secrets redacted.
    pub(crate) fn show(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Values of the right type can still be wrong ("listen" is no address): the setting is named.
fn serde_path_error(settings: toml::Table) -> Result<Config, ConfigError> {
    for (section, values) in &settings {
        let Some(values) = values.as_table() else { continue };
        for (name, value) in values {
            // Judged one by one, each amid the defaults, which are known to be right.
            let mut alone = layers::defaults()?;
            if let Some(toml::Value::Table(table)) = alone.get_mut(section) {
                table.insert(name.clone(), value.clone());
            }
            if let Err(error) = alone.try_into::<Config>() {
                let reason = error.message().trim_end_matches(['\n', '.']).to_owned();
                return Err(ConfigError(format!("{section}.{name} cannot be {value}: {reason}.")));
            }
        }
    }
    settings.try_into().map_err(|error| ConfigError(error.message().to_owned()))
}
