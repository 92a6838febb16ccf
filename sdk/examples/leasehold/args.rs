//! The command line.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use jiff::civil::Date;
use sdk::{client::Client, wire::Identity};

/// Activates, checks, shows and releases a license.
///
/// Ends with 0 when the product may run, 1 on an error of this program or machine, 2 on a wrong command line, 3 when the
/// server refused, 4 when no server could decide and no earlier lease is good, 5 when nothing is activated here, and 6
/// when enforcement has gone beyond a warning.
#[derive(Debug, Parser)]
#[command(name = "leasehold")]
pub(crate) struct Args {
    /// License server; several in order of preference, separated by commas.
    #[arg(long, env = "LEASEHOLD_SERVER", value_delimiter = ',', default_value = "http://127.0.0.1:3000")]
    server: Vec<String>,
    /// Product code.
    #[arg(long, env = "LEASEHOLD_PRODUCT", default_value = "iot-platform")]
    product: String,
    /// Version of the product that is to run.
    #[arg(long, env = "LEASEHOLD_PRODUCT_VERSION", default_value = "4.2.1")]
    product_version: String,
    /// Day on which that version was published, YYYY-MM-DD; perpetual licenses need it.
    #[arg(long, value_name = "DAY")]
    released_on: Option<Date>,
    /// Stable name of this installation.
    #[arg(long, env = "LEASEHOLD_INSTANCE", default_value = "cli", group = "holder")]
    instance: String,
    /// Stable name of this machine, for licenses by machine.
    #[arg(long, group = "holder")]
    machine: Option<String>,
    /// The user, for licenses by user; needs --device.
    #[arg(long, group = "holder", requires = "device")]
    user: Option<String>,
    /// Stable name of the user's device.
    #[arg(long, requires = "user")]
    device: Option<String>,
    /// Folder for what is kept between calls: one per holder.
    #[arg(long, env = "LEASEHOLD_DATA_DIR", value_name = "FOLDER", default_value = "data/leasehold")]
    data_dir: PathBuf,
    /// Trust bundle of the vendor as JSON: {"iss": …, "keys": […]}.
    #[arg(long, env = "LEASEHOLD_TRUST", value_name = "FILE")]
    trust: PathBuf,
    /// HTTP proxy; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Certificates of authorities to trust besides the public ones, as PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print the status as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a seat with a license key, and keep the key for later calls.
    Activate {
        /// The license key.
        #[arg(env = "LEASEHOLD_LICENSE_KEY", hide_env_values = true)]
        key: String,
    },
    /// Confirm the license with the server and renew the lease.
    Check,
    /// Show the license as this machine knows it, without the network.
    Show,
    /// Give the seat back.
    Release,
    /// Keep a floating seat for use without the network.
    Borrow {
        /// For how many days.
        days: u16,
    },
    /// Get a license key by confirming a code in a browser, and activate with it.
    Claim,
}

impl Args {
    pub(crate) fn folder(&self) -> PathBuf {
        let holder = self.machine.as_deref().or(self.user.as_deref()).unwrap_or(&self.instance);
        self.data_dir.join(holder.replace(['/', '\\'], "_"))
    }

    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let identity = match (&self.machine, &self.user, &self.device) {
            (Some(machine), _, _) => Identity::machine(machine),
            (_, Some(user), Some(device)) => Identity::user(user, device),
            _ => Identity::instance(&self.instance),
        };
        let trust = fs::read_to_string(&self.trust).with_context(|| self.trust.display().to_string())?;
        let mut builder = Client::builder()
            .servers(&self.server)
            .product(&self.product)
            .version(&self.product_version)
            .identity(identity)
            .data_file(self.folder().join("license.json"))
            .trust(serde_json::from_str(&trust).with_context(|| self.trust.display().to_string())?);
        if let Some(day) = self.released_on {
            builder = builder.released_on(day);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy);
        }
        if let Some(ca) = &self.ca {
            builder = builder.extra_ca_pem(fs::read(ca).with_context(|| ca.display().to_string())?);
        }
        Ok(builder.build()?)
    }
}
