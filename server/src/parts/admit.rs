//! Whether there may be one more vendor, asked in the transaction that makes it.

use anyhow::{Result, anyhow};
use backend::db::{DbError, Tx};
use backend::text::en::vendor_hosts as hosts;
use backend::vendors::{check_host, lock_hosts};

use super::stripe::refuse_sharing;
use crate::config::Config;

/// The host name that a new vendor of this code gets, where it can be reached and shares no account at Stripe. Until the
/// transaction ends nobody makes another vendor, or gives one another name.
pub(crate) async fn admit_vendor(
    tx: &mut Tx,
    config: &Config,
    code: &str,
    host: Option<&str>,
) -> Result<Option<String>> {
    let vendors = lock_hosts(tx).await?;
    refuse_sharing(config, &vendors, code)?;
    check_host(host, &vendors).map_err(|problem| anyhow!("{}", hosts::problem(&problem)))
}

/// Whether a uniqueness rule of the database was broken.
pub(crate) fn is_duplicate(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DbError>().is_some_and(DbError::is_duplicate)
}
