//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use jiff::civil::Date;

/// A small IoT platform that is sold under a license.
#[derive(Debug, Parser)]
#[command(name = "demo_product")]
pub(super) struct Args {
    /// License server.
    #[arg(long, env = "LEASEHOLD_SERVER", default_value = "http://127.0.0.1:3000")]
    pub(super) server: String,
    /// License key.
    #[arg(long, env = "LEASEHOLD_LICENSE_KEY", hide_env_values = true)]
    pub(super) key: String,
    /// Product code.
    #[arg(long, default_value = "iot-platform")]
    pub(super) product: String,
    /// Stable name of this installation.
    #[arg(long, default_value = "node-a")]
    pub(super) instance_id: String,
    /// Version that this build claims to be.
    #[arg(long, default_value = "4.2.1")]
    pub(super) version: String,
    /// Day on which that version was published, YYYY-MM-DD.
    #[arg(long)]
    pub(super) released_on: Option<Date>,
    /// Devices to create at the start, as far as the license allows.
    #[arg(long, default_value_t = 0)]
    pub(super) devices: u32,
    /// Folder for what is kept over restarts.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Trust bundle of the vendor as JSON: {"iss": …, "keys": […]}.
    #[arg(long)]
    pub(super) trust: Option<PathBuf>,
    /// The vendor's public origin, where it is not the server's URL. Only without --trust.
    #[arg(long)]
    pub(super) issuer: Option<String>,
    /// Offer status and commands over HTTP at this loopback address.
    #[arg(long)]
    pub(super) control: Option<SocketAddr>,
}

impl Args {
    /// One folder per instance: two on one data file would be refused.
    pub(super) fn data_folder(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from("data/demo-product").join(&self.instance_id))
    }
}
